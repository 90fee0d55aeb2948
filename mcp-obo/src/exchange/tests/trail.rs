//! What the log tells of exchanges.

use serde_json::json;

use super::*;
use crate::{testlog, testtenant::refused};

/// Returns the lines in which this text stands.
fn lines(text: &str) -> Vec<String> {
    testlog::logged().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_exchange_is_audited_with_the_id_that_finds_it_at_entra() {
    let tenant = Tenant::answering(|call| {
        let refusal = refused("invalid_grant", 65_001, json!({"correlation_id": null}));
        Box::pin(ready(if call.number == 0 { granted(0) } else { refusal }))
    });
    let (exchange, alice, bob) = (tenant.exchange(), tenant.user("alice").await, tenant.user("bob").await);
    testlog::begin();
    exchange.token(&alice, &graph()).await.unwrap();
    exchange.token(&alice, &graph()).await.unwrap();
    exchange.token(&bob, &graph()).await.unwrap_err();
    let events = lines("mcp_obo::audit");
    assert_eq!(events.len(), 2, "a hit asks nobody: {events:?}");
    for (event, (decision, call)) in events.iter().zip(["exchanged", "not_exchanged"].iter().zip(tenant.calls())) {
        let id = call.headers["client-request-id"].to_str().unwrap();
        assert!(event.contains(&format!("decision=\"{decision}\"")), "{event}");
        assert!(event.contains(&format!("correlation_id=\"{id}\"")), "{event}");
    }
}

#[tokio::test]
async fn whatever_a_request_logs_stands_in_its_span() {
    let tenant = Tenant::answering(|call| {
        let refusal = refused("invalid_client", 7_000_222, json!({}));
        Box::pin(ready(if call.number == 0 { refusal } else { granted(1) }))
    });
    let credentials = ClientCredentials::of(crate::ClientSecret::new("first")).or(crate::ClientSecret::new("second"));
    let exchange = Exchange::new(&tenant.app, credentials).add_target(&graph());
    let alice = tenant.user("alice").await;
    testlog::begin();
    exchange.token(&alice, &graph()).await.unwrap();
    let told = lines("a credential of this app failed");
    let id = tenant.calls()[0].headers["client-request-id"].to_str().unwrap().to_owned();
    let span = format!("token request{{resource=\"https://graph.microsoft.com\" client_request_id=\"{id}\"}}");
    assert!(told.len() == 1 && told[0].contains(&span), "{told:?}");
}
