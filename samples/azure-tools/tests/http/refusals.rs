//! What callers are told when a service refuses, and what never happens then.

use entra_emulator::{API_CLIENT_ID, AzureRole, Config, Emulator, Fault, Place, SUBSCRIPTION_ID};
use serde_json::{Value, json};

use crate::support::{Fixture, HOSTING, OBO, config};

const CONTAINERS: &str = "azmcp_storage_blob_container_list";
const QUERY: &str = "azmcp_cosmos_database_container_item_query";
const NOROLE: &str = "a1a1a1a1-0000-4000-8000-000000000003";
const BOB: &str = "a1a1a1a1-0000-4000-8000-000000000002";

fn command(failure: &Value, shell: &str) -> String {
    failure["command"][shell].as_str().unwrap_or_else(|| panic!("{failure}")).to_owned()
}

fn query() -> Value {
    json!({"account": "contoso-orders", "database": "shop", "container": "orders"})
}

#[tokio::test]
async fn whoever_lacks_a_role_is_told_which_with_a_line_to_paste() {
    let server = Fixture::start(&OBO).await;
    let failure = server.call_as("norole", "azmcp_group_list", json!({})).await.failure();
    assert_eq!(
        (&failure["kind"], &failure["who"]),
        (&json!("forbidden_role"), &json!("an administrator of the tenant"))
    );
    let expected = format!(
        "az role assignment create --assignee-object-id {NOROLE} --assignee-principal-type User --role Reader --scope \
         /subscriptions/{SUBSCRIPTION_ID}"
    );
    assert_eq!(command(&failure, "bash"), expected);
    assert!(failure["ids"].to_string().contains("AuthorizationFailed"), "{failure}");

    let failure = server.call_as("bob", "azmcp_keyvault_secret_list", json!({"vault": "contoso-keys"})).await.failure();
    let vault = format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/contoso-data/providers/Microsoft.KeyVault/vaults/contoso-keys"
    );
    let expected = format!(
        "az role assignment create --assignee-object-id {BOB} --assignee-principal-type User --role 'Key Vault Reader' \
         --scope {vault}"
    );
    assert_eq!((command(&failure, "bash"), &failure["service"]), (expected, &json!("Azure Key Vault")));
    assert!(failure["ids"].to_string().contains("ForbiddenByRbac"), "{failure}");

    server.emulator.control().remove_azure_role("bob", AzureRole::StorageBlobDataReader);
    let failure = server.call_as("bob", CONTAINERS, json!({"account": "contosodocs"})).await.failure();
    assert!(command(&failure, "powerShell").contains("--role 'Storage Blob Data Reader'"), "{failure}");
    assert!(failure["ids"].to_string().contains("AuthorizationPermissionMismatch"), "{failure}");
}

#[tokio::test]
async fn a_cosmos_refusal_is_explained_in_full() {
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    let config = Config::default().with_azure_role(API_CLIENT_ID, AzureRole::Reader, &scope);
    let server = Fixture::over(Emulator::start(config).await.unwrap(), &HOSTING, &[]).await;
    let failure = server.call_as("alice", QUERY, query()).await.failure();
    assert_eq!((&failure["kind"], &failure["service"]), (&json!("forbidden_role"), &json!("Azure Cosmos DB")));
    let cure = failure["cure"].as_str().unwrap();
    for part in ["00000000-0000-0000-0000-000000000001", "/dbs/", "/colls/", "minutes"] {
        assert!(cure.contains(part), "{part}: {cure}");
    }
    assert!(!cure.contains("00000000-0000-0000-0000-000000000002"), "{cure}");
    for shell in ["bash", "powerShell"] {
        let line = command(&failure, shell);
        assert!(line.starts_with("az cosmosdb sql role assignment create --account-name contoso-orders"), "{line}");
        for part in [
            "--resource-group contoso-data",
            "--scope '/'",
            "--principal-id ",
            "--role-definition-id 00000000-0000-0000-0000-000000000001",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains('<'), "everything is filled in: {line}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_the_services_gets_nothing() {
    for options in [OBO, HOSTING] {
        let server = Fixture::start(&options).await;
        let failure = server.call_as("alice", CONTAINERS, json!({"account": "contosorogue"})).await.failure();
        assert_eq!((&failure["kind"], &failure["service"]), (&json!("foreign_endpoint"), &json!("Azure Storage")));
        let counters = server.emulator.counters();
        assert_eq!(counters.obo + counters.client_credentials, 1, "no token of Storage's was even asked for");
        let asked: Vec<_> = counters.connects.keys().chain(counters.connects_refused.keys()).collect();
        assert!(asked.iter().all(|host| !host.contains("evil") && !host.contains("blob")), "{asked:?}");
    }
}

#[tokio::test]
async fn no_data_plane_is_called_where_its_record_leads_elsewhere() {
    let sms = json!({"endpoint": "contoso-comms", "from": "+14255550100", "to": ["+14255550123"], "message": "x"});
    let entry = json!({"ledger": "contoso-ledger", "content": "paid"});
    let health = json!({"model-name": "contoso-health", "entity": "shop"});
    for (resource, tool, arguments) in [
        ("contosodocs", CONTAINERS, json!({"account": "contosodocs"})),
        ("contoso-keys", "azmcp_keyvault_secret_list", json!({"vault": "contoso-keys"})),
        ("contoso-settings", "azmcp_appconfig_kv_list", json!({"account": "contoso-settings"})),
        ("contoso-orders", QUERY, query()),
        ("contoso-health", "azmcp_monitor_healthmodels_entity_gethealth", health),
        ("contoso-comms", "azmcp_communication_sms_send", sms),
        ("contoso-ledger", "azmcp_confidentialledger_entries_append", entry),
    ] {
        for endpoint in ["https://evil.example/", "https://contoso.graph.microsoft.com", "http://127.0.0.1:9/"] {
            let config = config().with_azure_endpoint(resource, endpoint);
            let server = Fixture::over(Emulator::start(config).await.unwrap(), &HOSTING, &[]).await;
            let failure = server.call_as("alice", tool, arguments.clone()).await.failure();
            assert_eq!(failure["kind"], "foreign_endpoint", "{tool} {endpoint}: {failure}");
            let counters = server.emulator.counters();
            assert_eq!((counters.client_credentials, counters.ledger_identity), (1, 0), "{tool}: Resource Manager's");
            assert_eq!(counters.connects_refused.len(), 0, "{tool}");
        }
    }
}

#[tokio::test]
async fn what_a_sign_in_can_cure_becomes_a_challenge_also_through_an_sdk() {
    let server = Fixture::start(&OBO).await;
    let challenged = server.call_as("mfa", "azmcp_subscription_list", json!({})).await;
    assert_eq!(challenged.status, 401, "{challenged:?}");
    let header = challenged.headers["www-authenticate"].to_str().unwrap();
    assert!(header.contains("insufficient_claims") || header.contains("claims="), "{header}");

    // Of the two services behind an SDK only Key Vault evaluates continuously.
    let secrets = || server.call_as("alice", "azmcp_keyvault_secret_list", json!({"vault": "contoso-keys"}));
    server.emulator.control().set_fault(Place::Vault, "alice", Fault::CaeUntilMet);
    assert_eq!(secrets().await.result()["secrets"].as_array().unwrap().len(), 5, "a new token meets it");
    server.emulator.control().set_fault(Place::Vault, "alice", Fault::Cae);
    let challenged = secrets().await;
    assert_eq!(challenged.status, 401, "{challenged:?}");
    assert!(challenged.headers["www-authenticate"].to_str().unwrap().contains("claims="), "{challenged:?}");
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_where_the_servers_own_identity_is_challenged() {
    let lent = [&OBO[..], &["--hosting-identity-for", "keyvault"]].concat();
    let server = Fixture::start(&lent).await;
    server.emulator.control().set_fault(Place::Vault, "", Fault::Cae);
    let answer = server.call_as("alice", "azmcp_keyvault_secret_list", json!({"vault": "contoso-keys"})).await;
    assert_eq!(answer.header("www-authenticate"), None, "{answer:?}");
    let failure = answer.failure();
    assert_eq!(
        (&failure["kind"], &failure["who"]),
        (&json!("identity_challenged"), &json!("the operator of this server"))
    );
}

#[tokio::test]
async fn a_resource_is_found_by_its_whole_name() {
    let server = Fixture::start(&OBO).await;
    for (name, account, group) in [
        ("the beginning", "contosodoc", None),
        ("more than it", "contosodocs1", None),
        ("the beginning, in its group", "contosodoc", Some("contoso-data")),
    ] {
        let arguments = match group {
            Some(group) => json!({"account": account, "resource-group": group}),
            None => json!({"account": account}),
        };
        let failure = server.call_as("alice", CONTAINERS, arguments).await.failure();
        assert_eq!(failure["kind"], "service_not_found", "{name}: {failure}");
    }
    assert_eq!(server.served().get("storage"), None, "no data plane was asked");
}

#[tokio::test]
async fn a_pause_is_passed_on_and_nothing_is_repeated() {
    let lent = [&OBO[..], &["--hosting-identity-for", "cosmos"]].concat();
    let server = Fixture::over(Emulator::start(config()).await.unwrap(), &lent, &[]).await;
    let vault = json!({"vault": "contoso-keys"});
    let settings = json!({"account": "contoso-settings"});
    for (place, service, tool, arguments, pause) in [
        (Place::Storage, "storage", CONTAINERS, json!({"account": "contosodocs"}), json!(7)),
        // It says no time.
        (Place::Vault, "key_vault", "azmcp_keyvault_secret_list", vault, Value::Null),
        (Place::AppConfiguration, "app_configuration", "azmcp_appconfig_kv_list", settings, json!(7)),
        // In milliseconds, in a header of its own.
        (Place::Cosmos, "cosmos", QUERY, query(), json!(7)),
        (Place::Management, "management", "azmcp_group_list", json!({}), json!(7)),
    ] {
        let asked = || server.served().get(service).map_or(0, |by| by.values().sum::<u64>());
        let before = asked();
        server.emulator.control().set_fault(place, "", Fault::Throttled(7));
        let failure = server.call_as("alice", tool, arguments).await.failure();
        assert_eq!((&failure["kind"], &failure["retryAfter"]), (&json!("throttled"), &pause), "{service}: {failure}");
        assert_eq!(failure["cure"].as_str().unwrap().contains("the time given"), pause.is_number(), "{service}");
        assert_eq!(asked(), before + 1, "{service}: asked once");
        server.emulator.control().clear_fault(place, "");
    }
}

#[tokio::test]
async fn the_refusal_names_the_service_and_both_ways_out() {
    let server = Fixture::start(&OBO).await;
    let failure = server.call_as("alice", QUERY, query()).await.failure();
    assert_eq!((&failure["kind"], &failure["service"]), (&json!("no_delegated_scope"), &json!("Azure Cosmos DB")));
    let cure = failure["cure"].as_str().unwrap();
    let line = "azure-tools server start --transport http --outgoing-auth-strategy UseHostingEnvironmentIdentity";
    assert!(cure.contains(line) && cure.contains("--transport stdio"), "{cure}");
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.azure.len()), (0, 0));
}

#[tokio::test]
async fn a_missing_consent_is_told_as_that() {
    let config = Config::default().without_consent("https://storage.azure.com");
    let server = Fixture::over(Emulator::start(config).await.unwrap(), &OBO, &[]).await;
    let failure = server.call_as("alice", CONTAINERS, json!({"account": "contosodocs"})).await.failure();
    assert_eq!((&failure["kind"], &failure["service"]), (&json!("consent_required"), &json!("Azure Storage")));
    assert!(failure["cause"].as_str().unwrap().contains("user_impersonation of Azure Storage"), "{failure}");
    assert_eq!(server.served().get("storage"), None);
}
