use entra_emulator::{
    AzureRole, CertificateFormat, ClientCertificate, Config, SUBSCRIPTION_ID, TENANT_ID, USER_ASSIGNED_CLIENT_ID,
    VaultCertificate,
};
use serde_json::json;

use super::network::Network;

const SCOPE: &str = "https://vault.azure.net/.default";
const KEYS: &str = "https://contoso-keys.vault.azure.net/secrets?api-version=7.4";

#[tokio::test]
async fn secrets_are_listed_by_name_without_their_values() {
    let network = Network::start().await;
    let token = network.exchange("alice", SCOPE).await.access_token();
    for (more, pages) in [("", 3), ("&maxresults=1", 5), ("&maxresults=25", 3)] {
        let (mut ids, mut count, mut next) = (Vec::new(), 0, format!("{KEYS}{more}"));
        while !next.is_empty() {
            let body = network.get_with(&token, &next).await.json();
            for item in body["value"].as_array().unwrap() {
                assert!(item.get("value").is_none() && item["attributes"]["enabled"] == true, "{item}");
                ids.push(item["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned());
            }
            count += 1;
            next = body["nextLink"].as_str().unwrap_or_default().to_owned();
        }
        let all = ["api-signing-key", "orders-webhook", "payments-token", "smtp-password", "telemetry-key"];
        assert_eq!((ids.len(), count), (all.len(), pages), "{more}");
        assert!(ids.iter().zip(all).all(|(id, name)| id == name), "{ids:?}");
    }
    for bad in ["&maxresults=0", "&maxresults=26", "&$skiptoken=x"] {
        assert_eq!(network.get_with(&token, &format!("{KEYS}{bad}")).await.status, 400, "{bad}");
    }
    assert_eq!(network.emulator.counters().vault_secrets, 0);
}

#[tokio::test]
async fn the_first_answer_tells_where_tokens_come_from() {
    let network = Network::start().await;
    let bare = network.get(KEYS).await;
    let challenge = format!(
        r#"Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net""#
    );
    assert_eq!((bare.status.as_u16(), bare.header("www-authenticate")), (401, challenge.as_str()));
}

#[tokio::test]
async fn roles_decide_who_lists_and_who_reads() {
    let network = Network::start().await;
    let one = KEYS.replace("/secrets?", "/secrets/smtp-password?");
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    for user in ["bob", "norole"] {
        let refused = network.get_as(user, SCOPE, KEYS).await;
        let error = refused.json()["error"].clone();
        assert_eq!((refused.status.as_u16(), &error["innererror"]["code"]), (403, &json!("ForbiddenByRbac")), "{user}");
        assert!(error["message"].as_str().unwrap().contains("Microsoft.KeyVault/vaults/secrets/readMetadata/action"));
    }
    network.emulator.control().assign_azure_role("bob", AzureRole::KeyVaultReader, &scope);
    assert_eq!(network.get_as("bob", SCOPE, KEYS).await.status, 200);
    assert_eq!(network.get_as("bob", SCOPE, &one).await.status, 403, "names, but no values");
    assert!(network.get_as("alice", SCOPE, &one).await.json()["value"].is_string());
    let identity = network.identity_token(USER_ASSIGNED_CLIENT_ID, "https://vault.azure.net").await;
    assert_eq!(network.get_with(&identity, KEYS).await.status, 200);
}

#[tokio::test]
async fn a_user_of_an_app_that_may_read_may_not_by_that() {
    let certificate = VaultCertificate::new(ClientCertificate::generate(), CertificateFormat::Pem);
    let config = Config::default().with_vault_secret("one", "1").with_vault_certificate("two", certificate);
    let network = Network::with(config).await;
    let list = "https://contoso-vault.vault.azure.net/secrets?api-version=2025-07-01";
    assert_eq!(network.get_as("norole", SCOPE, list).await.status, 403);
    let body = network.get_as("alice", SCOPE, list).await.json();
    assert_eq!(body["value"][0]["id"], "https://contoso-vault.vault.azure.net/secrets/one");
    assert_eq!(
        (&body["value"][1]["managed"], &body["value"][1]["contentType"]),
        (&json!(true), &json!("application/x-pem-file"))
    );
}
