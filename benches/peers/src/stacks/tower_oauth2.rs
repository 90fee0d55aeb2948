//! tower-oauth2-resource-server: jsonwebtoken 11 over aws-lc-rs instead of its default, RustCrypto; keys given.

use jsonwebtoken::Algorithm;
use tower::Layer;
use tower_oauth2_resource_server::{
    server::OAuth2ResourceServer, tenant::TenantConfiguration, validation::ClaimsValidationSpec,
};

use super::{Answer, Failure, Keys, Peer, Stack, hello};
use crate::{
    claims::Claims,
    issuer::{CLIENT, TENANT, issuer_of},
};

/// The peer.
pub const PEER: Peer = Peer::new(
    "tower-oauth2-resource-server",
    "jsonwebtoken 11 with aws-lc-rs (its default backend is RustCrypto); no check of scopes; the tenant by the issuer's \
     name; its challenges name no metadata",
);

/// Returns the service behind its layer.
///
/// # Errors
/// When it cannot be built.
pub async fn service<B: Send + 'static>(keys: &Keys) -> Result<impl Stack<B, Answer> + use<B>, Failure> {
    let audiences = vec![CLIENT.to_owned()];
    let tenant = TenantConfiguration::static_builder(keys.jwks.as_str())
        .audiences(&audiences)
        .claims_validation(ClaimsValidationSpec::recommended(&issuer_of(TENANT), &audiences))
        .allowed_algorithms(&[Algorithm::RS256])
        .build()?;
    let server = OAuth2ResourceServer::<Claims>::builder().add_tenant(tenant).build().await?;
    Ok(server.into_layer::<Answer>().layer(hello::<B, Answer>()))
}
