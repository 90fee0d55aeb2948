//! Arguments: what is not of their grammar reaches nobody.

use serde_json::{Value, json};

use crate::support::{Fixture, HOSTING, OBO};

#[tokio::test]
async fn what_no_name_can_be_is_refused_before_anybody_is_asked() {
    let server = Fixture::start(&HOSTING).await;
    let sms = |changes: Value| {
        let mut all =
            json!({"endpoint": "contoso-comms", "from": "+14255550100", "to": ["+14255550123"], "message": "x"});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    let containers = "azmcp_storage_blob_container_list";
    let item = "azmcp_cosmos_database_container_item_query";
    let get = "azmcp_confidentialledger_entries_get";
    for (name, tool, arguments) in [
        ("an unknown argument", "azmcp_group_list", json!({"subscripton": "x"})),
        ("no account", containers, json!({})),
        ("a path", containers, json!({"account": "a/../b"})),
        ("a host", containers, json!({"account": "evil.example"})),
        ("another case", containers, json!({"account": "ContosoDocs"})),
        ("a group that climbs", containers, json!({"account": "contosodocs", "resource-group": ".."})),
        ("a group with a query", containers, json!({"account": "contosodocs", "resource-group": "a?b"})),
        ("a subscription with a line break", "azmcp_group_list", json!({"subscription": "a\nb"})),
        ("a tenant that is none", "azmcp_group_list", json!({"tenant": "a b"})),
        ("too many", "azmcp_group_list", json!({"top": 501})),
        ("none", "azmcp_group_list", json!({"top": 0})),
        ("too far", "azmcp_group_list", json!({"skip": 10_001})),
        ("a negative number", "azmcp_group_list", json!({"skip": -1})),
        ("two hyphens", "azmcp_keyvault_secret_list", json!({"vault": "a--b"})),
        ("a database that climbs", item, json!({"account": "abc", "database": "..", "container": "c"})),
        ("a container with a slash", item, json!({"account": "abc", "database": "d", "container": "c/docs"})),
        (
            "a continuation with a header in it",
            item,
            json!({"account": "abc", "database": "d", "container": "c", "continuation": "a\r\nb: c"}),
        ),
        ("a transaction that is none", get, json!({"ledger": "contoso-ledger", "transaction-id": "2.15/status"})),
        ("a ledger that is none", get, json!({"ledger": "a.b", "transaction-id": "2.15"})),
        ("an endpoint with a path", "azmcp_communication_sms_send", sms(json!({"endpoint": "https://a.b/c"}))),
        ("an endpoint with a user", "azmcp_communication_sms_send", sms(json!({"endpoint": "https://a@b"}))),
        ("a number that is none", "azmcp_communication_sms_send", sms(json!({"to": ["0123"]}))),
        ("nobody", "azmcp_communication_sms_send", sms(json!({"to": []}))),
        ("everybody", "azmcp_communication_sms_send", sms(json!({"to": vec!["+14255550123"; 101]}))),
        ("no text", "azmcp_communication_sms_send", sms(json!({"message": " "}))),
    ] {
        let failure = server.call_as("alice", tool, arguments).await.failure();
        assert_eq!(
            (&failure["kind"], &failure["who"]),
            (&json!("invalid_arguments"), &json!("you")),
            "{name}: {failure}"
        );
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.client_credentials, counters.azure.len()), (0, 0));
}

#[tokio::test]
async fn another_tenant_than_the_callers_is_refused() {
    let server = Fixture::start(&OBO).await;
    let arguments = json!({"tenant": "00000000-1111-4222-8333-444444444444"});
    assert_eq!(server.call_as("alice", "azmcp_group_list", arguments).await.failure()["kind"], "wrong_tenant");
    let own = json!({"tenant": entra_emulator::TENANT_ID.to_uppercase()});
    server.call_as("alice", "azmcp_group_list", own).await.result();
}

#[tokio::test]
async fn schemas_name_one_type_each_and_take_nothing_else() {
    let server = Fixture::start(&OBO).await;
    let tools = server.tools().await;
    assert_eq!(tools.len(), azure_tools::tools::all().len());
    for tool in tools {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["additionalProperties"], false, "{tool}");
        for (name, property) in schema["properties"].as_object().unwrap() {
            assert!(property["type"].is_string(), "{}: {name}: {property}", tool["name"]);
            assert!(property["description"].as_str().is_some_and(|it| !it.is_empty()), "{}: {name}", tool["name"]);
            assert!(!name.contains('_'), "{name}");
        }
    }
}
