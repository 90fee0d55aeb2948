//! Microsoft's own libraries for Rust, which must not notice that they are not talking to Azure.

use std::sync::Arc;

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::{ClientOptions, RetryOptions, Transport},
    time::OffsetDateTime,
};
use azure_security_keyvault_secrets::{ResourceExt as _, SecretClient, SecretClientOptions};
use azure_storage_blob::{BlobServiceClient, BlobServiceClientOptions};
use entra_emulator::TokenSpec;
use futures_util::TryStreamExt as _;

use super::network::Network;
use crate::sdk::Carrier;

/// Tokens of one user, for whatever a library asks; it tells what that was.
#[derive(Debug)]
struct OfUser {
    network: Arc<Network>,
    user: &'static str,
}

#[async_trait::async_trait]
impl TokenCredential for OfUser {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let resource = scopes[0].strip_suffix("/.default").unwrap();
        let token = self.network.emulator.mint_as_entra(TokenSpec::user(self.user).resource(resource));
        let hour = std::time::Duration::from_secs(3_600);
        Ok(AccessToken::new(token, OffsetDateTime::now_utc() + hour))
    }
}

fn options(network: &Network) -> ClientOptions {
    let carrier = Carrier { http: network.http.clone(), host: network.emulator.http_url().parse().unwrap() };
    let transport = Some(Transport::new(Arc::new(carrier)));
    ClientOptions { transport, retry: RetryOptions::none(), ..ClientOptions::default() }
}

async fn network() -> Arc<Network> {
    Arc::new(Network::start().await)
}

#[tokio::test]
async fn its_blob_client_lists_the_containers_of_an_account() {
    let network = network().await;
    for (user, found) in [("alice", Some(5)), ("norole", None)] {
        let credential = Arc::new(OfUser { network: Arc::clone(&network), user });
        let options = BlobServiceClientOptions { client_options: options(&network), ..Default::default() };
        let url = "https://contosodocs.blob.core.windows.net/".parse().unwrap();
        let client = BlobServiceClient::new(url, Some(credential), Some(options)).unwrap();
        let names = client.list_containers(None).unwrap().try_collect::<Vec<_>>().await;
        match (names, found) {
            (Ok(containers), Some(count)) => {
                let names: Vec<_> = containers.into_iter().map(|it| it.name.unwrap()).collect();
                assert_eq!((names.len(), names[0].as_str()), (count, "archive"), "{user}");
            }
            (Err(error), None) => {
                let text = format!("{error:?}");
                assert!(text.contains("AuthorizationPermissionMismatch"), "{user}: {text}");
            }
            (other, _) => panic!("{user}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn its_vault_client_asks_where_tokens_come_from_and_lists_the_secrets() {
    let network = network().await;
    let credential = Arc::new(OfUser { network: Arc::clone(&network), user: "alice" });
    let options = SecretClientOptions { client_options: options(&network), ..Default::default() };
    let client = SecretClient::new("https://contoso-keys.vault.azure.net", credential, Some(options)).unwrap();
    let secrets: Vec<_> = client.list_secret_properties(None).unwrap().try_collect().await.unwrap();
    let names: Vec<_> = secrets.iter().map(|it| it.resource_id().unwrap().name).collect();
    assert_eq!((names.len(), names[0].as_str()), (5, "api-signing-key"));
    assert_eq!(network.emulator.counters().vault_challenges, 1, "the first request has no token");
    let one = client.get_secret("smtp-password", None).await.unwrap().into_model().unwrap();
    assert!(one.value.is_some());
}
