//! The ways to a downstream API: the user's exchanged token, or one that an open hatch lends.

use bytes::Bytes;
use http::Request;
use mcp_auth_layer::bypass::Permit;
use mcp_obo::{Downstream, DownstreamError, OnBehalfOf, downstream::LentToken};
use secrecy::SecretString;

async fn the_ways(graph: &Downstream, user: &OnBehalfOf, hatch: &Permit, text: &str) -> Result<(), DownstreamError> {
    graph.call(user, Request::<Bytes>::default()).await?;
    graph.call(&LentToken::new(hatch, SecretString::from(text)), Request::<Bytes>::default()).await?;
    Ok(())
}

fn main() {
    let _ = the_ways;
}
