//! The least that a layer can do which tells a handler anything: it inserts what is there already.

use std::sync::Arc;

use http::Request;
use tower::ServiceExt;

use super::{Answer, Stack, hello};
use crate::claims::Claims;

/// Returns the service behind the floor.
pub fn service<B: 'static>(claims: Claims) -> impl Stack<B, Answer> {
    let claims = Arc::new(claims);
    hello::<B, Answer>().map_request(move |mut request: Request<B>| {
        request.extensions_mut().insert(Arc::clone(&claims));
        request
    })
}
