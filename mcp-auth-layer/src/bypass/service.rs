//! The service that hands the permits out.

use std::task::{Context, Poll};

use http::{HeaderName, Request, Response};
use tower_service::Service;

use super::{OpenHatches, ResponseFuture};

/// The response header that names the hatches which its request used.
pub const MARKER: HeaderName = HeaderName::from_static("mcp-bypass");

/// Puts the permits of open hatches into requests to `S`; see the [module docs](super).
#[derive(Clone, Debug)]
pub struct BypassGuard<S> {
    inner: S,
    open: OpenHatches,
}

impl<S> BypassGuard<S> {
    pub(super) const fn new(inner: S, open: OpenHatches) -> Self {
        Self { inner, open }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for BypassGuard<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        // Whatever stood there came from a guard with another policy; this one replaces it also by nothing.
        request.extensions_mut().remove::<OpenHatches>();
        if self.open.is_empty() {
            return ResponseFuture::new(self.inner.call(request), None);
        }
        let open = self.open.for_request();
        request.extensions_mut().insert(open.clone());
        ResponseFuture::new(self.inner.call(request), Some(open))
    }
}
