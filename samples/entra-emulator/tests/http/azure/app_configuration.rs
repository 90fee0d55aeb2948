use entra_emulator::{AzureRole, Fault, Place, SUBSCRIPTION_ID};

use super::network::Network;
use crate::tenant::Answer;

const STORE: &str = "https://contoso-settings.azconfig.io";
const SCOPE: &str = "https://azconfig.io/.default";

/// The keys with their labels, over all pages; and how many pages there were.
async fn list(network: &Network, token: &str, query: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut url) = (Vec::new(), 0, format!("{STORE}/kv?api-version=1.0{query}"));
    loop {
        let answer = network.get_with(token, &url).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        pages += 1;
        for item in body["items"].as_array().unwrap() {
            let label = item["label"].as_str().map(|label| format!("@{label}")).unwrap_or_default();
            found.push(format!("{}{label}", item["key"].as_str().unwrap()));
        }
        let link = answer.header("link");
        let Some(next) = body["@nextLink"].as_str() else {
            assert_eq!(link, "");
            return (found, pages);
        };
        assert_eq!(link, format!("<{next}>; rel=\"next\""));
        url = format!("{STORE}{next}");
    }
}

#[tokio::test]
async fn key_values_are_listed_by_key_and_label() {
    let network = Network::start().await;
    let token = network.exchange("alice", SCOPE).await.access_token();
    for (query, found, pages) in [
        ("&key=Shop:*&label=%00", vec!["Shop:Banner", "Shop:Currency", "Shop:MaxItems"], 2),
        ("&label=test", vec!["Shop:Banner@test", "Shop:MaxItems@test"], 1),
        ("&key=Shop:Currency,Telemetry:Level", vec!["Shop:Currency", "Telemetry:Level@production"], 1),
        ("&key=shop:*", vec![], 1),
    ] {
        assert_eq!(
            list(&network, &token, query).await,
            (found.iter().map(|it| (*it).to_owned()).collect(), pages),
            "{query}"
        );
    }
    assert_eq!(list(&network, &token, "").await.0.len(), 7);
    let one = network.get_with(&token, &format!("{STORE}/kv/Shop:Banner?label=test&api-version=2023-11-01")).await;
    assert_eq!(one.json()["value"], "Welcome to the test");
    assert!(one.header("content-type").starts_with("application/vnd.microsoft.appconfig.kv+json"));
}

#[tokio::test]
async fn the_store_refuses_as_problem_details() {
    let network = Network::start().await;
    let token = network.exchange("alice", SCOPE).await.access_token();
    for (path, status, kind) in [
        ("/kv", 400, "invalid-argument"),
        ("/kv?api-version=0.9", 400, "invalid-argument"),
        ("/kv?api-version=1.0&key=a*b", 400, "invalid-argument"),
        ("/kv?api-version=1.0&after=x", 400, "invalid-argument"),
        ("/kv/Nothing?api-version=1.0", 404, "not-found"),
        ("/else?api-version=1.0", 404, "not-found"),
    ] {
        let answer = network.get_with(&token, &format!("{STORE}{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.json()["type"], format!("https://azconfig.io/errors/{kind}"), "{path}");
        assert!(answer.header("content-type").starts_with("application/problem+json"), "{path}");
    }
    network.emulator.control().set_fault(Place::AppConfiguration, "alice", Fault::Throttled(9));
    let busy = network.get_with(&token, &format!("{STORE}/kv?api-version=1.0")).await;
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (429, "9"));
}

#[tokio::test]
async fn only_a_data_reader_with_a_token_reads() {
    let network = Network::start().await;
    let url = format!("{STORE}/kv?api-version=1.0");
    assert_eq!(network.get_as("bob", SCOPE, &url).await.status, 200);
    assert_eq!(network.get_as("norole", SCOPE, &url).await.status, 403);
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    network.emulator.control().assign_azure_role("norole", AzureRole::Reader, &scope);
    assert_eq!(network.get_as("norole", SCOPE, &url).await.status, 403, "who sees the store reads nothing by that");
    for (name, header) in [
        ("nothing", None),
        ("a connection string's", Some("HMAC-SHA256 Credential=x&SignedHeaders=host&Signature=eA==".to_owned())),
        ("for management", Some(format!("Bearer {}", network.token_for("https://management.azure.com", "alice")))),
    ] {
        let mut request = network.http.get(&url);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 401, "{name}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{name}");
    }
    assert_eq!(network.emulator.counters().azure_local["app_configuration"], 1);
}
