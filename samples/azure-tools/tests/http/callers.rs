//! Who may call, as whom that goes out, and what the audit trail says of it.

use std::time::{Duration, Instant};

use entra_emulator::{Fault, Place, TokenSpec};
use serde_json::{Value, json};
use tokio::task::yield_now;

use crate::support::{Answer, Fixture, HOSTING, OBO, request};

const ALICE: &str = "a1a1a1a1-0000-4000-8000-000000000001";

#[tokio::test]
async fn an_application_cannot_be_acted_for_and_is_told_before_any_exchange() {
    let server = Fixture::start(&OBO).await;
    let token = server.emulator.mint_as_entra(TokenSpec::app(&["Mcp.Tools.ReadWrite.All"]));
    let answer = server.call(&token, "azmcp_subscription_list", json!({})).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!((server.emulator.counters().obo, server.served().len()), (0, 0));

    let server = Fixture::start(&HOSTING).await;
    let token = server.emulator.mint_as_entra(TokenSpec::app(&["Mcp.Tools.ReadWrite.All"]));
    let result = server.call(&token, "azmcp_subscription_list", json!({})).await.result();
    assert_eq!(result["subscriptions"][0]["displayName"], "Contoso Production");
}

#[tokio::test]
async fn nobody_calls_without_the_scope() {
    let server = Fixture::start(&OBO).await;
    let token = server.emulator.mint_as_entra(TokenSpec::user("alice").scopes("access_as_user"));
    assert_eq!(server.call(&token, "azmcp_subscription_list", json!({})).await.status, 403);
    let bare = request(&server.http, &server.base, "tools/list", json!({})).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    assert_eq!(server.emulator.counters().obo, 0);
}

#[tokio::test]
async fn an_identity_that_is_lent_for_one_service_is_audited_with_the_caller() {
    let server = Fixture::start(&[&OBO[..], &["--hosting-identity-for", "cosmos"]].concat()).await;
    let query = json!({"account": "contoso-orders", "database": "shop", "container": "orders"});
    let result = server.call_as("alice", "azmcp_cosmos_database_container_item_query", query.clone()).await.result();
    assert_eq!(result["items"].as_array().unwrap().len(), 5);
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.client_credentials), (1, 1), "the account is found as the user");
    assert_eq!(counters.azure["cosmos"].keys().collect::<Vec<_>>(), [entra_emulator::API_CLIENT_ID]);
    assert_eq!(counters.azure["management"].keys().collect::<Vec<_>>(), ["alice"]);
    let lent = server.log.audited("acted_as_service");
    assert_eq!((lent.len(), &*lent[0]["oid"]), (1, ALICE), "{lent:?}");

    let failure = server.call_as("norole", "azmcp_cosmos_database_container_item_query", query).await.failure();
    assert_eq!(failure["kind"], "forbidden_role", "who cannot find the account gets nothing of it");
    let failure = server.call_as("alice", "azmcp_communication_sms_send", json!({})).await.failure();
    assert_eq!(failure["kind"], "no_delegated_scope", "the others stay as they are");
}

#[tokio::test]
async fn what_is_refused_before_anybody_is_asked_is_audited_too() {
    let hosting = [&HOSTING[..], &["--read-only"]].concat();
    for (options, tool, kind, acting_as) in [
        (&hosting[..], "azmcp_communication_sms_send", "read_only", "hosting_identity"),
        (&OBO[..], "azmcp_communication_sms_send", "no_delegated_scope", "user"),
    ] {
        let server = Fixture::start(options).await;
        let failure = server.call_as("alice", tool, json!({})).await.failure();
        assert_eq!(failure["kind"], kind);
        let called = server.log.audited("tool_called");
        assert_eq!(called.len(), 1, "{kind}");
        for (field, value) in [("tool", tool), ("outcome", kind), ("acting_as", acting_as), ("oid", ALICE)] {
            assert_eq!(called[0][field], value, "{kind}: {called:?}");
        }
        assert_eq!(server.emulator.counters().azure.len(), 0, "{kind}");
    }
}

#[tokio::test]
async fn a_server_that_asks_nobody_who_they_are_serves_its_own_machine_alone() {
    let options = ["--transport", "http", "--dangerously-disable-http-incoming-auth"];
    let emulator = entra_emulator::Emulator::start(crate::support::config()).await.unwrap();
    let server = Fixture::over(emulator, &options, &[("ASPNETCORE_ENVIRONMENT", "Development")]).await;
    let call = || {
        let parameters = json!({"name": "azmcp_subscription_list", "arguments": {}});
        request(&server.http, &server.base, "tools/call", parameters)
    };
    for (name, value, status) in [
        ("host", "rebound.evil.example", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("x-forwarded-for", "203.0.113.9", 200),
        ("x-forwarded-host", "tools.example.com", 200),
        ("x-real-ip", "203.0.113.9", 200),
        ("forwarded", "for=203.0.113.9", 200),
        ("via", "1.1 tunnel", 200),
    ] {
        let answer = Answer::of(call().header(name, value).send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        if status == 200 {
            assert_eq!(answer.failure()["kind"], "no_user", "{name}: {answer:?}");
        }
        let counters = server.emulator.counters();
        assert_eq!((counters.client_credentials, counters.azure.len()), (0, 0), "{name}");
    }
    assert!(server.log.audited("acted_as_service").is_empty());
    assert_eq!(server.log.audited("identity_refused").len(), 5);
    Answer::of(call().send().await.unwrap()).await.result();
    assert_eq!(server.log.audited("acted_as_service").len(), 1);
}

/// Calls a tool, whose service hangs by then, and hangs up.
async fn call_and_leave(server: &Fixture, tool: &str, arguments: Value) {
    let parameters = json!({"name": tool, "arguments": arguments});
    let call = request(&server.http, &server.base, "tools/call", parameters).bearer_auth(server.token("alice"));
    let call = tokio::spawn(call.send());
    server.emulator.control().until_held(1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
}

/// Waits until a call has been written down, and returns its outcome.
async fn outcome(server: &Fixture) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(called) = server.log.audited("tool_called").first() {
            assert_eq!(called["oid"], ALICE);
            return called["outcome"].clone();
        }
        assert!(Instant::now() < until, "nobody wrote it down");
        yield_now().await;
    }
}

#[tokio::test]
async fn a_call_that_reads_ends_when_its_caller_leaves_and_is_audited_all_the_same() {
    let server = Fixture::start(&OBO).await;
    server.emulator.control().set_fault(Place::Management, "alice", Fault::Hang);
    call_and_leave(&server, "azmcp_subscription_list", json!({})).await;
    assert_eq!(outcome(&server).await, "cancelled");
}

#[tokio::test]
async fn a_call_that_writes_comes_to_its_end_whoever_waits_for_it() {
    let server = Fixture::start(&HOSTING).await;
    server.emulator.control().set_fault(Place::Communication, "", Fault::Hang);
    let sms = json!({"endpoint": "contoso-comms", "from": "+14255550100", "to": ["+14255550123"], "message": "hello"});
    call_and_leave(&server, "azmcp_communication_sms_send", sms).await;
    for _ in 0..10_000 {
        yield_now().await;
    }
    assert!(server.log.audited("tool_called").is_empty(), "it is under way");
    server.emulator.control().clear_fault(Place::Communication, "");
    assert_eq!(outcome(&server).await, "ok");
}

#[tokio::test]
async fn the_tenant_of_the_arguments_is_compared_with_that_of_whoever_acts() {
    const ELSEWHERE: &str = "99999999-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    let own = entra_emulator::TENANT_ID;
    for (name, options, tenant, given, expected) in [
        ("the user's", &OBO, ELSEWHERE, own, true),
        ("not the user's", &OBO, ELSEWHERE, ELSEWHERE, false),
        ("the server's", &HOSTING, ELSEWHERE, ELSEWHERE, true),
        ("the user's, who does not act", &HOSTING, ELSEWHERE, own, false),
        ("by a name that says no id", &HOSTING, "contoso.onmicrosoft.com", own, true),
    ] {
        let emulator = entra_emulator::Emulator::start(crate::support::config()).await.unwrap();
        let server = Fixture::over(emulator, options, &[("AZURE_TENANT_ID", tenant)]).await;
        let answer = server.call_as("alice", "azmcp_subscription_list", json!({"tenant": given})).await;
        let refused = answer.json().to_string().contains("wrong_tenant");
        assert_eq!(refused, !expected, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn no_token_and_no_secret_is_ever_logged() {
    for options in [OBO, HOSTING] {
        let server = Fixture::start(&options).await;
        let token = server.token("alice");
        for (tool, arguments) in [
            ("azmcp_storage_blob_container_list", json!({"account": "contosodocs"})),
            ("azmcp_keyvault_secret_list", json!({"vault": "contoso-keys"})),
            (
                "azmcp_cosmos_database_container_item_query",
                json!({"account": "contoso-orders", "database": "shop", "container": "orders"}),
            ),
        ] {
            server.call(&token, tool, arguments).await;
        }
        let log = server.log.everything();
        assert!(log.len() > 1_000, "something was logged");
        assert!(!log.contains("eyJ"), "a token is in the log");
        assert!(!log.contains(entra_emulator::API_CLIENT_SECRET), "the secret is in the log");
    }
}
