//! How often the tenant and Graph are really asked.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, http::HeaderMap};
use entra_emulator::{Fault, Place};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{Era, Fixture};

#[tokio::test]
async fn a_user_who_calls_again_costs_one_exchange() {
    let server = Fixture::start().await;
    let token = server.token("alice");
    for _ in 0..3 {
        let body = server.call(Some(&token), json!({"top": 2})).await.result();
        let first = &body["value"][0];
        let id = first["id"].as_str().unwrap();
        assert_eq!(first["url"], format!("https://admin.microsoft.com/#/MessageCenter/:/messages/{id}"));
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages, counters.keys), (1, 3, 1));
}

#[tokio::test]
async fn a_hundred_cold_calls_of_one_user_cost_one_exchange() {
    let server = Fixture::start().await;
    server.emulator.control().set_fault(Place::Exchange, "alice", Fault::Slow(200));
    let token = server.token("alice");
    let calls = (0..100).map(|_| {
        let request = call(&server).bearer_auth(&token);
        tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() })
    });
    for answer in calls.collect::<Vec<_>>() {
        assert!(answer.await.unwrap().contains("\"isError\":false"));
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages, counters.keys), (1, 100, 1));
}

#[tokio::test]
async fn callers_who_leave_restart_nothing() {
    let server = Fixture::start().await;
    // The first call brings discovery and keys, so that the hundred meet at the exchange.
    server.call_as("bob").await.result();
    server.emulator.control().set_fault(Place::Exchange, "alice", Fault::Slow(500));
    let token = server.token("alice");
    let start = || {
        let request = call(&server).bearer_auth(&token);
        tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() })
    };
    // The one who started the exchange is among those who leave.
    let leaving: Vec<_> = (0..50).map(|_| start()).collect();
    while !server.emulator.counters().obo_by_user.contains_key("alice") {
        tokio::task::yield_now().await;
    }
    let staying: Vec<_> = (0..50).map(|_| start()).collect();
    for one in &leaving {
        one.abort();
    }
    for one in staying {
        assert!(one.await.unwrap().contains("\"isError\":false"));
    }
    for one in leaving {
        assert!(one.await.unwrap_err().is_cancelled());
    }
    assert_eq!(server.emulator.counters().obo_by_user["alice"], 1);
}

#[tokio::test]
async fn two_users_cost_two_exchanges_and_see_their_own() {
    let server = Fixture::start().await;
    let (alice, norole) = (server.token("alice"), server.token("norole"));
    for _ in 0..2 {
        server.call(Some(&alice), json!({})).await.result();
        // Whose token Graph sees decides what it answers.
        assert_eq!(server.call(Some(&norole), json!({})).await.failure()["kind"], "forbidden_role");
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.obo_by_user["alice"], counters.obo_by_user["norole"]), (2, 1, 1));
}

#[tokio::test]
async fn one_users_trouble_is_nobody_elses() {
    let server = Fixture::start().await;
    for (user, kind) in [
        ("flaky", "upstream_unavailable"),
        ("noconsent", "consent_required"),
        ("throttled", "throttled"),
        ("blocked", "blocked_by_policy"),
    ] {
        assert_eq!(server.call_as(user).await.failure()["kind"], kind, "{user}");
        server.call_as("alice").await.result();
        server.call_as("bob").await.result();
    }
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_throttled_user_is_not_asked_for_again_before_the_time() {
    let server = Fixture::start().await;
    for _ in 0..3 {
        let failure = server.call_as("throttled").await.failure();
        assert!((25..=30).contains(&failure["retryAfter"].as_u64().unwrap()), "{failure}");
    }
    assert_eq!(server.emulator.counters().obo, 1);
}

#[tokio::test]
async fn what_needs_no_graph_token_costs_no_exchange() {
    let server = Fixture::start().await;
    let token = server.token("alice");
    let client =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let hello = server.ask(Era::Legacy, Some(&token), "initialize", client).await.json();
    assert_eq!(hello["result"]["serverInfo"]["name"], "message-center", "{hello}");
    for era in Era::BOTH {
        let list = server.ask(era, Some(&token), "tools/list", json!({})).await.json();
        let tools = list["result"]["tools"].as_array().unwrap();
        assert_eq!((tools.len(), &tools[0]["name"]), (1, &json!("getMessages")), "{era:?}");
        assert!(tools[0]["inputSchema"]["properties"].get("accessToken").is_none(), "{era:?}");
        for (name, arguments, kind) in [
            ("a token while its hatch is closed", json!({"accessToken": "x", "junk": 1}), "accessToken_disabled"),
            ("an unknown argument", json!({"junk": 1}), "invalid_arguments"),
            ("a bad order", json!({"orderby": "body"}), "invalid_arguments"),
        ] {
            let failure = server.call_in(era, Some(&token), arguments).await.failure();
            assert_eq!(failure["kind"], kind, "{era:?}: {name}");
        }
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages), (0, 0));
}

#[tokio::test]
async fn a_token_that_graph_refuses_is_replaced_once() {
    let server = Fixture::start().await;
    let token = server.token("alice");
    server.call(Some(&token), json!({"top": 1})).await.result();
    server.emulator.control().set_fault(Place::Graph, "alice", Fault::Unauthorized);
    let failure = server.call(Some(&token), json!({"top": 1})).await.failure();
    assert_eq!(failure["kind"], "graph_unauthorized");
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages), (2, 3), "one new token, one more attempt");

    server.emulator.control().clear_fault(Place::Graph, "alice");
    server.call(Some(&token), json!({"top": 1})).await.result();
}

#[tokio::test]
async fn a_challenged_token_costs_one_exchange_with_the_claims() {
    let server = Fixture::with(&[("GRAPH_CLIENT_CAPABILITIES", "cp1")]).await;
    let token = server.token("alice");
    server.call(Some(&token), json!({"top": 1})).await.result();
    // From now on Graph takes only a token that was asked for with its claims.
    server.emulator.control().set_fault(Place::Graph, "alice", Fault::CaeUntilMet);
    for (obo, graph) in [(2, 3), (2, 4)] {
        server.call(Some(&token), json!({"top": 1})).await.result();
        let counters = server.emulator.counters();
        assert_eq!((counters.obo, counters.graph_messages), (obo, graph), "the new token replaced the challenged one");
    }
}

#[tokio::test]
async fn a_revoked_token_costs_one_exchange_and_then_a_sign_in() {
    let server = Fixture::with(&[("GRAPH_CLIENT_CAPABILITIES", "cp1")]).await;
    let before = server.token("alice");
    server.call(Some(&before), json!({"top": 1})).await.result();
    server.emulator.control().revoke_user("alice");
    let answer = server.call(Some(&before), json!({"top": 1})).await;
    assert_eq!((answer.status, &*server.log.last_audit()["reason"]), (401, "assertion_refused"), "{answer:?}");
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages), (2, 2), "nothing is repeated without a new token");

    server.emulator.control().advance_clock(2);
    server.call(Some(&server.token("alice")), json!({"top": 1})).await.result();
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages), (3, 3));
}

#[tokio::test]
async fn one_id_finds_a_call_here_and_at_graph() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let graph = Router::new().fallback(async move |headers: HeaderMap| {
        record.lock().unwrap().push(headers["client-request-id"].to_str().unwrap().to_owned());
        Json(json!({"value": []}))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1.0", listener.local_addr().unwrap());
    let graph = tokio::spawn(axum::serve(listener, graph).into_future());
    let server = Fixture::with(&[("GRAPH_BASE_URL", &url)]).await;
    let ours = "0f8fad5b-d9cb-469f-a165-70867728950e";
    for id in [ours, "no id"] {
        let request = call(&server).bearer_auth(server.token("alice")).header("client-request-id", id);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), seen[0].as_str(), seen[1].len()), (2, ours, 36), "{seen:?}");
    assert!(seen[1] != ours && seen[1] != "no id");
    graph.abort();
}

#[tokio::test]
async fn counting_alone_returns_no_messages() {
    let server = Fixture::start().await;
    let body = server.call(Some(&server.token("alice")), json!({"top": 0})).await.result();
    assert!(body["@odata.count"].as_u64().unwrap() >= 60 && body["value"] == json!([]), "{body}");
}

fn call(server: &Fixture) -> reqwest::RequestBuilder {
    server.request(Era::Modern, "tools/call", json!({"name": "getMessages", "arguments": {"top": 1}}))
}
