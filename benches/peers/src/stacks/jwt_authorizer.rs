//! jwt-authorizer: jsonwebtoken 9 over ring, its only backend; keys fetched once, found by `kid` one after the other.

use jwt_authorizer::{IntoLayer as _, JwtAuthorizer, Validation};
use tower::Layer;

use super::{Failure, Keys, Peer, Stack, hello};
use crate::{
    claims::Claims,
    issuer::{CLIENT, SCOPE, TENANT, issuer_of},
};

/// The peer.
pub const PEER: Peer = Peer::new(
    "jwt-authorizer",
    "jsonwebtoken 9 with ring, its only backend; scope and tenant by its claims check, which runs last; its challenges \
     name no metadata",
);

/// Returns the service behind its layer.
///
/// # Errors
/// When it cannot be built.
pub async fn service<B: Send + 'static>(keys: &Keys) -> Result<impl Stack<B, axum_07::body::Body> + use<B>, Failure> {
    let validation = Validation::new().iss(&[issuer_of(TENANT)]).aud(&[CLIENT]).nbf(true);
    let authorizer = JwtAuthorizer::<Claims>::from_jwks_url(&keys.url)
        .validation(validation)
        .check(|claims| claims.tid == TENANT && claims.scp.split(' ').any(|scope| scope == SCOPE))
        .build()
        .await?;
    Ok(authorizer.into_layer().layer(hello::<B, axum_07::body::Body>()))
}
