//! Each tool as each caller, under both strategies: what it gives, or how it is refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Answer, Fixture, HOSTING, OBO};

struct Row {
    tool: &'static str,
    arguments: Value,
    /// As alice, bob and norole, each acted for.
    acted_for: [&'static str; 3],
    /// As the server itself, whoever calls.
    hosted: &'static str,
}

const DELEGABLE: [&str; 7] = [
    "azmcp_subscription_list",
    "azmcp_group_list",
    "azmcp_storage_account_list",
    "azmcp_storage_blob_container_list",
    "azmcp_keyvault_secret_list",
    "azmcp_appconfig_kv_list",
    "azmcp_cosmos_account_list",
];

const NO_SCOPE: [&str; 3] = ["no_delegated_scope"; 3];
const CONTAINERS: &str = "archive,contracts,invoices,policies,reports";
const SECRETS: &str = "api-signing-key,orders-webhook,payments-token,smtp-password,telemetry-key";
const SETTINGS: &str = ".appconfig.featureflag/NewCheckout,Shop:Banner,Shop:Banner,Shop:Currency,Shop:MaxItems,Shop:MaxItems,\
                        Telemetry:Level";

fn row(tool: &'static str, arguments: Value, acted_for: [&'static str; 3], hosted: &'static str) -> Row {
    Row { tool, arguments, acted_for, hosted }
}

fn table() -> Vec<Row> {
    let comms = "https://contoso-comms.unitedstates.communication.azure.com";
    vec![
        row(
            "azmcp_subscription_list",
            json!({}),
            ["Contoso Production,Contoso Development", "Contoso Production", ""],
            "Contoso Production",
        ),
        row(
            "azmcp_group_list",
            json!({}),
            ["contoso,contoso-data,contoso-network", "contoso-data", "forbidden_role"],
            "contoso,contoso-data,contoso-network",
        ),
        row(
            "azmcp_group_list",
            json!({"subscription": "contoso development"}),
            ["contoso-lab", "subscription_unclear", "subscription_unclear"],
            "subscription_unclear",
        ),
        row(
            "azmcp_storage_account_list",
            json!({}),
            ["contosodocs,contosologs,contosorogue", "contosodocs", "forbidden_role"],
            "contosodocs,contosologs,contosorogue",
        ),
        row(
            "azmcp_storage_account_list",
            json!({"resource-group": "contoso-data"}),
            ["contosodocs", "contosodocs", "forbidden_role"],
            "contosodocs",
        ),
        row(
            "azmcp_storage_blob_container_list",
            json!({"account": "contosodocs"}),
            [CONTAINERS, CONTAINERS, "forbidden_role"],
            CONTAINERS,
        ),
        row(
            "azmcp_storage_blob_container_list",
            json!({"account": "contosologs"}),
            ["audit,diagnostics,signins", "service_not_found", "forbidden_role"],
            "audit,diagnostics,signins",
        ),
        row(
            "azmcp_storage_blob_container_list",
            json!({"account": "contosodocs", "resource-group": "contoso-data", "prefix": "re"}),
            ["reports", "reports", "forbidden_role"],
            "reports",
        ),
        row(
            "azmcp_keyvault_secret_list",
            json!({"vault": "contoso-keys"}),
            [SECRETS, "forbidden_role", "forbidden_role"],
            SECRETS,
        ),
        row(
            "azmcp_appconfig_kv_list",
            json!({"account": "contoso-settings"}),
            [SETTINGS, SETTINGS, "forbidden_role"],
            SETTINGS,
        ),
        row(
            "azmcp_appconfig_kv_list",
            json!({"account": "contoso-settings", "key": "Shop:*", "label": "test"}),
            ["Shop:Banner,Shop:MaxItems", "Shop:Banner,Shop:MaxItems", "forbidden_role"],
            "Shop:Banner,Shop:MaxItems",
        ),
        row(
            "azmcp_cosmos_account_list",
            json!({}),
            ["contoso-orders", "contoso-orders", "forbidden_role"],
            "contoso-orders",
        ),
        row(
            "azmcp_cosmos_database_container_item_query",
            json!({"account": "contoso-orders", "database": "shop", "container": "customers"}),
            NO_SCOPE,
            "fabrikam,northwind,tailwind",
        ),
        row(
            "azmcp_monitor_healthmodels_entity_gethealth",
            json!({"model-name": "contoso-health", "entity": "orders-api", "resource-group": "contoso"}),
            NO_SCOPE,
            "Degraded,Unhealthy,Degraded",
        ),
        row(
            "azmcp_communication_sms_send",
            json!({"endpoint": comms, "from": "+14255550100", "to": ["+14255550123"], "message": "hello"}),
            NO_SCOPE,
            "+14255550123",
        ),
        row(
            "azmcp_communication_email_send",
            json!({
                "endpoint": "contoso-comms", "from": "shop@contoso.com", "to": ["someone@example.com"], "subject": "hello",
                "message": "you",
            }),
            NO_SCOPE,
            "Succeeded",
        ),
        row(
            "azmcp_confidentialledger_entries_append",
            json!({"ledger": "contoso-ledger", "content": "paid"}),
            NO_SCOPE,
            "Committed",
        ),
        row(
            "azmcp_confidentialledger_entries_get",
            json!({"ledger": "contoso-ledger", "transaction-id": "2.15"}),
            NO_SCOPE,
            "paid",
        ),
    ]
}

/// Says in one line what came of a call.
fn seen(answer: &Answer) -> String {
    let body = answer.json();
    if body["result"]["isError"] == true {
        return answer.failure()["kind"].as_str().unwrap().to_owned();
    }
    let result = answer.result();
    let word = |one: &Value| {
        // Documents have names of their own.
        let names =
            if one["_ts"].is_number() { &["id"][..] } else { &["displayName", "name", "key", "newState", "to"] };
        names.iter().find_map(|name| one[*name].as_str()).unwrap_or_else(|| panic!("{one}")).to_owned()
    };
    if let Some(list) = result.as_object().unwrap().values().find_map(Value::as_array) {
        assert_ne!(result["truncated"], json!(true), "{result}");
        return list.iter().map(word).collect::<Vec<_>>().join(",");
    }
    let one = ["contents", "state", "status"].iter().find_map(|name| result[*name].as_str());
    one.unwrap_or_else(|| panic!("{result}")).to_owned()
}

#[tokio::test]
async fn acting_for_users_each_gets_what_that_user_may_see() {
    let server = Fixture::start(&OBO).await;
    let users = ["alice", "bob", "norole"];
    for Row { tool, arguments, acted_for, .. } in table() {
        for (user, expected) in users.iter().zip(acted_for) {
            let before = (server.emulator.counters(), server.served());
            let answer = server.call_as(user, tool, arguments.clone()).await;
            assert_eq!(seen(&answer), expected, "{tool} {arguments} as {user}: {answer:?}");
            let after = server.emulator.counters();
            assert_eq!(after.client_credentials, 0, "{tool}: nobody else acted");
            if expected == "no_delegated_scope" {
                assert_eq!((after.obo, &after.azure), (before.0.obo, &before.1), "{tool}: nobody was asked");
            } else {
                assert!(
                    after.azure["management"].get(*user) > before.1.get("management").and_then(|it| it.get(*user)),
                    "{tool}"
                );
            }
        }
    }
    let counters = server.emulator.counters();
    assert!(
        counters.azure.values().all(|by| by.keys().all(|who| users.contains(&who.as_str()))),
        "{:?}",
        counters.azure
    );
    assert_eq!((counters.azure_local.len(), counters.ledger_identity), (0, 0));
    let hosts: BTreeSet<_> = counters.connects.keys().map(String::as_str).collect();
    assert!(!hosts.iter().any(|host| host.contains("documents") || host.contains("communication")), "{hosts:?}");
}

#[tokio::test]
async fn as_the_server_itself_everybody_gets_the_same() {
    let server = Fixture::start(&HOSTING).await;
    for Row { tool, arguments, hosted, .. } in table() {
        for user in ["alice", "bob", "norole"] {
            let answer = server.call_as(user, tool, arguments.clone()).await;
            assert_eq!(seen(&answer), hosted, "{tool} {arguments} as {user}: {answer:?}");
        }
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.azure_local.len()), (0, 0));
    assert_eq!(counters.client_credentials, 8, "one token for each service");
    assert_eq!(counters.ledger_identity, 1, "the ledger's certificate is fetched once");
    for (service, by) in &counters.azure {
        let who: Vec<_> = by.keys().map(String::as_str).collect();
        assert_eq!(who, [entra_emulator::API_CLIENT_ID], "{service}");
    }
}

#[tokio::test]
async fn the_table_has_every_tool() {
    let all: BTreeSet<_> = azure_tools::tools::all().iter().map(|tool| tool.spec().name).collect();
    let rows: BTreeSet<_> = table().iter().map(|row| row.tool).collect();
    assert_eq!(rows, all);
    let delegable: BTreeSet<_> = table().iter().filter(|row| row.acted_for != NO_SCOPE).map(|row| row.tool).collect();
    assert_eq!(delegable, BTreeSet::from(DELEGABLE));
}
