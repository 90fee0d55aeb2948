use entra_emulator::{
    AzureRole, Config, DEVELOPMENT_SUBSCRIPTION_ID, Fault, Place, SUBSCRIPTION_ID, Signer, TENANT_ID, TokenSpec,
    USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID,
};
use serde_json::{Value, json};

use super::network::Network;
use crate::tenant::{Answer, part};

const ARM: &str = "https://management.azure.com";
const SCOPE: &str = "https://management.azure.com/.default";
const STORAGE: &str = "Microsoft.Storage/storageAccounts";

/// Follows a list to its end; tells the names and how many pages there were.
async fn list(network: &Network, token: &str, path: &str) -> Result<(Vec<String>, usize), Answer> {
    let mut url = format!("{ARM}{path}?api-version=2024-01-01");
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let answer = network.get_with(token, &url).await;
        if answer.status != 200 {
            return Err(answer);
        }
        pages += 1;
        let body = answer.json();
        let name = |item: &Value| item.get("name").or(item.get("displayName")).unwrap().as_str().unwrap().to_owned();
        names.extend(body["value"].as_array().unwrap().iter().map(name));
        match body["nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => return Ok((names, pages)),
        }
    }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["error"]["code"].as_str().unwrap().to_owned())
}

fn of(group: &str, kind: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}/providers/{kind}")
}

#[tokio::test]
async fn everybody_sees_what_they_may_read_and_nothing_else() {
    let network = Network::start().await;
    let accounts = format!("/subscriptions/{SUBSCRIPTION_ID}/providers/{STORAGE}");
    let groups = format!("/subscriptions/{SUBSCRIPTION_ID}/resourcegroups");
    for (path, user, names, pages) in [
        ("/subscriptions", "alice", vec!["Contoso Production", "Contoso Development"], 1),
        ("/subscriptions", "bob", vec!["Contoso Production"], 1),
        ("/subscriptions", "norole", vec![], 1),
        (&groups, "alice", vec!["contoso", "contoso-data", "contoso-network"], 2),
        (&groups, "bob", vec!["contoso-data"], 1),
        (&accounts, "alice", vec!["contosodocs", "contosologs", "contosorogue"], 2),
        (&accounts, "bob", vec!["contosodocs"], 1),
        (
            &accounts.replace("providers", "resourceGroups/contoso/providers"),
            "alice",
            vec!["contosologs", "contosorogue"],
            1,
        ),
    ] {
        let token = network.exchange(user, SCOPE).await.access_token();
        let found = list(&network, &token, path).await.map_err(|answer| answer.text).unwrap();
        assert_eq!(found, (names.iter().map(|name| (*name).to_owned()).collect(), pages), "{path} for {user}");
    }
    let token = network.exchange("norole", SCOPE).await.access_token();
    for path in [&groups, &accounts] {
        let refused = list(&network, &token, path).await.unwrap_err();
        assert_eq!(code(&refused), (403, "AuthorizationFailed".to_owned()), "{path}");
    }
    let counters = network.emulator.counters();
    assert_eq!(counters.azure["management"]["bob"], 3);
    assert_eq!(counters.connects.keys().filter(|host| host.contains("evil")).count(), 0);
}

#[tokio::test]
async fn a_resource_is_described_as_its_provider_does() {
    let network = Network::start().await;
    let token = network.exchange("alice", SCOPE).await.access_token();
    for (group, kind, name, pointer, value) in [
        (
            "contoso-data",
            STORAGE,
            "contosodocs",
            "/primaryEndpoints/blob",
            json!("https://contosodocs.blob.core.windows.net/"),
        ),
        ("contoso-data", STORAGE, "contosodocs", "/allowSharedKeyAccess", json!(false)),
        ("contoso", STORAGE, "contosorogue", "/primaryEndpoints/blob", json!("https://evil.example/")),
        (
            "contoso",
            "Microsoft.KeyVault/vaults",
            "contoso-vault",
            "/vaultUri",
            json!("https://contoso-vault.vault.azure.net/"),
        ),
        (
            "contoso-data",
            "Microsoft.AppConfiguration/configurationStores",
            "contoso-settings",
            "/endpoint",
            json!("https://contoso-settings.azconfig.io"),
        ),
        (
            "contoso-data",
            "Microsoft.DocumentDB/databaseAccounts",
            "contoso-orders",
            "/documentEndpoint",
            json!("https://contoso-orders.documents.azure.com:443/"),
        ),
        ("contoso-data", "Microsoft.DocumentDB/databaseAccounts", "contoso-orders", "/disableLocalAuth", json!(true)),
        (
            "contoso",
            "Microsoft.CloudHealth/healthmodels",
            "contoso-health",
            "/dataplaneEndpoint",
            json!("https://contoso-health.eastus2.healthmodels.azure.com/"),
        ),
        (
            "contoso",
            "Microsoft.Communication/communicationServices",
            "contoso-comms",
            "/hostName",
            json!("contoso-comms.unitedstates.communication.azure.com"),
        ),
        (
            "contoso-data",
            "Microsoft.ConfidentialLedger/ledgers",
            "contoso-ledger",
            "/ledgerUri",
            json!("https://contoso-ledger.confidential-ledger.azure.com"),
        ),
        (
            "contoso-data",
            "Microsoft.ConfidentialLedger/ledgers",
            "contoso-ledger",
            "/identityServiceUri",
            json!("https://identity.confidential-ledger.core.azure.com"),
        ),
    ] {
        let path = format!("{}/{name}", of(group, kind));
        let answer = network.get_with(&token, &format!("{ARM}{path}?api-version=2023-10-01-preview")).await;
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["id"], &body["type"]), (200, &json!(path), &json!(kind)), "{path}");
        assert_eq!(body["properties"].pointer(pointer), Some(&value), "{path}");
        assert!(
            !answer.header("x-ms-request-id").is_empty() && !answer.header("x-ms-correlation-request-id").is_empty()
        );
        let other_case = format!("{ARM}{}?api-version=2024-01-01", path.to_uppercase());
        assert_eq!(network.get_with(&token, &other_case).await.status, 200, "{path} in other case");
    }
    let moved =
        Config::default().with_azure_endpoint("contoso-vault", "https://contoso-vault.vault.azure.net.evil.example/");
    let network = Network::with(moved).await;
    let url = format!("{ARM}{}/contoso-vault?api-version=2023-07-01", of("contoso", "Microsoft.KeyVault/vaults"));
    let uri = network.get_as("alice", SCOPE, &url).await.json()["properties"]["vaultUri"].clone();
    assert_eq!(uri, "https://contoso-vault.vault.azure.net.evil.example/");
}

#[tokio::test]
async fn what_is_not_there_or_not_asked_rightly_is_said_so() {
    let network = Network::start().await;
    let token = network.exchange("alice", SCOPE).await.access_token();
    let docs = format!("{}/contosodocs", of("contoso-data", STORAGE));
    for (path, status, error) in [
        (docs.clone(), 400, "MissingApiVersionParameter"),
        (format!("{docs}?api-version=latest"), 400, "InvalidApiVersionParameter"),
        (
            format!("/subscriptions/{SUBSCRIPTION_ID}/resourcegroups?api-version=2021-04-01&$skiptoken=x"),
            400,
            "InvalidSkipToken",
        ),
        (format!("{}/none?api-version=2024-01-01", of("contoso", STORAGE)), 404, "ResourceNotFound"),
        (format!("{}/contosodocs?api-version=2024-01-01", of("contoso", STORAGE)), 404, "ResourceNotFound"),
        (format!("{}/contosodocs?api-version=2024-01-01", of("nothing", STORAGE)), 404, "ResourceGroupNotFound"),
        (format!("{}/x?api-version=2024-01-01", of("contoso", "Microsoft.Nothing/things")), 404, "InvalidResourceType"),
        (format!("/subscriptions/{TENANT_ID}?api-version=2022-12-01"), 403, "AuthorizationFailed"),
    ] {
        assert_eq!(
            code(&network.get_with(&token, &format!("{ARM}{path}")).await),
            (status, error.to_owned()),
            "{path}"
        );
    }
    let wide = Network::with(Config::default().with_azure_role("alice", AzureRole::Reader, "/")).await;
    let unknown = format!("{ARM}/subscriptions/{TENANT_ID}?api-version=2022-12-01");
    assert_eq!(code(&wide.get_as("alice", SCOPE, &unknown).await), (404, "SubscriptionNotFound".to_owned()));
    let written = network.http.delete(format!("{ARM}{docs}?api-version=2024-01-01")).bearer_auth(&token);
    assert_eq!(written.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_refusal_names_who_lacks_what_and_where() {
    let network = Network::start().await;
    let path = format!("{}/contosologs", of("contoso", STORAGE));
    let url = format!("{ARM}{path}?api-version=2024-01-01");
    let token = network.exchange("bob", SCOPE).await.access_token();
    let text = network.get_with(&token, &url).await.json()["error"]["message"].as_str().unwrap().to_owned();
    let oid = part(&token, 1)["oid"].as_str().unwrap().to_owned();
    for named in ["bob@contoso.onmicrosoft.com", &oid, "Microsoft.Storage/storageAccounts/read", &path] {
        assert!(text.contains(named), "{named}: {text}");
    }
    let control = network.emulator.control();
    control.assign_azure_role("bob", AzureRole::Reader, &path);
    assert_eq!(network.get_with(&token, &url).await.status, 200, "at the resource itself");
    let other = format!("{ARM}{}?api-version=2024-01-01", path.replace("contosologs", "contosologs2"));
    assert_eq!(network.get_with(&token, &other).await.status, 403, "and at none whose name only begins so");
    control.remove_azure_role("bob", AzureRole::Reader);
    assert_eq!(network.get_with(&token, &url).await.status, 403);
}

#[tokio::test]
async fn roles_of_identities_are_theirs_by_either_id_and_never_their_users() {
    let network = Network::with(Config::default().without_azure_roles(USER_ASSIGNED_CLIENT_ID)).await;
    let url = format!("{ARM}/subscriptions/{DEVELOPMENT_SUBSCRIPTION_ID}?api-version=2022-12-01");
    let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, ARM).await;
    assert_eq!(network.get_with(&token, &url).await.status, 403);
    let scope = format!("/subscriptions/{DEVELOPMENT_SUBSCRIPTION_ID}");
    for id in [USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID] {
        let config = Config::default().without_azure_roles(USER_ASSIGNED_CLIENT_ID);
        let network = Network::with(config.with_azure_role(id, AzureRole::Reader, &scope)).await;
        let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, ARM).await;
        assert_eq!(network.get_with(&token, &url).await.status, 200, "{id}");
    }
    let app = Config::default().with_azure_role(entra_emulator::API_CLIENT_ID, AzureRole::Reader, &scope);
    let network = Network::with(app).await;
    assert_eq!(network.get_as("norole", SCOPE, &url).await.status, 403, "the app's role is not its users'");
}

#[tokio::test]
async fn only_a_good_token_for_resource_manager_is_let_in() {
    let network = Network::start().await;
    let url = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let arm = || TokenSpec::user("alice").resource(ARM);
    let mint = |spec| network.emulator.mint_as_entra(spec);
    for (name, header, error) in [
        ("none", String::new(), "AuthenticationFailed"),
        ("a key", "SharedKey contosodocs:c2lnbmF0dXJl".to_owned(), "AuthenticationFailed"),
        ("nonsense", "Bearer x".to_owned(), "InvalidAuthenticationToken"),
        ("forged", format!("Bearer {}", mint(arm().signed_by(Signer::Attacker))), "InvalidAuthenticationToken"),
        ("unsigned", format!("Bearer {}", mint(arm().signed_by(Signer::Nobody))), "InvalidAuthenticationToken"),
        (
            "for storage",
            format!("Bearer {}", network.token_for("https://storage.azure.com", "alice")),
            "InvalidAuthenticationTokenAudience",
        ),
        ("of another tenant", format!("Bearer {}", mint(arm().claim("tid", "x"))), "InvalidAuthenticationTokenTenant"),
        ("for our own API", format!("Bearer {}", mint(TokenSpec::user("alice"))), "InvalidAuthenticationTokenTenant"),
        ("expired", format!("Bearer {}", mint(arm().expires_in(0))), "ExpiredAuthenticationToken"),
        (
            "not yet good",
            format!("Bearer {}", mint(arm().claim("nbf", 4_000_000_000_u64))),
            "ExpiredAuthenticationToken",
        ),
    ] {
        let mut request = network.http.get(&url);
        if !header.is_empty() {
            request = request.header("authorization", header);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(code(&answer), (401, error.to_owned()), "{name}");
        assert!(answer.header("www-authenticate").starts_with("Bearer authorization_uri="), "{name}");
    }
    let counters = network.emulator.counters();
    assert_eq!((counters.azure_unauthenticated["management"], counters.azure_local["management"]), (9, 1));
    assert_eq!(network.get_with(&mint(arm()), &url).await.status, 200);
}

#[tokio::test]
async fn trouble_is_switched_for_one_principal_and_sessions_are_evaluated() {
    let network = Network::start().await;
    let control = network.emulator.control();
    let url = format!("{ARM}/subscriptions?api-version=2022-12-01");
    for (fault, status, error) in [
        (Fault::Throttled(17), 429, "SubscriptionRequestsThrottled"),
        (Fault::Forbidden, 403, "AuthorizationFailed"),
        (Fault::Unavailable, 503, "ServerTimeout"),
    ] {
        control.set_fault(Place::Management, "alice", fault.clone());
        let answer = network.get_as("alice", SCOPE, &url).await;
        assert_eq!(code(&answer), (status, error.to_owned()), "{fault:?}");
        assert_eq!(answer.header("retry-after"), if status == 429 { "17" } else { "" });
    }
    assert_eq!(network.get_as("bob", SCOPE, &url).await.status, 200);
    control.set_fault(Place::Management, "bob", Fault::Cae);
    let answer = network.get_as("bob", SCOPE, &url).await;
    assert!(
        answer.header("www-authenticate").contains(r#"error="insufficient_claims", claims="eyJ"#),
        "{:?}",
        answer.headers
    );
    // The one who is always challenged is so at Resource Manager too, if the client can answer; Storage never asks.
    let capable = network.token_for(ARM, "cae");
    assert_eq!(network.get_with(&capable, &url).await.status, 401);
    let met = network.emulator.mint_as_entra(TokenSpec::user("cae").resource(ARM).stepped_up());
    assert_eq!(network.get_with(&met, &url).await.status, 200);
}

#[tokio::test]
async fn roles_are_switched_over_http_too() {
    let network = Network::start().await;
    let loopback = reqwest::Client::builder().no_proxy().build().unwrap();
    let switch = format!("{}/_emulator/roles", network.emulator.http_url());
    let url = format!("{ARM}/subscriptions/{SUBSCRIPTION_ID}?api-version=2022-12-01");
    let order = json!({"principal": "norole", "role": "reader", "scope": format!("/subscriptions/{SUBSCRIPTION_ID}")});
    assert_eq!(network.get_as("norole", SCOPE, &url).await.status, 403);
    assert_eq!(loopback.post(&switch).json(&order).send().await.unwrap().status(), 204);
    assert_eq!(network.get_as("norole", SCOPE, &url).await.status, 200);
    assert_eq!(
        loopback.delete(&switch).json(&json!({"principal": "norole", "role": "reader"})).send().await.unwrap().status(),
        204
    );
    assert_eq!(network.get_as("norole", SCOPE, &url).await.status, 403);
}
