use entra_emulator::{AzureRole, Config, SUBSCRIPTION_ID, USER_ASSIGNED_CLIENT_ID};
use serde_json::json;

use super::network::Network;
use crate::tenant::Answer;

const HOST: &str = "https://contoso-ledger.confidential-ledger.azure.com";
const RESOURCE: &str = "https://confidential-ledger.azure.com";
const VERSION: &str = "api-version=2022-05-13";
const IDENTITY: &str = "https://identity.confidential-ledger.core.azure.com/ledgerIdentity";

/// A client of the ledger, which trusts what the identity service says and nothing else.
async fn ledger(network: &Network) -> reqwest::Client {
    let answer = network.get(&format!("{IDENTITY}/contoso-ledger?{VERSION}")).await;
    let pem = answer.member("ledgerTlsCertificate");
    assert!(pem.ends_with("\n\0"), "as the real one's: {pem:?}");
    let authority = reqwest::Certificate::from_pem(pem.trim_end_matches('\0').as_bytes()).unwrap();
    let proxy = reqwest::Proxy::all(network.emulator.gateway_url()).unwrap();
    reqwest::Client::builder().proxy(proxy).tls_certs_only([authority]).build().unwrap()
}

async fn read(http: &reqwest::Client, token: &str, path: &str) -> Answer {
    Answer::read(http.get(format!("{HOST}/app/transactions/{path}")).bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test]
async fn the_ledger_s_own_authority_is_learnt_from_the_identity_service() {
    let network = Network::start().await;
    let http = ledger(&network).await;
    let error = network.http.get(format!("{HOST}/app/transactions/2.15?{VERSION}")).send().await.unwrap_err();
    assert!(error.is_connect(), "no public authority vouches for it: {error:?}");
    assert_eq!(http.get(format!("{HOST}/app/transactions/2.15?{VERSION}")).send().await.unwrap().status(), 401);
    let elsewhere = http.get("https://management.azure.com/subscriptions").send().await;
    assert!(elsewhere.is_err(), "and it vouches for nobody else");
    assert_eq!(network.get(&format!("{IDENTITY}/nobody-s?{VERSION}")).await.status, 404);
    assert_eq!(network.emulator.counters().ledger_identity, 2);
}

#[tokio::test]
async fn an_entry_is_appended_committed_loaded_and_read() {
    let network = Network::start().await;
    let (http, token) = (ledger(&network).await, network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await);
    let append = |query: &str, contents: &str| {
        let body = json!({"contents": contents});
        http.post(format!("{HOST}/app/transactions?{VERSION}{query}")).bearer_auth(&token).json(&body).send()
    };
    let answer = Answer::read(append("", "one").await.unwrap()).await;
    let id = answer.header("x-ms-ccf-transaction-id").to_owned();
    assert_eq!((answer.status.as_u16(), &answer.json()["collectionId"]), (200, &json!("subledger:0")));
    let other = Answer::read(append("&collectionId=audit", "two").await.unwrap()).await;
    let second = other.header("x-ms-ccf-transaction-id").to_owned();
    assert_ne!(id, second);
    let states = [
        read(&http, &token, &format!("{id}/status?{VERSION}")).await,
        read(&http, &token, &format!("{id}/status?{VERSION}")).await,
    ];
    assert_eq!(states.map(|it| it.member("state")), ["Pending", "Committed"]);
    assert_eq!(read(&http, &token, &format!("{id}?{VERSION}")).await.json(), json!({"state": "Loading"}));
    let ready = read(&http, &token, &format!("{id}?{VERSION}")).await.json();
    let entry = json!({"contents": "one", "collectionId": "subledger:0", "transactionId": id});
    assert_eq!(ready, json!({"state": "Ready", "entry": entry}));
    assert_eq!(read(&http, &token, &format!("{second}?{VERSION}")).await.status, 404, "of another collection");
    for (path, status) in
        [(format!("2.999?{VERSION}"), 404), (format!("x?{VERSION}"), 400), (format!("2.?{VERSION}"), 400), (id, 400)]
    {
        assert_eq!(read(&http, &token, &path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn the_ledger_s_own_roles_decide() {
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    let config = Config::default().without_azure_roles(USER_ASSIGNED_CLIENT_ID);
    let network = Network::with(config.with_azure_role(USER_ASSIGNED_CLIENT_ID, AzureRole::Reader, &scope)).await;
    let (http, token) = (ledger(&network).await, network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await);
    let append = || {
        let request = http.post(format!("{HOST}/app/transactions?{VERSION}")).bearer_auth(&token);
        request.json(&json!({"contents": "x"})).send()
    };
    assert_eq!(append().await.unwrap().status(), 403, "Azure's own Reader is nobody here");
    let control = network.emulator.control();
    control.assign_azure_role(USER_ASSIGNED_CLIENT_ID, AzureRole::LedgerReader, &scope);
    assert_eq!(append().await.unwrap().status(), 403);
    assert_eq!(read(&http, &token, &format!("2.15?{VERSION}")).await.status, 404, "it may look");
    control.assign_azure_role(USER_ASSIGNED_CLIENT_ID, AzureRole::LedgerContributor, &scope);
    assert_eq!(append().await.unwrap().status(), 200);
}
