//! Tools that write: marked, hidden where nothing may be written, and never repeated.

use std::collections::BTreeSet;

use entra_emulator::{Fault, NetworkFault, Place};
use serde_json::{Value, json};

use crate::support::{Fixture, HOSTING, OBO};

const WRITERS: [&str; 3] =
    ["azmcp_communication_sms_send", "azmcp_communication_email_send", "azmcp_confidentialledger_entries_append"];

fn names(tools: &[Value]) -> BTreeSet<&str> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

fn sms() -> Value {
    json!({"endpoint": "contoso-comms", "from": "+14255550100", "to": ["+14255550123", "+14255550124"], "message": "hello"})
}

#[tokio::test]
async fn writers_are_marked_as_destructive_and_no_other_tool_is() {
    let server = Fixture::start(&HOSTING).await;
    for tool in server.tools().await {
        let writes = WRITERS.contains(&tool["name"].as_str().unwrap());
        let hints = &tool["annotations"];
        assert_eq!((&hints["destructiveHint"], &hints["readOnlyHint"]), (&json!(writes), &json!(!writes)), "{tool}");
    }
}

#[tokio::test]
async fn a_server_that_only_reads_hides_them_and_refuses_them() {
    let server = Fixture::start(&[&HOSTING[..], &["--read-only"]].concat()).await;
    let tools = server.tools().await;
    let names = names(&tools);
    assert!(WRITERS.iter().all(|writer| !names.contains(writer)) && names.len() == azure_tools::tools::all().len() - 3);
    for writer in WRITERS {
        assert_eq!(server.call_as("alice", writer, sms()).await.failure()["kind"], "read_only", "{writer}");
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.client_credentials, counters.azure.len()), (0, 0));
}

#[tokio::test]
async fn acting_for_users_they_are_listed_with_their_limitation() {
    let server = Fixture::start(&OBO).await;
    for tool in server.tools().await {
        let name = tool["name"].as_str().unwrap();
        let limited = tool["description"].as_str().unwrap().contains("NOT AVAILABLE here");
        let expected = WRITERS.contains(&name)
            || ["item_query", "gethealth", "entries_get"].iter().any(|part| name.ends_with(part));
        assert_eq!(limited, expected, "{name}");
    }
}

#[tokio::test]
async fn what_failed_half_way_is_not_sent_again() {
    let server = Fixture::start(&HOSTING).await;
    for fault in [Fault::Unavailable, Fault::Throttled(1), Fault::Reset] {
        server.emulator.control().set_fault(Place::Communication, "", fault.clone());
        let before = server.served().get("communication").map_or(0, |by| by.values().sum::<u64>());
        let failure = server.call_as("alice", "azmcp_communication_sms_send", sms()).await.failure();
        let after = server.served()["communication"].values().sum::<u64>();
        assert_eq!(after, before + 1, "{fault:?}: {failure}");
    }
    server.emulator.control().clear_fault(Place::Communication, "");
    let sent = server.call_as("alice", "azmcp_communication_sms_send", sms()).await.result();
    assert_eq!(sent["recipients"].as_array().unwrap().len(), 2);
    assert!(sent["recipients"][0]["messageId"].is_string() && sent["recipients"][0]["successful"] == true, "{sent}");
}

#[tokio::test]
async fn an_entry_can_be_read_back_from_its_collection() {
    let server = Fixture::start(&HOSTING).await;
    let written = json!({"ledger": "Contoso-Ledger", "content": "{\"paid\": 3}", "collection-id": "audit:1"});
    let written = server.call_as("alice", "azmcp_confidentialledger_entries_append", written).await.result();
    assert_eq!((&written["state"], &written["collectionId"]), (&json!("Committed"), &json!("audit:1")), "{written}");
    let wanted = json!({
        "ledger": "contoso-ledger", "transaction-id": written["transactionId"], "collection-id": "audit:1",
        "resource-group": "contoso-data",
    });
    let read = server.call_as("bob", "azmcp_confidentialledger_entries_get", wanted).await.result();
    assert_eq!(read["contents"], "{\"paid\": 3}");
    let elsewhere = json!({"ledger": "contoso-ledger", "transaction-id": written["transactionId"]});
    let failure = server.call_as("bob", "azmcp_confidentialledger_entries_get", elsewhere).await.failure();
    assert_eq!(failure["kind"], "service_not_found", "{failure}");
    assert_eq!(server.emulator.counters().ledger_identity, 1);
}

#[tokio::test]
async fn a_ledger_is_trusted_by_its_own_certificate_alone_which_is_fetched_anew_when_it_fails() {
    let server = Fixture::start(&HOSTING).await;
    let host = "contoso-ledger.confidential-ledger.azure.com";
    let append = || {
        let entry = json!({"ledger": "contoso-ledger", "content": "paid"});
        server.call_as("alice", "azmcp_confidentialledger_entries_append", entry)
    };
    server.emulator.control().set_network_fault(host, NetworkFault::ForeignAuthority);
    let failure = append().await.failure();
    assert!(failure["kind"].as_str().unwrap().starts_with("tls_"), "{failure}");
    assert_eq!(server.emulator.counters().ledger_identity, 2, "asked again, once");
    assert_eq!(server.served().get("ledger"), None, "nothing was sent");

    // By now the server knows a certificate that is withdrawn here.
    server.emulator.control().renew_ledger_authority();
    server.emulator.control().clear_network_fault(host);
    assert_eq!(append().await.result()["state"], "Committed");
    assert_eq!(append().await.result()["state"], "Committed");
    assert_eq!(server.emulator.counters().ledger_identity, 3);
}
