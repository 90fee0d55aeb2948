//! axum-jwt-auth: an extractor of axum's, not a layer, so the handler that it belongs to is part of what is measured; without
//! a router. jsonwebtoken 10 over aws-lc-rs instead of RustCrypto, by installing the provider; keys fetched once.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, handler::Handler as _};
use axum_jwt_auth::{Decoder, RemoteJwksDecoder, RemoteJwksDecoderConfig};
use jsonwebtoken_10::{Algorithm, Validation};

use super::{Failure, Keys, Peer, Stack};
use crate::{
    claims::Claims,
    issuer::{CLIENT, TENANT, issuer_of},
};

/// The peer.
pub const PEER: Peer = Peer::new(
    "axum-jwt-auth",
    "jsonwebtoken 10 with aws-lc-rs installed beside its own RustCrypto; an extractor: axum's handler is included; no check \
     of scopes; the tenant by the issuer's name; no challenges",
);

/// Returns the handler with its extractor.
///
/// # Errors
/// When it cannot be built, or the keys cannot be fetched.
pub async fn service(keys: &Keys) -> Result<impl Stack<Body, Body> + use<>, Failure> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer_of(TENANT)]);
    validation.set_audience(&[CLIENT]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    // So that no fetch falls into a measurement.
    let config = RemoteJwksDecoderConfig::builder().cache_duration(Duration::from_secs(24 * 60 * 60)).build();
    let decoder =
        RemoteJwksDecoder::builder().jwks_url(keys.url.clone()).config(config).validation(validation).build()?;
    // What it returns ends the refreshing, on demand.
    drop(decoder.initialize().await?);
    let decoder: Decoder<Claims> = Arc::new(decoder);
    Ok(hello.with_state(decoder))
}

async fn hello(_: axum_jwt_auth::Claims<Claims>) {}
