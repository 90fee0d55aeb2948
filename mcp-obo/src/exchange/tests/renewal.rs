//! Tokens near their end: renewed once, in the background, while the old one serves.

use serde_json::json;

use super::*;
use crate::testtenant::refused;

/// A user whose own token lives two lives, so that a renewal buys something.
async fn long_lived(tenant: &Tenant, name: &str) -> VerifiedToken {
    tenant.verified(json!({"oid": name, "scp": "access_as_user", "exp": NOW + 2 * LIFE})).await
}

/// Five minutes before the end of its use, which is five minutes before its end.
const DUE: Duration = Duration::from_secs(LIFE - 600);

#[tokio::test(start_paused = true)]
async fn callers_wait_for_nobody_while_one_renewal_is_under_way() {
    let gates = gates(2);
    gates[0].add_permits(1);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), long_lived(&tenant, "alice").await);
    exchange.token(&alice, &graph()).await.unwrap();

    tenant.clock.advance(DUE - Duration::from_secs(61));
    exchange.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(tenant.exchanges(), 1, "not yet");

    tenant.clock.advance(Duration::from_secs(61));
    for _ in 0..100 {
        let token = tokio_test::task::spawn(exchange.token(&alice, &graph())).poll();
        assert!(matches!(token, std::task::Poll::Ready(Ok(token)) if token.expose_secret() == token_text(0)));
    }
    settle().await;
    assert_eq!(tenant.exchanges(), 2, "one renewal, whoever comes");
    gates[1].add_permits(1);
    settle().await;
    let renewed = exchange.token(&alice, &graph()).await.unwrap();
    assert_eq!(renewed.expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_renewed_that_ends_with_its_assertion() {
    let tenant = Tenant::granting();
    let (exchange, alice) = (tenant.exchange(), tenant.user("alice").await);
    tenant.clock.advance(Duration::from_secs(600));
    exchange.token(&alice, &graph()).await.unwrap();
    tenant.clock.advance(Duration::from_secs(LIFE - 601));
    exchange.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(tenant.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn entras_own_time_for_a_renewal_is_kept() {
    let tenant = Tenant::answering(|call| {
        let body = json!({"token_type": "Bearer", "expires_in": LIFE, "refresh_in": 1_000, "access_token": token_text(call.number)});
        Box::pin(ready(status(200, &[], &body.to_string())))
    });
    let (exchange, alice) = (tenant.exchange(), long_lived(&tenant, "alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    tenant.clock.advance(Duration::from_secs(1_000));
    exchange.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_leaves_the_old_token_and_is_tried_again() {
    let tenant = Tenant::answering(|call| {
        let outage = (1..=2).contains(&call.number);
        Box::pin(ready(if outage { status(503, &[], "") } else { granted(call.number) }))
    });
    let (exchange, alice) = (tenant.exchange(), long_lived(&tenant, "alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    tenant.clock.advance(DUE);
    for _ in 0..10 {
        assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(0));
    }
    // Until the failure is no longer remembered: a second after the other attempt.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(tenant.exchanges(), 3, "two attempts of one renewal");
    tenant.clock.advance(Duration::from_secs(29));
    exchange.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(tenant.exchanges(), 3, "not at once");
    tenant.clock.advance(Duration::from_secs(1));
    exchange.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(3));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_may_no_longer_have_one_loses_the_old_one_too() {
    for (name, refusal) in [
        ("revoked", refused("invalid_grant", 50_173, json!({}))),
        ("step-up", step_up()),
        ("blocked", refused("invalid_grant", 53_003, json!({}))),
        ("consent withdrawn", refused("invalid_grant", 65_001, json!({}))),
    ] {
        let tenant =
            Tenant::answering(move |call| Box::pin(ready(if call.number == 0 { granted(0) } else { refusal.clone() })));
        let (exchange, alice) = (tenant.exchange(), long_lived(&tenant, "alice").await);
        exchange.token(&alice, &graph()).await.unwrap();
        tenant.clock.advance(DUE);
        exchange.token(&alice, &graph()).await.unwrap();
        settle().await;
        assert!(exchange.token(&alice, &graph()).await.is_err(), "{name}");
        assert_eq!(tenant.exchanges(), 2, "{name}: and the refusal is known");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_of_a_forgotten_user_brings_nothing_back() {
    let gates = gates(3);
    gates[0].add_permits(1);
    let tenant = Tenant::answering(gated(&gates));
    let (exchange, alice) = (tenant.exchange(), long_lived(&tenant, "alice").await);
    exchange.token(&alice, &graph()).await.unwrap();
    tenant.clock.advance(DUE);
    exchange.token(&alice, &graph()).await.unwrap();
    settle().await;
    exchange.forget_user(&user_id("alice"));
    gates[1].add_permits(1);
    settle().await;
    gates[2].add_permits(1);
    assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(2));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_waits_as_long_as_entra_says() {
    for (name, refusal, wait) in [
        ("throttled", status(429, &[("retry-after", "240")], "{}"), 240),
        ("the tenant is throttled", refused("invalid_grant", 90_055, json!({})), 30),
        ("an outage with a number", status(503, &[("retry-after", "240")], ""), 240),
    ] {
        let tenant = Tenant::answering(move |call| {
            Box::pin(ready(if call.number == 1 { refusal.clone() } else { granted(call.number) }))
        });
        let (exchange, alice) = (tenant.exchange(), long_lived(&tenant, "alice").await);
        exchange.token(&alice, &graph()).await.unwrap();
        tenant.clock.advance(DUE);
        for _ in 0..wait - 1 {
            assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(0), "{name}");
            tenant.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(tenant.exchanges(), 2, "{name}");
        tenant.clock.advance(Duration::from_secs(31));
        tokio::time::sleep(Duration::from_secs(31)).await;
        exchange.token(&alice, &graph()).await.unwrap();
        settle().await;
        assert_eq!(tenant.exchanges(), 3, "{name}");
    }
}
