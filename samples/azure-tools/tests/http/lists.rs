//! Lists: pages, limits, and what is said of the rest.

use serde_json::{Value, json};

use crate::support::{Fixture, HOSTING, OBO};

fn names(result: &Value, list: &str, name: &str) -> Vec<String> {
    result[list].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_read_in_parts_that_say_where_they_go_on() {
    let server = Fixture::start(&OBO).await;
    for (tool, mut arguments, list, name, expected) in [
        (
            "azmcp_storage_blob_container_list",
            json!({"account": "contosodocs"}),
            "containers",
            "name",
            &["archive", "contracts", "invoices", "policies", "reports"][..],
        ),
        (
            "azmcp_keyvault_secret_list",
            json!({"vault": "contoso-keys"}),
            "secrets",
            "name",
            &["api-signing-key", "orders-webhook", "payments-token", "smtp-password", "telemetry-key"],
        ),
        ("azmcp_group_list", json!({}), "groups", "name", &["contoso", "contoso-data", "contoso-network"]),
        ("azmcp_storage_account_list", json!({}), "accounts", "name", &["contosodocs", "contosologs", "contosorogue"]),
        (
            "azmcp_appconfig_kv_list",
            json!({"account": "contoso-settings", "key": "Shop:*"}),
            "settings",
            "key",
            &["Shop:Banner", "Shop:Banner", "Shop:Currency", "Shop:MaxItems", "Shop:MaxItems"],
        ),
    ] {
        let (mut found, mut skip) = (Vec::new(), 0);
        loop {
            (arguments["top"], arguments["skip"]) = (json!(2), json!(skip));
            let part = server.call_as("alice", tool, arguments.clone()).await.result();
            found.extend(names(&part, list, name));
            if part["truncated"] == false {
                break;
            }
            skip += 2;
            assert_eq!(part["rest"], format!("There are more: call again with skip={skip}."), "{tool}");
        }
        assert_eq!(found, expected, "{tool}");
    }
}

#[tokio::test]
async fn a_query_goes_on_where_the_service_said() {
    let server = Fixture::start(&HOSTING).await;
    let mut arguments = json!({"account": "contoso-orders", "database": "shop", "container": "orders", "top": 2});
    let mut found = Vec::new();
    loop {
        let part =
            server.call_as("norole", "azmcp_cosmos_database_container_item_query", arguments.clone()).await.result();
        found.extend(names(&part, "items", "id"));
        assert!(part["items"].as_array().unwrap().len() <= 2 && part["items"][0].get("_rid").is_none(), "{part}");
        if part["truncated"] == false {
            break;
        }
        arguments["continuation"] = part["continuation"].clone();
    }
    found.sort();
    assert_eq!(found, ["o-1001", "o-1002", "o-1003", "o-1004", "o-1005"]);
    arguments["continuation"] = Value::Null;
    arguments["query"] = json!("SELECT * FROM c WHERE c.customer = 'northwind'");
    let part = server.call_as("norole", "azmcp_cosmos_database_container_item_query", arguments).await.result();
    assert_eq!(names(&part, "items", "id"), ["o-1003", "o-1004"]);
}

#[tokio::test]
async fn no_list_shows_a_secret() {
    let server = Fixture::start(&OBO).await;
    let result = server.call_as("alice", "azmcp_keyvault_secret_list", json!({"vault": "contoso-keys"})).await.result();
    let one = result["secrets"][0].as_object().unwrap();
    let mut members: Vec<_> = one.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        ["contentType", "created", "enabled", "expires", "managedByCertificate", "name", "notBefore", "updated"]
    );
    assert_eq!(server.emulator.counters().vault_secrets, 0, "no value was read");
}
