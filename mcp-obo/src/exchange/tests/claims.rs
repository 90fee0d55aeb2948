//! Claims challenges of downstream APIs.

use super::*;
use crate::testtenant::CLAIMS;

#[tokio::test]
async fn a_challenge_is_always_asked_and_its_token_replaces_the_challenged_one() {
    let tenant = Tenant::granting();
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    for number in 1..3 {
        let token = exchange.token_with_claims(&alice, &graph(), CLAIMS).await.unwrap();
        assert_eq!(token.expose_secret(), token_text(number));
        assert_eq!(tenant.calls()[number].form["claims"], CLAIMS);
        assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(number));
    }
    assert_eq!(tenant.exchanges(), 3);
    assert!(!tenant.calls()[0].form.contains_key("claims"));
}

#[tokio::test(start_paused = true)]
async fn an_older_request_does_not_undo_what_a_challenge_brought() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let plain = tokio::spawn({
        let (exchange, alice) = (exchange.clone(), alice.clone());
        async move { exchange.token(&alice, &graph()).await }
    });
    settle().await;
    let challenged = tokio::spawn({
        let (exchange, alice) = (exchange.clone(), alice.clone());
        async move { exchange.token_with_claims(&alice, &graph(), CLAIMS).await }
    });
    settle().await;
    assert_eq!(tenant.exchanges(), 2, "a challenge does not join a request that does not carry it");
    gates[1].add_permits(1);
    assert_eq!(challenged.await.unwrap().unwrap().expose_secret(), token_text(1));
    gates[0].add_permits(1);
    plain.await.unwrap().unwrap();
    settle().await;
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
}

#[tokio::test(start_paused = true)]
async fn equal_challenges_fly_together() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let spaced = CLAIMS.replace(':', " : ");
    let callers: Vec<_> = [CLAIMS.to_owned(), spaced]
        .into_iter()
        .map(|challenge| {
            let (exchange, alice) = (exchange.clone(), alice.clone());
            tokio::spawn(async move { exchange.token_with_claims(&alice, &graph(), &challenge).await })
        })
        .collect();
    settle().await;
    gates[0].add_permits(1);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(tenant.exchanges(), 1);
}

#[tokio::test]
async fn a_refused_challenge_leaves_the_plain_token_to_calls_that_need_no_more() {
    let tenant = Tenant::answering(|call| {
        let refuse = call.form.contains_key("claims");
        Box::pin(ready(if refuse { step_up() } else { granted(call.number) }))
    });
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    for _ in 0..2 {
        let error = exchange.token_with_claims(&alice, &graph(), CLAIMS).await.unwrap_err();
        assert_eq!(error.rejection(), Rejection::StepUp { claims: CLAIMS.to_owned() });
    }
    exchange.token(&alice, &graph()).await.unwrap();
    assert_eq!(tenant.exchanges(), 2, "the refusal of the same challenge is remembered");
}

#[tokio::test]
async fn declared_capabilities_go_with_every_request() {
    let tenant = Tenant::granting();
    let plain = tenant.exchange();
    let alice = tenant.user("alice").await;
    plain.token(&alice, &graph()).await.unwrap();
    let declared = plain.clone().with_client_capabilities(&["cp1"]);
    declared.token(&alice, &graph()).await.unwrap();
    declared.token_with_claims(&alice, &graph(), CLAIMS).await.unwrap();
    let claims: Vec<_> = tenant.calls().iter().map(|call| call.form.get("claims").cloned()).collect();
    assert_eq!(claims[0], None);
    assert_eq!(claims[1].as_deref(), Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#), "a cache of its own");
    let both = claims[2].as_deref().unwrap();
    assert!(both.contains("acrs") && both.contains("xms_cc"), "{both}");
}
