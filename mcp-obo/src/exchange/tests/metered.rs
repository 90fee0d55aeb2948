//! What is counted.

use super::*;
use crate::{testmeter::Counts, testtenant::CLAIMS};

#[tokio::test(start_paused = true)]
async fn what_the_breaker_refuses_counts_as_no_request_to_entra() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let tenant = Tenant::answering(|_| Box::pin(ready(status(503, &[("retry-after", "1")], ""))));
    let exchange = tenant.exchange();
    for number in 0..12 {
        let user = tenant.user(&number.to_string()).await;
        assert_eq!(exchange.token(&user, &graph()).await.unwrap_err().kind(), Unavailable);
    }
    assert_eq!(tenant.exchanges(), 5, "five users in a row");
    for (name, count) in [
        ("mcp_obo_exchange_seconds{outcome=unavailable}", 5),
        ("mcp_obo_lookups_total{answer=entra}", 5),
        ("mcp_obo_lookups_total{answer=refusal}", 7),
    ] {
        assert_eq!(counts.of(name), count, "{name}: {counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn gauges_go_down_with_what_they_count() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let gauge = |name: &str| f64::from_bits(counts.of(&format!("{name}{{}}")));
    let tenant = Tenant::granting();
    let exchange = tenant.exchange().with_max_bytes(10_000);
    let alice = tenant.user("alice").await;
    exchange.token(&alice, &graph()).await.unwrap();
    exchange.token_with_claims(&alice, &graph(), CLAIMS).await.unwrap();
    let one = exchange.0.cache.weight() as f64;
    assert_eq!(
        (gauge("mcp_obo_cache_entries"), gauge("mcp_obo_cache_bytes")),
        (1.0, one),
        "one took the other's place"
    );
    exchange.forget_user(&user_id("alice"));
    let left = exchange.0.cache.weight();
    assert_eq!((left, gauge("mcp_obo_cache_entries"), gauge("mcp_obo_cache_bytes")), (0, 0.0, 0.0), "forgotten");
    for number in 0..50 {
        exchange.token(&tenant.user(&number.to_string()).await, &graph()).await.unwrap();
    }
    let full = exchange.0.cache.weight() as f64;
    assert!(full <= 10_000.0, "{full}");
    assert_eq!(gauge("mcp_obo_cache_bytes"), full, "those who had to go");
    assert!((1.0..=10_000.0 / one).contains(&gauge("mcp_obo_cache_entries")), "{counts:?}");

    let without = tenant.exchange().with_max_bytes(0);
    without.token(&alice, &graph()).await.unwrap();
    assert_eq!(gauge("mcp_obo_cache_bytes"), full, "a cache without room takes nothing");

    let refusing = Tenant::answering(|_| Box::pin(ready(step_up())));
    let (exchange, mallory) = (refusing.exchange(), refusing.user("mallory").await);
    for _ in 0..3 {
        exchange.token(&mallory, &graph()).await.unwrap_err();
        tokio::time::advance(Duration::from_secs(61)).await;
    }
    assert_eq!((refusing.exchanges(), gauge("mcp_obo_refusals")), (3, 1.0), "the same refusal, remembered anew");
}
