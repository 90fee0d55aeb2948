//! Finds the client that a form names, for the rate limit inside.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Body;
use mcp_auth_layer::{peek::Peeked, respond::FromBytes};
use tower::{Layer, Service};

use super::{asker, refusal};

/// More than codes, verifiers and refresh tokens of any size take.
const LIMIT: usize = 32 << 10;

/// The client that a form names.
#[derive(Clone, Debug)]
pub(super) struct FormClient(pub(super) Option<String>);

/// Reads the beginning of a form, up to 32 KiB, and leaves it for the service.
///
/// A form that is longer names nobody; one that breaks off is answered with 400.
///
/// # Deployment caveat
/// A form that trickles waits for a deadline that must stand outside.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FormClientLayer;

impl FormClientLayer {
    async fn read<B>(request: Request<B>) -> Result<Request<Peeked<B>>, B::Error>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (mut parts, body) = request.into_parts();
        let body = Peeked::up_to(LIMIT, body).await?;
        let named = if body.is_whole() { asker::named_in(body.seen()) } else { None };
        parts.extensions.insert(FormClient(named));
        Ok(Request::from_parts(parts, body))
    }
}

impl<S> Layer<S> for FormClientLayer {
    type Service = FormClientReader<S>;

    fn layer(&self, inner: S) -> FormClientReader<S> {
        FormClientReader { inner }
    }
}

/// Tells `S` which client a form names; see [`FormClientLayer`].
#[derive(Clone, Debug)]
pub struct FormClientReader<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for FormClientReader<S>
where
    S: Service<Request<Peeked<ReqBody>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Body<Data = Bytes> + Send + Unpin + 'static,
    ReqBody::Error: Send,
    ResBody: FromBytes,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone was not asked yet.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            match FormClientLayer::read(request).await {
                Ok(request) => ready.call(request).await,
                Err(_) => Ok(refusal::broken_form()),
            }
        })
    }
}
