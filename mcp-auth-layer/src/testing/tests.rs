//! The test tenant is judged like a real one.

use std::time::Duration;

use super::*;
use crate::{
    principal::Principal,
    reject::{Rejection, TokenFault},
    token::BearerToken,
    verify::Verifier,
};

#[tokio::test]
async fn minted_tokens_are_judged_by_the_rules_of_real_ones() {
    let tenant = TestTenant::new();
    let verifier = Verifier::entra(&tenant.app().unwrap());
    let alice = || tenant.user("alice").scopes("a b");
    for (name, token, expected) in [
        ("v2", alice(), Ok(())),
        ("v1", alice().v1(), Ok(())),
        ("an application", tenant.application("job", ["Job.All"]), Ok(())),
        ("without a scope", tenant.user("alice"), Err(TokenFault::NotAnAccessToken)),
        ("forged", alice().forged(), Err(TokenFault::Signature)),
        ("another tenant", alice().claim("tid", TestTenant::CLIENT), Err(TokenFault::WrongTenant)),
        ("another audience", alice().claim("aud", "x"), Err(TokenFault::WrongAudience)),
        ("no audience", alice().without("aud"), Err(TokenFault::Malformed)),
        ("another algorithm", alice().header("alg", "PS256"), Err(TokenFault::Algorithm)),
        ("not yet valid", alice().claim("nbf", u64::MAX), Err(TokenFault::NotYetValid)),
    ] {
        let verdict = verifier.verify(BearerToken::new(&token.token())).await;
        assert_eq!(verdict.map(drop), expected.map_err(Rejection::from), "{name}");
    }
}

#[tokio::test]
async fn a_name_is_always_the_same_user_and_another_is_another() {
    let tenant = TestTenant::new();
    let verifier = Verifier::entra(&tenant.app().unwrap());
    let mut users = Vec::new();
    for name in ["alice", "alice", "bob"] {
        let token = tenant.user(name).scopes("a").roles(["r"]).token();
        let verified = verifier.verify(BearerToken::new(&token)).await.unwrap();
        let Principal::User { user, .. } = verified.principal() else { panic!("{name} is a user") };
        users.push(user.clone());
    }
    assert_eq!(users[0], users[1]);
    assert_ne!(users[0], users[2]);
    assert!(crate::tenant::is_guid(users[0].object_id()), "{}", users[0].object_id());
}

#[tokio::test]
async fn time_passes_only_when_the_test_says_so() {
    let tenant = TestTenant::new();
    let verifier = Verifier::entra(&tenant.app().unwrap());
    let token = BearerToken::new(&tenant.user("alice").scopes("a").valid_for(Duration::from_secs(10)).token());
    assert!(verifier.verify(token.clone()).await.is_ok());
    tenant.clock().advance(Duration::from_secs(70));
    assert_eq!(verifier.verify(token).await.unwrap_err(), TokenFault::Expired.into());
}
