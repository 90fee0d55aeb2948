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
    assert_eq!(before.await.unwrap().expose_secret(), token_text(1), "nor who came before is handed what left before");
    settle().await;
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_forgotten_request_brings_is_not_kept() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let gone = callers(1, &exchange, &alice).remove(0);
    settle().await;
    gone.abort();
    exchange.forget_user(&user_id("alice"));
    gates.iter().for_each(|gate| gate.add_permits(1));
    settle().await;
    assert_eq!((exchange.0.cache.weight(), tenant.exchanges()), (0, 1));
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_while_their_user_is_forgotten_waits_for_a_later_request() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let waiting = callers(20, &exchange, &alice);
    settle().await;
    exchange.forget_user(&user_id("alice"));
    gates.iter().for_each(|gate| gate.add_permits(1));
    for caller in waiting {
        assert_eq!(caller.await.unwrap().unwrap().expose_secret(), token_text(1));
    }
    assert_eq!(tenant.exchanges(), 2, "one for all of them");
}

#[tokio::test(start_paused = true)]
async fn who_is_forgotten_each_time_before_a_token_comes_is_told_so_in_the_end() {
    let gates = gates(5);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let waiting = callers(20, &exchange, &alice);
    for gate in &gates[..3] {
        settle().await;
        exchange.forget_user(&user_id("alice"));
        gate.add_permits(1);
    }
    for caller in waiting {
        assert_eq!(caller.await.unwrap().unwrap_err().kind(), Unavailable);
    }
    assert_eq!(tenant.exchanges(), 3);
    gates[3].add_permits(1);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(3), "and it is over");
}

#[tokio::test(start_paused = true)]
async fn who_waits_while_more_are_forgotten_than_are_known_waits_for_a_later_request() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let waiting = callers(1, &exchange, &alice).remove(0);
    settle().await;
    exchange.forget_user(&user_id("alice"));
    (0..10_000).for_each(|number| exchange.forget_user(&user_id(&number.to_string())));
    gates.iter().for_each(|gate| gate.add_permits(1));
    assert_eq!(waiting.await.unwrap().unwrap().expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_later_request_takes_an_assertion_that_ended_meanwhile() {
    let gates = gates(2);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    let waiting = callers(1, &exchange, &alice).remove(0);
    settle().await;
    exchange.forget_user(&user_id("alice"));
    tenant.clock.advance(tenant.clock.now().until(alice.expires_at()));
    gates.iter().for_each(|gate| gate.add_permits(1));
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), AssertionExpired);
    assert_eq!(tenant.exchanges(), 1);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spent_token_does_not_come_back_from_the_store_while_the_memory_drops_it() {
    let tenant = Tenant::granting();
    let exchange = tenant.exchange().with_shared(MemoryStore::default(), KeyRing::ephemeral());
    let alice = tenant.user("alice").await;
    for round in 0..500 {
        let spent = exchange.token(&alice, &graph()).await.unwrap();
        let reporting = {
            let (exchange, alice, spent) = (exchange.clone(), alice.clone(), spent.clone());
            tokio::task::spawn_blocking(move || exchange.invalidate(&alice, &graph(), &spent))
        };
        while !reporting.is_finished() {
            exchange.token(&alice, &graph()).await.unwrap();
        }
        reporting.await.unwrap();
        let fresh = exchange.token(&alice, &graph()).await.unwrap();
        assert_ne!(fresh.expose_secret(), spent.expose_secret(), "round {round}");
    }
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
