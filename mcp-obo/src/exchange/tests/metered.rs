//! What is counted.

use super::*;
use crate::testmeter::Counts;

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
