//! How the user must have signed in.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use crate::{claims::Claims, clock::UnixTime, config::ConfigError, reject::Rejection, scope::ScopeSet};

/// What is asked of the sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SignIn {
    contexts: BTreeSet<Box<str>>,
    acr: Option<ScopeSet>,
    max_age: Option<Duration>,
}

impl SignIn {
    pub(super) fn add_context(&mut self, id: &str) -> Result<(), ConfigError> {
        let number = id
            .strip_prefix('c')
            .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit()));
        match number.and_then(|digits| digits.parse::<u8>().ok()) {
            Some(1..=99) => {
                self.contexts.insert(id.into());
                Ok(())
            }
            _ => Err(ConfigError::AuthenticationContext { given: id.to_owned() }),
        }
    }

    pub(super) fn set_acr(&mut self, values: ScopeSet) {
        self.acr = Some(values);
    }

    pub(super) const fn set_max_age(&mut self, age: Duration) {
        self.max_age = Some(age);
    }

    pub(super) fn judge(&self, claims: &Claims, now: impl FnOnce() -> UnixTime) -> Result<(), Rejection> {
        if let Some(lacking) =
            self.contexts.iter().find(|id| !claims.authentication_contexts().any(|held| held == &***id))
        {
            // The form of Entra's claims request; `essential`, so that Entra does not issue a token without it.
            let claims = json!({"access_token": {"acrs": {"essential": true, "value": lacking}}});
            return Err(Rejection::StepUp { claims: claims.to_string() });
        }
        let weak = self
            .acr
            .as_ref()
            .is_some_and(|values| !claims.authentication_class().is_some_and(|acr| values.contains(acr)));
        let old = self.max_age.is_some_and(|age| !is_within(claims, age, now()));
        match weak || old {
            true => Err(Rejection::Authentication { acr_values: self.acr.clone(), max_age: self.max_age }),
            false => Ok(()),
        }
    }
}

fn is_within(claims: &Claims, age: Duration, now: UnixTime) -> bool {
    claims.signed_in_at().is_some_and(|at| now <= at.saturating_add(age))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const NOW: u64 = 10_000;

    fn judged(sign_in: &SignIn, name: &str, value: Value) -> &'static str {
        let payload = json!({"iss": "i", "aud": "a", "exp": 1, name: value});
        let claims = Claims::parse(payload.to_string().as_bytes()).unwrap();
        sign_in.judge(&claims, || UnixTime::from_secs(NOW)).map_or_else(|why| why.reason(), |()| "passes")
    }

    #[test]
    fn contexts_have_the_names_that_conditional_access_gives() {
        for (id, good) in [("c1", true), ("c99", true), ("c0", false), ("c100", false), ("c01", false), ("C1", false)] {
            assert_eq!(SignIn::default().add_context(id).is_ok(), good, "{id}");
        }
        for id in ["", "c", "1", "c+1", "c1 ", "c1\"}"] {
            assert!(SignIn::default().add_context(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_context_is_there_whole_or_not_at_all() {
        let mut sign_in = SignIn::default();
        sign_in.add_context("c1").unwrap();
        for (value, expected) in [
            (json!(["c2", "c1"]), "passes"),
            (json!("c1"), "passes"),
            (json!(["c11"]), "step_up"),
            (json!("c1 c2"), "step_up"),
            (json!([["c1"]]), "step_up"),
            (json!({"c1": true}), "step_up"),
            (json!([]), "step_up"),
            (Value::Null, "step_up"),
        ] {
            assert_eq!(judged(&sign_in, "acrs", value.clone()), expected, "{value}");
        }
        assert_eq!(judged(&sign_in, "acr", json!("c1")), "step_up");
    }

    #[test]
    fn every_context_of_several_is_needed() {
        let mut sign_in = SignIn::default();
        sign_in.add_context("c1").unwrap();
        sign_in.add_context("c2").unwrap();
        assert_eq!(judged(&sign_in, "acrs", json!(["c1"])), "step_up");
        assert_eq!(judged(&sign_in, "acrs", json!(["c2", "c1"])), "passes");
    }

    #[test]
    fn one_class_of_authentication_of_several_is_enough() {
        let mut sign_in = SignIn::default();
        sign_in.set_acr(ScopeSet::required(["phr", "phrh"]).unwrap());
        for (value, expected) in
            [(json!("phrh"), "passes"), (json!("ph"), "authentication"), (json!(["phr"]), "authentication")]
        {
            assert_eq!(judged(&sign_in, "acr", value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn the_sign_in_is_recent_to_the_second_and_known() {
        let mut sign_in = SignIn::default();
        sign_in.set_max_age(Duration::from_secs(300));
        for (value, expected) in [
            (json!(NOW), "passes"),
            (json!(NOW - 300), "passes"),
            (json!(NOW - 301), "authentication"),
            (json!((NOW - 300).to_string()), "authentication"),
            (json!(9_999.5), "authentication"),
            (Value::Null, "authentication"),
        ] {
            assert_eq!(judged(&sign_in, "auth_time", value.clone()), expected, "{value}");
        }
        assert_eq!(judged(&sign_in, "iat", json!(NOW)), "authentication", "the token's age says nothing");
    }
}
