//! The service that acts on the decision.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Method, Request, Response};
use tower_service::Service;

use super::{ResponseFuture, future::Settlement, id::SessionId, owner::Owner, table::Sessions};
use crate::{bearer::Caller, reject::Rejection};

/// Lets requests through to `S` that name no session or their caller's own; see the [module docs](super).
#[derive(Clone, Debug)]
pub struct SessionBinding<S> {
    inner: S,
    sessions: Arc<Sessions>,
}

impl<S> SessionBinding<S> {
    pub(super) const fn new(inner: S, sessions: Arc<Sessions>) -> Self {
        Self { inner, sessions }
    }

    /// Decides from the head of a request, and says what its response will settle.
    fn decide<B>(&self, request: &Request<B>) -> Result<Settlement, Rejection> {
        let caller = Owner::of(Caller::from_extensions(request.extensions())?);
        let named = SessionId::named(request.headers())?;
        if let Some(id) = named {
            self.sessions.judge(id, &caller)?;
        }
        let ends = named.filter(|_| request.method() == Method::DELETE);
        Ok(Settlement { sessions: Arc::clone(&self.sessions), caller, ends })
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionBinding<S>
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
        match self.decide(&request) {
            Ok(settlement) => ResponseFuture::calling(self.inner.call(request), settlement),
            Err(why) => ResponseFuture::refused(why),
        }
    }
}
