//! tower-mcp: the OAuth layer of its HTTP transport, alone; jsonwebtoken 11 over aws-lc-rs; keys fetched once.
//!
//! It wants the resource's identifier itself in `aud`. Entra writes the API's client id there, so that is the resource's name
//! here, and its challenges cannot name a metadata document, which is found by a URL.

use axum::body::Body;
use tower::Layer;
use tower_mcp::oauth::{JwksValidator, OAuthLayer, ProtectedResourceMetadata};

use super::{Failure, Keys, Peer, Stack, hello};
use crate::issuer::{CLIENT, TENANT, issuer_of};

/// The peer.
pub const PEER: Peer = Peer::new(
    "tower-mcp",
    "its OAuth layer alone; jsonwebtoken 11 with aws-lc-rs; no check of nbf, nor of scopes (it reads `scope`, Entra writes \
     `scp`); the tenant by the issuer's name; the resource must be named as aud is, so its challenges name no metadata",
);

/// Returns the service behind its layer.
///
/// # Errors
/// When the keys cannot be fetched.
pub async fn service(keys: &Keys) -> Result<impl Stack<Body, Body> + use<>, Failure> {
    let issuer = issuer_of(TENANT);
    let validator =
        JwksValidator::builder(&keys.url).expected_audience(CLIENT).expected_issuer(&issuer).build().await?;
    let metadata = ProtectedResourceMetadata::new(CLIENT).authorization_server(&issuer);
    Ok(OAuthLayer::new(validator, metadata).layer(hello::<Body, Body>()))
}
