//! The checks on claims, each a pure function of plain data; the time is passed in.

use super::LEEWAY;
use crate::{
    audience::{Audiences, Intended},
    claims::Claims,
    clock::UnixTime,
    reject::TokenFault,
};

/// Requires one of our exact names in `aud`, and no well-known API beside it (RFC 7519 section 4.1.3).
pub(super) fn audience(claims: &Claims, ours: &Audiences) -> Result<(), TokenFault> {
    match ours.judge(claims.audiences()) {
        Intended::ForUs => Ok(()),
        Intended::For(resource) => Err(TokenFault::KnownResource(resource)),
        Intended::ForOthers => Err(TokenFault::WrongAudience),
    }
}

/// Requires `now` to lie between `nbf`, if there is one, and `exp`, each with leeway (RFC 7519 sections 4.1.4, 4.1.5).
pub(super) fn times(claims: &Claims, now: UnixTime) -> Result<(), TokenFault> {
    if now >= claims.expires_at().saturating_add(LEEWAY) {
        return Err(TokenFault::Expired);
    }
    match claims.not_before() {
        Some(from) if now.saturating_add(LEEWAY) < from => Err(TokenFault::NotYetValid),
        _ => Ok(()),
    }
}

/// Refuses tokens that are bound to a key (RFC 7800): taking one as a plain bearer token would undo the binding.
pub(super) fn binding(claims: &Claims) -> Result<(), TokenFault> {
    if claims.is_bound() { Err(TokenFault::ProofOfPossession) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn claims_with(name: &str, value: Value) -> Claims {
        let mut claims = json!({"iss": "i", "aud": "a", "exp": 1_000});
        claims[name] = value;
        Claims::parse(claims.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn times_are_checked_to_the_second_with_leeway_on_both_sides() {
        let cases = [
            ("just before exp + leeway", json!(1_000), Value::Null, 1_059, Ok(())),
            ("at exp + leeway", json!(1_000), Value::Null, 1_060, Err(TokenFault::Expired)),
            ("exp at the end of time", json!(u64::MAX), Value::Null, 5_000, Ok(())),
            ("exp zero", json!(0), Value::Null, 5_000, Err(TokenFault::Expired)),
            ("nbf within leeway", json!(9_000), json!(1_060), 1_000, Ok(())),
            ("nbf past leeway", json!(9_000), json!(1_061), 1_000, Err(TokenFault::NotYetValid)),
            ("nbf at the end of time", json!(9_000), json!(u64::MAX), 1_000, Err(TokenFault::NotYetValid)),
        ];
        for (name, exp, nbf, now, expected) in cases {
            let mut payload = json!({"iss": "i", "aud": "a", "exp": exp, "nbf": nbf});
            payload.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let claims = Claims::parse(payload.to_string().as_bytes()).unwrap();
            assert_eq!(times(&claims, UnixTime::from_secs(now)), expected, "{name}");
        }
    }

    #[test]
    fn a_bound_token_is_refused_whatever_the_binding_says() {
        for cnf in [json!({"jkt": "x"}), json!({}), json!(null), json!("x")] {
            assert_eq!(binding(&claims_with("cnf", cnf.clone())), Err(TokenFault::ProofOfPossession), "{cnf}");
        }
        assert_eq!(binding(&claims_with("other", json!(1))), Ok(()));
    }
}
