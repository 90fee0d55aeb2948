//! What must compile: the ways on which a token gets where it belongs. What must not is in `forging.rs`.

use bytes::Bytes;
use http::Request;
use mcp_auth_layer::{VerifiedToken, bypass::Permit, token::BearerToken, verify::Verifier};
use mcp_obo::{Downstream, DownstreamError, OnBehalfOf, Target, TokenRequest, downstream::LentToken, grant::NotAUser};
use secrecy::SecretString;

/// The ways to a downstream API: the user's exchanged token, or one that an open hatch lends.
async fn call(graph: &Downstream, user: &OnBehalfOf, hatch: &Permit, text: &str) -> Result<(), DownstreamError> {
    graph.call(user, Request::<Bytes>::default()).await?;
    graph.call(&LentToken::new(hatch, SecretString::from(text)), Request::<Bytes>::default()).await?;
    Ok(())
}

/// The one way to a request in a user's name: what a verifier found good, and a target.
async fn ask(verifier: &Verifier, text: &str) -> Option<Result<TokenRequest, NotAUser>> {
    let token: VerifiedToken = verifier.verify(BearerToken::new(text)).await.ok()?;
    Some(TokenRequest::on_behalf_of(&token, &Target::graph()))
}

#[test]
fn the_ways_that_are_meant_compile() {
    let _ = (call, ask);
}
