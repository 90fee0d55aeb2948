//! The decision, and the service that acts on it.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Extensions, Request, Response};
use tower_service::Service;

use crate::{bearer::Caller, clock::Clock, early::ResponseFuture, policy::AccessPolicy, reject::Rejection};

/// Lets requests through to `S` whose caller a policy allows; see the [module docs](super).
#[derive(Clone, Debug)]
pub struct Require<S> {
    inner: S,
    access: Arc<AccessPolicy>,
    clock: Arc<dyn Clock>,
}

impl<S> Require<S> {
    pub(super) const fn new(inner: S, access: Arc<AccessPolicy>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, access, clock }
    }

    fn judge(&self, extensions: &Extensions) -> Result<(), Rejection> {
        match Caller::from_extensions(extensions)? {
            Caller::Verified(token) => self.access.judge(token.claims(), token.principal(), self.clock.now()),
            // Let in by a permit, which the bearer layer has recorded.
            Caller::Anonymous(_) | Caller::Foreign(_) => Ok(()),
        }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Require<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.judge(request.extensions()) {
            Ok(()) => ResponseFuture::calling(self.inner.call(request)),
            Err(why) => ResponseFuture::answered(why.into_response()),
        }
    }
}
