use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use mcp_auth_layer::{VerifiedToken, clock::UnixTime};
use mcp_obo::{AccessToken, Downstream, TokenSource};

async fn passed_through(graph: &Downstream, user: &VerifiedToken) {
    let _ = graph.call(user, Request::<Bytes>::default()).await;
    let _ = graph.call(user.bearer(), Request::<Bytes>::default()).await;
}

fn in_the_extensions(user: VerifiedToken) -> Arc<dyn TokenSource> {
    Arc::new(user)
}

fn in_other_clothes(user: &VerifiedToken) -> AccessToken {
    AccessToken::new(user.bearer().expose_secret().into(), UnixTime::from_secs(u64::MAX))
}

fn main() {
    let _ = (passed_through, in_the_extensions, in_other_clothes);
}
