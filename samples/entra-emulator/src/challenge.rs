//! Claims challenges: what the tenant asks for, what a client declares, and what a sign-in session has met.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The authentication context that stands for MFA in this tenant.
const MFA_CONTEXT: &str = "c1";

/// The challenge of the tenant's MFA policy.
pub(crate) fn mfa() -> Value {
    json!({"access_token": {"acrs": {"essential": true, "value": MFA_CONTEXT}}})
}

/// The challenge of continuous access evaluation: a session no older than this.
pub(crate) fn continuous(now: i64) -> Value {
    json!({"access_token": {"nbf": {"essential": true, "value": now.to_string()}}})
}

/// The same as a `WWW-Authenticate` header carries it.
pub(crate) fn continuous_base64(now: i64) -> String {
    STANDARD.encode(continuous(now).to_string())
}

/// Which challenges a sign-in session has met; only an authorization request adds to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evaluation {
    pub(crate) mfa: bool,
    pub(crate) continuous: bool,
}

impl Evaluation {
    /// Everything that the tenant can ask for.
    pub(crate) const COMPLETE: Self = Self { mfa: true, continuous: true };

    /// Reads which challenges a `claims` parameter repeats.
    pub(crate) fn of(claims: Option<&str>) -> Self {
        let claims = read(claims);
        let acrs = &claims["access_token"]["acrs"];
        let values = acrs["values"].as_array().into_iter().flatten().chain([&acrs["value"]]);
        let nbf = &claims["access_token"]["nbf"];
        Self { mfa: values.into_iter().any(|value| value == MFA_CONTEXT), continuous: nbf.is_object() }
    }
}

/// Tells whether a `claims` parameter declares the capability `cp1`.
pub(crate) fn declares_cp1(claims: Option<&str>) -> bool {
    let claims = read(claims);
    claims["access_token"]["xms_cc"]["values"].as_array().is_some_and(|values| values.iter().any(|one| one == "cp1"))
}

fn read(claims: Option<&str>) -> Value {
    claims.and_then(|claims| serde_json::from_str(claims).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claims_parameter_meets_only_the_challenge_that_it_repeats() {
        let (mfa, continuous) = (mfa().to_string(), continuous(7).to_string());
        for (name, claims, met) in [
            ("nothing", None, (false, false)),
            ("the MFA challenge", Some(mfa.as_str()), (true, false)),
            ("the session challenge", Some(continuous.as_str()), (false, true)),
            ("capabilities", Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#), (false, false)),
            ("another context", Some(r#"{"access_token":{"acrs":{"value":"c2"}}}"#), (false, false)),
            ("several contexts", Some(r#"{"access_token":{"acrs":{"values":["c2","c1"]}}}"#), (true, false)),
            ("no JSON", Some("c1"), (false, false)),
        ] {
            let found = Evaluation::of(claims);
            assert_eq!((found.mfa, found.continuous), met, "{name}");
        }
    }
}
