//! oauth-resource-server: jsonwebtoken 9 over ring, its only backend; its layer for any tower service; keys fetched once.

use std::sync::Arc;

use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator, http_layer::HttpAuthLayer};
use serde_json::json;
use tower::Layer;

use super::{Answer, Failure, Keys, Peer, Stack, hello};
use crate::issuer::{CLIENT, SCOPE, TENANT, issuer_of};

/// The peer.
pub const PEER: Peer = Peer::new(
    "oauth-resource-server",
    "jsonwebtoken 9 with ring, its only backend; checks what ours checks, the tenant by a required claim; its claims are \
     an untyped map",
);

/// Returns the service behind its layer.
///
/// # Errors
/// When it cannot be built, or the keys cannot be fetched.
pub async fn service<B: Send + 'static>(keys: &Keys) -> Result<impl Stack<B, Answer> + use<B>, Failure> {
    let config = OAuthConfig {
        enabled: true,
        issuer: issuer_of(TENANT),
        jwks_uri: Some(keys.url.clone()),
        audience: CLIENT.to_owned(),
        resource: "https://mcp.contoso.example/mcp".to_owned(),
        required_scope: Some(SCOPE.to_owned()),
        required_claims: [("tid".to_owned(), json!(TENANT))].into(),
        algorithms: vec!["RS256".to_owned()],
        ..OAuthConfig::default()
    };
    let config = config.resolve(KeyNaming::Dotted("oauth"))?.ok_or("it is switched off")?;
    let validator = Arc::new(OAuthValidator::new(&config)?);
    validator.refresh_now().await?;
    let layer = HttpAuthLayer::builder().oauth(validator).build()?;
    Ok(layer.layer(hello::<B, Answer>()))
}
