//! The service that acts on the decision.

use std::{
    fmt,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response};
use tower_service::Service;

use super::OriginLayer;
use crate::{
    audit,
    early::ResponseFuture,
    reject::Rejection,
    respond::{self, EmptyBody, Respond},
};

/// Lets requests for this host and from allowed pages through to `S`; see the [module docs](super).
pub struct OriginGuard<S, R = EmptyBody> {
    inner: S,
    layer: OriginLayer<R>,
}

impl<S, R> OriginGuard<S, R> {
    pub(super) const fn new(inner: S, layer: OriginLayer<R>) -> Self {
        Self { inner, layer }
    }
}

impl<S: Clone, R> Clone for OriginGuard<S, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for OriginGuard<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginGuard").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for OriginGuard<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Respond<ResBody>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.layer.allowed.judge(request.uri(), request.headers()) {
            Ok(()) => ResponseFuture::calling(self.inner.call(request)),
            Err(fault) => {
                let why = Rejection::from(fault);
                audit::refused(&why, None, None);
                ResponseFuture::answered(respond::refusal(&*self.layer.respond, why, HeaderMap::new()))
            }
        }
    }
}
