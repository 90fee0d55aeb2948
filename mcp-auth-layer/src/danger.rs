//! The one door past verification.
//!
//! A gateway in front of this service may have verified the token already, with keys that this service cannot reach. Then, and
//! only then, a token may be taken on its word. Search for this module's name to find every place that does.

use std::sync::Arc;

use crate::{
    claims::Claims,
    digest::TokenDigest,
    jws::Jws,
    principal::Principal,
    reject::TokenFault,
    scope::ScopeHierarchy,
    token::{BearerToken, Facts, VerifiedToken},
};

/// Takes a token of Entra as verified, without looking at signature, issuer, audience or time.
///
/// The claims must still be readable and be those of a user's or an application's access token.
///
/// # Deployment caveat
/// Whoever reaches this service past the gateway can be anybody he likes. Nothing in a request proves that the gateway has seen
/// it: let only the gateway connect, by network policy or mutual TLS.
///
/// # Errors
/// [`TokenFault::Malformed`] for a token that cannot be read, [`TokenFault::NotAnAccessToken`] and [`TokenFault::WrongTenant`] for
/// claims that are nobody's.
pub fn assume_verified(token: BearerToken) -> Result<VerifiedToken, TokenFault> {
    let jws = Jws::parse(token.bytes())?;
    let claims = Claims::parse(jws.payload)?;
    let principal = Principal::of_entra(&claims, &ScopeHierarchy::default())?;
    let digest = TokenDigest::of(token.expose_secret().as_bytes());
    Ok(VerifiedToken::new(token, digest, Arc::new(Facts { claims, principal })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testtenant::{changed, claims, token};
    use serde_json::{Value, json};

    #[test]
    fn only_claims_of_an_access_token_are_taken_on_their_word() {
        let assumed = |claims: &Value| assume_verified(BearerToken::new(&token(claims)));
        let verified = assumed(&changed(&[("iss", json!("https://gateway.example")), ("exp", json!(1))])).unwrap();
        assert!(matches!(verified.principal(), Principal::User { .. }));
        assert_eq!(
            verified.digest(),
            assumed(&changed(&[("iss", json!("https://gateway.example")), ("exp", json!(1))])).unwrap().digest()
        );
        for (name, claims, expected) in [
            ("an ID token", changed(&[("scp", Value::Null)]), TokenFault::NotAnAccessToken),
            ("no tenant", changed(&[("tid", Value::Null)]), TokenFault::WrongTenant),
            ("no exp", changed(&[("exp", Value::Null)]), TokenFault::Malformed),
            ("exp of another type", changed(&[("exp", json!("soon"))]), TokenFault::Malformed),
        ] {
            assert_eq!(assumed(&claims).unwrap_err(), expected, "{name}");
        }
        assert_eq!(assume_verified(BearerToken::new("opaque")).unwrap_err(), TokenFault::Malformed);
        assert!(assumed(&claims()).is_ok());
    }
}
