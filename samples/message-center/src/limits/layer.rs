//! The layer of a rule.

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::Either;
use http::{Request, Response, request::Parts};
use mcp_auth_layer::respond::FromBytes;
use tower::{Layer, Service};

use super::{asker::Asker, refusal, rule::Rule};
use crate::meter;

/// Lets requests through as often as its rule allows.
///
/// Every clone counts towards the same rule, so one of them may stand on each alias of an endpoint.
#[derive(Clone, Debug)]
pub struct RateLimitLayer(Arc<Rule>);

impl RateLimitLayer {
    pub(super) fn new(rule: Rule) -> Self {
        Self(Arc::new(rule))
    }

    /// Decides on a request; returns the answer to one that goes no further.
    fn judge<B: FromBytes>(&self, parts: &Parts) -> Result<(), Response<B>> {
        let terms = &self.0.terms;
        match terms.by.find(parts, &self.0.proxies) {
            Ok(asker) => self.0.admit(&asker).map_err(|wait| {
                self.note(&asker, wait);
                terms.refusal.answer(wait)
            }),
            Err(why) => {
                tracing::error!(rule = terms.name, missing = why.missing, "nobody can tell whose request this is");
                Err(refusal::not_wired())
            }
        }
    }

    fn note(&self, asker: &Asker, wait: Duration) {
        let (rule, address) = (self.0.terms.name, asker.address.map(tracing::field::display));
        tracing::warn!(rule, address, retry_after = refusal::seconds(wait), "a request was one too many");
        meter::limited(rule);
    }

    #[cfg(test)]
    pub(super) fn rule(&self) -> &Rule {
        &self.0
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        RateLimit { inner, layer: self.clone() }
    }
}

/// Lets requests through to `S` as often as a rule allows; see [`RateLimitLayer`].
#[derive(Clone, Debug)]
pub struct RateLimit<S> {
    inner: S,
    layer: RateLimitLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RateLimit<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: FromBytes,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.layer.judge(&parts) {
            Ok(()) => Either::Left(self.inner.call(Request::from_parts(parts, body))),
            Err(answer) => Either::Right(ready(Ok(answer))),
        }
    }
}
