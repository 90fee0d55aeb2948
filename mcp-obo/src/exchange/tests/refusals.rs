//! Failures: whose they are, and how long they last.

use serde_json::json;

use super::*;
use crate::{ClientSecret, testtenant::refused};

/// A tenant in which this user is refused and everybody else is not.
fn refusing(name: &'static str, refusal: impl Fn() -> http::Response<bytes::Bytes> + Send + Sync + 'static) -> Tenant {
    Tenant::answering(move |call| Box::pin(ready(if call.user() == name { refusal() } else { granted(call.number) })))
}

#[tokio::test(start_paused = true)]
async fn one_users_failure_is_nobody_elses() {
    for (name, refusal, attempts) in [
        ("outage", status(503, &[], "<html>"), 2),
        ("outage with a number", status(503, &[("retry-after", "20")], ""), 1),
        ("throttled", status(429, &[("retry-after", "60")], "{}"), 1),
        ("a loop", refused("invalid_grant", 50_196, json!({})), 1),
        ("a signature, which may be the user's token's", refused("invalid_client", 50_013, json!({})), 1),
        ("a client, by a number that nobody knows", refused("invalid_client", 1, json!({})), 1),
        ("consent", refused("invalid_grant", 65_001, json!({"suberror": "consent_required"})), 1),
        ("step-up", step_up(), 1),
    ] {
        let tenant = refusing("mallory", move || refusal.clone());
        let exchange = tenant.exchange();
        let (mallory, alice) = (tenant.user("mallory").await, tenant.user("alice").await);
        for _ in 0..2 {
            assert!(exchange.token(&mallory, &graph()).await.is_err(), "{name}");
            assert!(exchange.token(&alice, &graph()).await.is_ok(), "{name}");
        }
        assert_eq!(tenant.exchanges(), attempts + 1, "{name}: one each, and the repeated ones are answered here");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_to_the_app_or_the_tenant_is_refused_to_all_for_a_while() {
    for (name, refusal, window) in [
        ("wrong secret", refused("invalid_client", 7_000_215, json!({})), 5),
        ("the tenant is throttled", refused("invalid_grant", 90_055, json!({})), 30),
    ] {
        let tenant = refusing("mallory", move || refusal.clone());
        let exchange = tenant.exchange();
        let (mallory, alice, bob) =
            (tenant.user("mallory").await, tenant.user("alice").await, tenant.user("bob").await);
        exchange.token(&alice, &graph()).await.unwrap();
        let kind = exchange.token(&mallory, &graph()).await.unwrap_err().kind();
        tokio::time::advance(Duration::from_secs(window) - Duration::from_millis(1)).await;
        assert_eq!(exchange.token(&bob, &graph()).await.unwrap_err().kind(), kind, "{name}");
        assert!(exchange.token(&alice, &graph()).await.is_ok(), "{name}: a token that is there serves");
        assert_eq!(tenant.exchanges(), 2, "{name}");
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(exchange.token(&bob, &graph()).await.is_ok(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_one_api_lacks_is_refused_to_nobody_who_asks_for_another() {
    // Entra calls it `invalid_client`, though it has accepted the credential.
    let tenant = Tenant::answering(|call| {
        let lacking = call.form["scope"].starts_with("https://vault.azure.net");
        let refusal = refused("invalid_client", 650_057, json!({}));
        Box::pin(ready(if lacking { refusal } else { granted(call.number) }))
    });
    let vault = Target::new("https://vault.azure.net", &["user_impersonation"]).unwrap();
    let credentials = ClientCredentials::of(ClientSecret::new("first")).or(ClientSecret::new("second"));
    let exchange = Exchange::new(&tenant.app, credentials).add_target(&graph()).add_target(&vault);
    let (mallory, alice) = (tenant.user("mallory").await, tenant.user("alice").await);
    assert_eq!(exchange.token(&mallory, &vault).await.unwrap_err().kind(), Consent);
    assert!(exchange.token(&alice, &graph()).await.is_ok());
    let secrets: Vec<_> = tenant.calls().iter().map(|call| call.form["client_secret"].clone()).collect();
    assert_eq!(secrets, ["first", "first"], "nor is a credential set back that is good");
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_does_not_shorten_a_throttle() {
    let gate = Arc::new(Semaphore::new(0));
    let late = Arc::clone(&gate);
    let tenant = Tenant::answering(move |call| {
        let late = Arc::clone(&late);
        Box::pin(async move {
            match call.number {
                0 => {
                    late.acquire().await.unwrap().forget();
                    status(503, &[("retry-after", "1")], "")
                }
                _ => status(429, &[("retry-after", "60")], "{}"),
            }
        })
    });
    let (exchange, early, other) = (tenant.exchange(), tenant.user("mallory").await, tenant.user("mallory").await);
    let waiting = tokio::spawn({
        let (exchange, early) = (exchange.clone(), early.clone());
        async move { exchange.token(&early, &graph()).await.unwrap_err().kind() }
    });
    settle().await;
    assert_eq!(exchange.token(&other, &graph()).await.unwrap_err().kind(), Throttled);
    gate.add_permits(1);
    assert_eq!(waiting.await.unwrap(), Unavailable);
    tokio::time::advance(Duration::from_secs(50)).await;
    assert_eq!(exchange.token(&other, &graph()).await.unwrap_err().kind(), Throttled);
    assert_eq!(tenant.exchanges(), 2, "Entra named a time, and is left alone until then");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_repeated_beyond_its_window() {
    for (name, refusal, window) in [
        ("outage", status(503, &[], "<html>"), 1),
        ("outage with a number", status(503, &[("retry-after", "20")], ""), 20),
        ("throttled", status(429, &[("retry-after", "60")], "{}"), 60),
        ("throttled without a number", status(429, &[], "{}"), 30),
        ("throttled for days", status(429, &[("retry-after", "999999")], "{}"), 3_600),
        ("consent", refused("invalid_grant", 65_001, json!({})), 15),
        ("wrong secret", refused("invalid_client", 7_000_215, json!({})), 5),
        ("step-up", step_up(), 60),
    ] {
        let tenant = refusing("mallory", move || refusal.clone());
        let exchange = tenant.exchange();
        let mallory = tenant.user("mallory").await;
        let kind = exchange.token(&mallory, &graph()).await.unwrap_err().kind();
        let attempts = tenant.exchanges();
        tokio::time::advance(Duration::from_millis(window * 1_000 - 1)).await;
        let repeated = exchange.token(&mallory, &graph()).await.unwrap_err();
        assert_eq!((repeated.kind(), tenant.exchanges()), (kind, attempts), "{name}");
        tokio::time::advance(Duration::from_millis(1)).await;
        exchange.token(&mallory, &graph()).await.unwrap_err();
        assert_eq!(tenant.exchanges(), 2 * attempts, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_later_waits_less() {
    let tenant = refusing("mallory", || status(429, &[("retry-after", "60")], "{}"));
    let (exchange, mallory) = (tenant.exchange(), tenant.user("mallory").await);
    let wait = |rejection| match rejection {
        Rejection::Unavailable { retry_after } => retry_after.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!(wait(exchange.token(&mallory, &graph()).await.unwrap_err().rejection()), 60);
    tokio::time::advance(Duration::from_millis(19_500)).await;
    assert_eq!(wait(exchange.token(&mallory, &graph()).await.unwrap_err().rejection()), 41, "rounded up");
}

#[tokio::test(start_paused = true)]
async fn a_new_sign_in_ends_a_step_up_and_not_a_throttle() {
    for (refusal, expected) in [(step_up(), 2), (status(429, &[("retry-after", "60")], "{}"), 1)] {
        let tenant = refusing("mallory", move || refusal.clone());
        let exchange = tenant.exchange();
        let (before, after) = (tenant.user("mallory").await, tenant.user("mallory").await);
        exchange.token(&before, &graph()).await.unwrap_err();
        exchange.token(&after, &graph()).await.unwrap_err();
        assert_eq!(tenant.exchanges(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_is_over_does_not_hide_what_was_refused_before_it() {
    let tenant = Tenant::answering(|call| {
        Box::pin(ready(match call.number {
            0 => step_up(),
            _ => status(503, &[], ""),
        }))
    });
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap_err().kind(), StepUp);
    // The outage counts for the user, whatever is asked; the step-up for this request, and longer.
    assert_eq!(exchange.token_with_claims(&alice, &graph(), "{}").await.unwrap_err().kind(), Unavailable);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap_err().kind(), Unavailable);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap_err().kind(), StepUp);
    assert_eq!(tenant.exchanges(), 3, "the step-up, and two attempts in the outage");
}

#[tokio::test(start_paused = true)]
async fn forgetting_a_user_forgets_what_they_were_answered() {
    for (name, answer) in [
        ("a refusal", refused("invalid_grant", 65_001, json!({}))),
        ("a throttling", status(429, &[("retry-after", "600")], "")),
    ] {
        let tenant = refusing("mallory", move || answer.clone());
        let (exchange, mallory) = (tenant.exchange(), tenant.user("mallory").await);
        exchange.token(&mallory, &graph()).await.unwrap_err();
        exchange.forget_user(&user_id("mallory"));
        exchange.token(&mallory, &graph()).await.unwrap_err();
        assert_eq!(tenant.exchanges(), 2, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_forgotten_user_was_answered_takes_no_later_answers_place() {
    let gate = Arc::new(Semaphore::new(0));
    let late = Arc::clone(&gate);
    let tenant = Tenant::answering(move |call| {
        let late = Arc::clone(&late);
        Box::pin(async move {
            if call.number > 0 {
                return status(429, &[("retry-after", "60")], "{}");
            }
            late.acquire().await.unwrap().forget();
            status(429, &[("retry-after", "600")], "{}")
        })
    });
    let (exchange, mallory) = (tenant.exchange(), tenant.user("mallory").await);
    let before = callers(1, &exchange, &mallory).remove(0);
    settle().await;
    exchange.forget_user(&user_id("mallory"));
    assert_eq!(exchange.token(&mallory, &graph()).await.unwrap_err().kind(), Throttled);
    gate.add_permits(1);
    assert_eq!(before.await.unwrap().unwrap_err().kind(), Throttled);
    assert_eq!(exchange.token(&mallory, &graph()).await.unwrap_err().kind(), Throttled);
    assert_eq!(tenant.exchanges(), 2, "Entra named a time after that, and is left alone until then");
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_share_one_failure() {
    let tenant = Tenant::answering_after(Duration::from_secs(1), |_| status(503, &[], ""));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    for caller in callers(50, &exchange, &alice) {
        assert_eq!(caller.await.unwrap().unwrap_err().kind(), Unavailable);
    }
    assert_eq!(tenant.exchanges(), 2, "two attempts of one exchange");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_never_a_cached_token_nor_the_other_way_round() {
    let tenant =
        Tenant::answering(|call| Box::pin(ready(if call.number == 0 { granted(0) } else { status(503, &[], "") })));
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    // A failure while a good token lies there does not take it away.
    exchange.token_with_claims(&alice, &graph(), "{}").await.unwrap_err();
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(0));
}
