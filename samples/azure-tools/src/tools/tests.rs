//! Services that answer as none should, and what becomes of the call then.

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    time::{Duration, OffsetDateTime},
};
use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::{
    EntraApp,
    cloud::Cloud,
    fetch::{Egress, HttpClient},
};
use mcp_obo::{Catalogue, HostingIdentity, outgoing::ActingAs};
use serde_json::{Value, json};
use server_kit::failure::{Context, Failure};
use tower::service_fn;

use super::{LONGEST, all};
use crate::{
    acting::{Acting, Incoming, Session},
    azure::Azure,
    services::Service,
};

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const SUBSCRIPTION: &str = "11111111-0000-4000-8000-000000000001";

/// The host's credential.
#[derive(Debug)]
struct Host;

#[async_trait::async_trait]
impl TokenCredential for Host {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new("a-token", OffsetDateTime::now_utc() + Duration::HOUR))
    }
}

/// Calls a tool as the host, with a network that answers so.
async fn call(
    tool: &str,
    arguments: Value,
    answer: impl Fn(&Request<Bytes>) -> Response<Bytes> + Clone + Send + Sync + 'static,
) -> Result<Value, Failure> {
    call_over(tool, arguments, HttpClient::new(service_fn(move |request| ready(Ok::<_, Infallible>(answer(&request))))))
        .await
}

async fn call_over(tool: &str, arguments: Value, http: HttpClient) -> Result<Value, Failure> {
    let app = EntraApp::single_tenant_over(http.clone(), TENANT, SUBSCRIPTION).unwrap();
    let identity = HostingIdentity::from_azure(&app, Arc::new(Host));
    let places = Service::ALL.into_iter().filter_map(|service| service.place(Cloud::Public));
    let acting = Acting {
        strategy: ActingAs::HostingIdentity,
        hosting: Some(places.fold(identity, |identity, place| identity.add_target(&place.target()))),
        lent_for: Default::default(),
        catalogue: Catalogue::known(),
        cloud: Cloud::Public,
        restart_line: String::new(),
    };
    let context = Context { tenant_url: String::new(), client_id: String::new(), acting_as: ActingAs::HostingIdentity };
    let azure = Azure::over(Cloud::Public, http, &Egress::default(), context).unwrap();
    let tools = all();
    let tool = tools.iter().find(|one| one.spec().name == tool).unwrap();
    let session = Session::begin(&azure, &acting, Incoming::Stdio, tool.spec()).unwrap();
    tool.run(&session, arguments.as_object().unwrap().clone()).await
}

fn id(provider: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{provider}/{name}")
}

fn body(text: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(text.into())
}

/// Resource Manager's list of the one resource that there is.
fn record(provider: &str, name: &str, properties: &Value) -> Response<Bytes> {
    let record = json!({"id": id(provider, name), "name": name, "properties": properties});
    body(json!({"value": [record]}).to_string())
}

fn is_arm(request: &Request<Bytes>) -> bool {
    request.uri().host() == Some("management.azure.com")
}

fn vault() -> Response<Bytes> {
    record("Microsoft.KeyVault/vaults", "mine", &json!({"vaultUri": "https://mine.vault.azure.net/"}))
}

fn blobs() -> Response<Bytes> {
    let endpoints = json!({"primaryEndpoints": {"blob": "https://mine.blob.core.windows.net/"}});
    record("Microsoft.Storage/storageAccounts", "mine", &endpoints)
}

fn documents() -> Response<Bytes> {
    let endpoint = json!({"documentEndpoint": "https://mine.documents.azure.com:443/"});
    record("Microsoft.DocumentDB/databaseAccounts", "mine", &endpoint)
}

#[tokio::test]
async fn a_list_of_empty_pages_comes_to_an_end() {
    let vaults = |request: &Request<Bytes>| {
        let next = "https://mine.vault.azure.net/secrets?api-version=2025-07-01&$skiptoken=again";
        if is_arm(request) { vault() } else { body(json!({"value": [], "nextLink": next}).to_string()) }
    };
    let containers = |request: &Request<Bytes>| {
        let page = "<?xml version=\"1.0\"?><EnumerationResults ServiceEndpoint=\"https://mine.blob.core.windows.net/\">\
                    <Containers/><NextMarker>again</NextMarker></EnumerationResults>";
        if is_arm(request) { blobs() } else { body(page) }
    };
    let arguments = |name: &str| json!({name: "mine", "subscription": SUBSCRIPTION});
    for (name, answer) in [
        ("secrets", call("azmcp_keyvault_secret_list", arguments("vault"), vaults).await),
        ("containers", call("azmcp_storage_blob_container_list", arguments("account"), containers).await),
    ] {
        let failure = answer.unwrap_err();
        assert_eq!(failure.kind, "too_many_pages", "{name}: {failure:?}");
    }
}

#[tokio::test]
async fn an_answer_that_no_sdk_can_read_is_the_services_fault() {
    for page in ["<html>", "{"] {
        let vaults = move |request: &Request<Bytes>| if is_arm(request) { vault() } else { body(page) };
        let containers = move |request: &Request<Bytes>| if is_arm(request) { blobs() } else { body(page) };
        let arguments = |name: &str| json!({name: "mine", "subscription": SUBSCRIPTION});
        for (name, answer) in [
            ("secrets", call("azmcp_keyvault_secret_list", arguments("vault"), vaults).await),
            ("containers", call("azmcp_storage_blob_container_list", arguments("account"), containers).await),
        ] {
            let failure = answer.unwrap_err();
            assert_eq!(failure.kind, "service_unreadable", "{name}: {page}: {failure:?}");
        }
    }
}

#[tokio::test]
async fn large_documents_are_shown_in_parts() {
    let pages = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pages);
    let service = move |request: &Request<Bytes>| {
        if is_arm(request) {
            return documents();
        }
        counted.fetch_add(1, Ordering::SeqCst);
        let page = json!({"Documents": [{"id": "1", "text": "x".repeat(2 << 20)}]}).to_string();
        let mut page = body(page);
        page.headers_mut().insert("x-ms-continuation", "more".parse().unwrap());
        page
    };
    let arguments =
        json!({"account": "mine", "database": "d", "container": "c", "subscription": SUBSCRIPTION, "top": 500});
    let result = call("azmcp_cosmos_database_container_item_query", arguments, service).await.unwrap();
    assert_eq!((pages.load(Ordering::SeqCst), &result["continuation"]), (2, &json!("more")));
}

#[tokio::test]
async fn a_record_of_another_resource_is_not_the_one_that_was_asked_for() {
    let other = "22222222-0000-4000-8000-000000000002";
    for (name, id, group) in [
        ("another name", id("Microsoft.KeyVault/vaults", "other"), None),
        ("another subscription", id("Microsoft.KeyVault/vaults", "mine").replace(SUBSCRIPTION, other), None),
        ("another group", id("Microsoft.KeyVault/vaults", "mine").replace("/rg/", "/other/"), Some("rg")),
    ] {
        let service = move |request: &Request<Bytes>| {
            assert!(is_arm(request), "a token left for {}", request.uri());
            let record = json!({"id": id, "name": "mine", "properties": {"vaultUri": "https://mine.vault.azure.net/"}});
            let is_one = request.uri().path().ends_with("/mine");
            body(if is_one { record } else { json!({"value": [record]}) }.to_string())
        };
        let mut arguments = json!({"vault": "mine", "subscription": SUBSCRIPTION});
        if let Some(group) = group {
            arguments["resource-group"] = group.into();
        }
        let failure = call("azmcp_keyvault_secret_list", arguments, service).await.unwrap_err();
        assert_eq!(failure.kind, "service_not_found", "{name}: {failure:?}");
    }
}

#[tokio::test]
async fn a_list_of_settings_that_goes_on_elsewhere_does_not_look_complete() {
    let endpoint = json!({"endpoint": "https://store.azconfig.io"});
    for (name, link, expected) in [
        ("another host", "<https://evil.example/kv?x>; rel=\"next\"", "foreign_link"),
        ("another list", "</keys?x>; rel=\"next\"", "foreign_link"),
        ("no address", "next", ""),
    ] {
        let endpoint = endpoint.clone();
        let service = move |request: &Request<Bytes>| {
            if is_arm(request) {
                return record("Microsoft.AppConfiguration/configurationStores", "store", &endpoint);
            }
            let mut page = body(json!({"items": [{"key": "a"}]}).to_string());
            page.headers_mut().insert("link", link.parse().unwrap());
            page
        };
        let arguments = json!({"account": "store", "subscription": SUBSCRIPTION});
        let answer = call("azmcp_appconfig_kv_list", arguments, service).await;
        assert_eq!(answer.err().map_or("", |failure| failure.kind), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_reads_comes_to_an_end() {
    let begun = tokio::time::Instant::now();
    let slow = HttpClient::new(service_fn(|_: Request<Bytes>| async {
        tokio::time::sleep(std::time::Duration::from_secs(25)).await;
        let next = "https://management.azure.com/subscriptions?api-version=2022-12-01&$skiptoken=again";
        Ok::<_, Infallible>(body(json!({"value": [], "nextLink": next}).to_string()))
    }));
    for (tool, arguments) in [
        ("azmcp_subscription_list", json!({})),
        // It is found before anything is sent.
        (
            "azmcp_communication_sms_send",
            json!({"endpoint": "mine", "from": "+14255550100", "to": ["+14255550123"], "message": "x"}),
        ),
    ] {
        let failure = call_over(tool, arguments, slow.clone()).await.unwrap_err();
        assert_eq!(failure.kind, "too_long", "{tool}: {failure:?}");
    }
    assert!(begun.elapsed().as_secs() <= 2 * (LONGEST.as_secs() + 30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_resource_that_was_found_is_not_looked_for_on_further_pages() {
    let next = "https://management.azure.com/subscriptions?api-version=2022-12-01&$skiptoken=again";
    let service = move |request: &Request<Bytes>| {
        if !is_arm(request) {
            return body(json!({"value": []}).to_string());
        }
        assert!(!request.uri().query().unwrap_or_default().contains("again"), "it was found on the page before");
        let mut page: Value = serde_json::from_slice(vault().body()).unwrap();
        page["nextLink"] = next.into();
        body(page.to_string())
    };
    let arguments = json!({"vault": "mine", "subscription": SUBSCRIPTION});
    assert_eq!(call("azmcp_keyvault_secret_list", arguments, service).await.unwrap()["secrets"], json!([]));
}

#[tokio::test]
async fn a_ledgers_name_is_not_to_blame_for_an_outage() {
    for (status, kind) in [
        (404, "service_not_found"),
        (400, "service_not_found"),
        (429, "upstream_unavailable"),
        (503, "upstream_unavailable"),
    ] {
        let service = move |request: &Request<Bytes>| {
            let ledger = json!({"ledgerUri": "https://mine.confidential-ledger.azure.com"});
            if is_arm(request) {
                return record("Microsoft.ConfidentialLedger/ledgers", "mine", &ledger);
            }
            Response::builder().status(status).body(Bytes::new()).unwrap()
        };
        let arguments = json!({"ledger": "mine", "transaction-id": "2.15", "subscription": SUBSCRIPTION});
        let failure = call("azmcp_confidentialledger_entries_get", arguments, service).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{status}");
    }
}

#[test]
fn a_schemas_patterns_are_those_that_every_client_can_read() {
    for tool in all() {
        let schema = json!(tool.described(None).input_schema).to_string();
        // JSON Schema 2020-12, section 6.4, lists what is safe; looking ahead is not, and many engines do not have it.
        assert!(!schema.contains("(?"), "{}: {schema}", tool.spec().name);
    }
}
