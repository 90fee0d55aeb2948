//! Tokens that must not be handed out again: of a forgotten user, and spent ones.

use super::*;
use crate::{KeyRing, shared::MemoryStore};

#[tokio::test]
async fn a_forgotten_user_starts_anew_and_the_others_do_not_notice() {
    let tenant = Tenant::granting();
    let exchange = tenant.exchange();
    let (alice, again, bob) = (tenant.user("alice").await, tenant.user("alice").await, tenant.user("bob").await);
    for user in [&alice, &again, &bob] {
        exchange.token(user, &graph()).await.unwrap();
    }
    exchange.forget_user(&user_id("alice"));
    exchange.forget_user(&user_id("nobody"));
    assert_eq!(exchange.token(&bob, &graph()).await.unwrap().expose_secret(), token_text(2));
    assert_eq!(tenant.exchanges(), 3);
    for (number, user) in [(3, &alice), (4, &again)] {
        assert_eq!(exchange.token(user, &graph()).await.unwrap().expose_secret(), token_text(number));
        assert_eq!(exchange.token(user, &graph()).await.unwrap().expose_secret(), token_text(number));
    }
}

#[tokio::test]
async fn a_user_is_forgotten_however_their_id_is_spelled() {
    let oid = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let tenant = Tenant::granting();
    let (exchange, alice) = (tenant.exchange(), tenant.user(oid).await);
    exchange.token(&alice, &graph()).await.unwrap();
    exchange.forget_user(&user_id(&oid.to_uppercase()));
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
}

#[tokio::test(start_paused = true)]
async fn forgetting_covers_a_request_in_the_air() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let call = || {
        let (exchange, alice) = (exchange.clone(), alice.clone());
        tokio::spawn(async move { exchange.token(&alice, &graph()).await.unwrap() })
    };
    let before = call();
    settle().await;
    exchange.forget_user(&user_id("alice"));
    let after = call();
    settle().await;
    assert_eq!(tenant.exchanges(), 2, "who comes afterwards does not join a request from before");
    // The later answer comes first: the earlier one must not take its place.
    gates[1].add_permits(1);
    assert_eq!(after.await.unwrap().expose_secret(), token_text(1));
    gates[0].add_permits(1);
    assert_eq!(before.await.unwrap().expose_secret(), token_text(0));
    settle().await;
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_forgotten_request_brings_is_not_kept() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let waiting = tokio::spawn({
        let (exchange, alice) = (exchange.clone(), alice.clone());
        async move { exchange.token(&alice, &graph()).await.unwrap() }
    });
    settle().await;
    exchange.forget_user(&user_id("alice"));
    gates.iter().for_each(|gate| gate.add_permits(1));
    waiting.await.unwrap();
    assert_eq!(exchange.0.cache.weight(), 0);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
}

#[tokio::test]
async fn a_spent_token_goes_and_a_fresh_one_stays() {
    let tenant = Tenant::granting();
    let (exchange, alice, bob) = (tenant.exchange(), tenant.user("alice").await, tenant.user("bob").await);
    let spent = exchange.token(&alice, &graph()).await.unwrap();
    exchange.invalidate(&alice, &graph(), &spent);
    let fresh = exchange.token(&alice, &graph()).await.unwrap();
    assert_eq!(fresh.expose_secret(), token_text(1));
    // Others report the same spent token late, and somebody reports it for the wrong user.
    exchange.invalidate(&alice, &graph(), &spent);
    exchange.invalidate(&bob, &graph(), &fresh);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

/// The time between the memory's and the store's part of forgetting is short, so the memory is given a lot to forget.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_forgotten_user_comes_back_from_the_store_while_the_memory_forgets() {
    let tenant = Tenant::granting();
    let targets: Vec<_> = (0..200).map(|number| Target::new(&format!("api://{number}"), &["x"]).unwrap()).collect();
    let exchange = tenant.exchange().with_shared(MemoryStore::default(), KeyRing::ephemeral());
    let exchange = targets.iter().fold(exchange, |exchange, target| exchange.add_target(target));
    let alice = tenant.user("alice").await;
    for round in 0..20 {
        for target in &targets {
            exchange.token(&alice, target).await.unwrap();
        }
        let before = tenant.exchanges();
        let forgetting = {
            let exchange = exchange.clone();
            tokio::task::spawn_blocking(move || exchange.forget_user(&user_id("alice")))
        };
        while !forgetting.is_finished() {
            let _ = exchange.token(&alice, &targets[0]).await;
        }
        forgetting.await.unwrap();
        let number = exchange.token(&alice, &targets[0]).await.unwrap();
        let is_old = (0..before).any(|number_before| number.expose_secret() == token_text(number_before));
        assert!(!is_old, "round {round}: a token from before");
    }
}
