//! What an exchange costs: requests to Entra, counted.

mod claims;
mod credential;
mod forgetting;
#[cfg(feature = "metrics")]
mod metered;
mod refusals;
mod renewal;
mod replicas;
mod trail;

use std::{future::ready, sync::Arc, time::Duration};

use mcp_auth_layer::{clock::Clock as _, reject::Rejection};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::*;
use crate::{
    error::ExchangeErrorKind::*,
    testtenant::{Answering, Call, LIFE, NOW, Tenant, granted, settle, status, step_up, token_text, user_id},
};

/// Answers a call when the test opens its gate, which is the call's number.
fn gated(gates: &Arc<Vec<Semaphore>>) -> impl Fn(Call) -> Answering + Send + Sync + 'static + use<> {
    let gates = Arc::clone(gates);
    move |call| {
        let gates = Arc::clone(&gates);
        Box::pin(async move {
            gates[call.number].acquire().await.unwrap().forget();
            granted(call.number)
        })
    }
}

fn gates(count: usize) -> Arc<Vec<Semaphore>> {
    Arc::new((0..count).map(|_| Semaphore::new(0)).collect())
}

fn graph() -> Target {
    Target::graph()
}

type Waiting = JoinHandle<Result<AccessToken, ExchangeError>>;

/// Starts so many calls of one user.
fn callers(count: usize, exchange: &Exchange, user: &VerifiedToken) -> Vec<Waiting> {
    let caller = |_| {
        let (exchange, user) = (exchange.clone(), user.clone());
        tokio::spawn(async move { exchange.token(&user, &graph()).await })
    };
    (0..count).map(caller).collect()
}

#[tokio::test]
async fn a_users_repeated_call_is_one_exchange() {
    let tenant = Tenant::granting();
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    for _ in 0..3 {
        let token = exchange.clone().token(&alice, &graph()).await.unwrap();
        assert_eq!(token.expose_secret(), token_text(0));
        assert_eq!(token.expires_at().as_secs(), NOW + LIFE);
    }
    assert_eq!(tenant.exchanges(), 1);
}

#[tokio::test]
async fn every_user_assertion_and_target_has_its_own_token() {
    let tenant = Tenant::granting();
    let vault = Target::new("https://vault.azure.net", &["user_impersonation"]).unwrap();
    let exchange = tenant.exchange().add_target(&vault);
    let (alice, again, bob) = (tenant.user("alice").await, tenant.user("alice").await, tenant.user("bob").await);
    for _ in 0..2 {
        for (number, (user, target)) in
            [(&alice, &graph()), (&bob, &graph()), (&again, &graph()), (&alice, &vault)].into_iter().enumerate()
        {
            let token = exchange.token(user, target).await.unwrap();
            assert_eq!(token.expose_secret(), token_text(number));
            assert_eq!(tenant.calls()[number].form["scope"], target.scope());
            assert_eq!(tenant.calls()[number].form["assertion"], user.bearer().expose_secret());
        }
    }
    assert_eq!(tenant.exchanges(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_cold_calls_are_one_exchange_also_when_half_of_them_go_away() {
    for cancelled in [0, 50, 100] {
        let gates = gates(1);
        let tenant = Tenant::answering(gated(&gates));
        let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
        let callers = callers(100, &exchange, &alice);
        settle().await;
        // The first caller began the request; it goes away with the others.
        callers[..cancelled].iter().for_each(|caller| caller.abort());
        settle().await;
        gates[0].add_permits(1);
        for caller in callers.into_iter().skip(cancelled) {
            assert_eq!(caller.await.unwrap().unwrap().expose_secret(), token_text(0));
        }
        settle().await;
        // Also when nobody was left to wait for it: what was paid for is kept.
        assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(0));
        assert_eq!(tenant.exchanges(), 1, "{cancelled} cancelled");
    }
}

#[tokio::test]
async fn one_call_a_second_over_a_tokens_life_costs_two_exchanges() {
    let tenant = Tenant::granting();
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    for second in 0..LIFE {
        assert_eq!(tenant.clock.now().as_secs(), NOW + second);
        exchange.token(&alice, &graph()).await.unwrap();
        tenant.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(tenant.exchanges(), 2);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap_err().kind(), AssertionExpired);
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test]
async fn a_hit_is_judged_by_the_wall_clock_every_time() {
    let tenant = Tenant::granting();
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    tenant.clock.advance(Duration::from_secs(LIFE - 300 - 1));
    exchange.token(&alice, &graph()).await.unwrap();
    assert_eq!(tenant.exchanges(), 1);
    tenant.clock.advance(Duration::from_secs(1));
    exchange.token(&alice, &graph()).await.unwrap();
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test]
async fn what_cannot_succeed_is_refused_without_asking() {
    let tenant = Tenant::granting();
    let vault = Target::new("https://vault.azure.net", &[".default"]).unwrap();
    let exchange = tenant.exchange();
    let widened = exchange.clone().add_target(&vault);
    let (alice, app) = (tenant.user("alice").await, tenant.application().await);
    widened.token(&alice, &vault).await.unwrap();

    let undeclared = exchange.token(&alice, &vault).await.unwrap_err();
    assert_eq!((undeclared.kind(), undeclared.rejection()), (UndeclaredTarget, Rejection::Misconfigured));
    assert_eq!(exchange.token_with_claims(&alice, &vault, "{}").await.unwrap_err().kind(), UndeclaredTarget);
    assert_eq!(exchange.token(&app, &graph()).await.unwrap_err().kind(), NotAUser);
    assert_eq!(exchange.token_with_claims(&alice, &graph(), "no claims").await.unwrap_err().kind(), Configuration);

    // The bearer layer forgives a minute at the end of a token; Entra does not.
    tenant.clock.advance(Duration::from_secs(LIFE));
    assert!(tenant.verifier.verify(alice.bearer().clone()).await.is_ok());
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap_err().kind(), AssertionExpired);
    assert_eq!(tenant.exchanges(), 1);
}

#[tokio::test]
async fn nothing_is_allowed_until_it_is_declared() {
    let tenant = Tenant::granting();
    let exchange = Exchange::new(&tenant.app, crate::ClientSecret::new("x"));
    assert_eq!(exchange.token(&tenant.user("alice").await, &graph()).await.unwrap_err().kind(), UndeclaredTarget);
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test]
async fn the_cache_is_bounded_in_bytes() {
    let tenant = Tenant::granting();
    let bound = 40_000;
    let exchange = tenant.exchange().with_max_bytes(bound);
    for number in 0..200 {
        exchange.token(&tenant.user(&number.to_string()).await, &graph()).await.unwrap();
    }
    let weight = exchange.0.cache.weight();
    assert!(weight <= bound && weight > bound / 2, "{weight} bytes");
}

#[tokio::test]
async fn a_request_that_dies_is_an_outage_and_not_a_trap() {
    let tenant = Tenant::answering(|call| {
        Box::pin(async move {
            assert!(call.number > 0, "on purpose");
            granted(call.number)
        })
    });
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap_err().kind(), Unavailable);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
}

#[test]
fn an_exchange_can_be_shared_and_is_made_without_a_runtime() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let exchange = Tenant::granting().exchange();
    shared(&exchange);
    let printed = format!("{exchange:?}");
    assert!(!printed.contains("SECRET") && printed.contains("graph.microsoft.com"), "{printed}");
}
