//! The ready-made client behind [`HttpClient::reqwest`](super::HttpClient::reqwest).

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect;
use tower::Service;

use super::{FetchError, FetchLimits, TransportFault, is_loopback};
use crate::config::ConfigError;

#[derive(Clone, Debug)]
pub(super) struct Client {
    outside: reqwest::Client,
    /// Loopback is never proxied: a proxy would look for the service on *its* machine, with our token in hand.
    loopback: reqwest::Client,
    max_body: usize,
}

impl Client {
    pub(super) fn new(limits: FetchLimits) -> Result<Self, ConfigError> {
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .redirect(redirect::Policy::none())
                .connect_timeout(limits.connect)
                .timeout(limits.total)
                .user_agent(concat!("mcp-auth-layer/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| ConfigError::HttpClient { source: error.without_url().into() })
        };
        Ok(Self {
            outside: build(reqwest::Client::builder())?,
            loopback: build(reqwest::Client::builder().no_proxy())?,
            max_body: limits.body,
        })
    }

    async fn exchange(self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        let local = request.uri().host().is_some_and(is_loopback);
        let client = if local { &self.loopback } else { &self.outside };
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(transport)?;
        let mut answer = client.execute(request).await.map_err(transport)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > self.max_body {
                return Err(FetchError::TooLarge { limit: self.max_body });
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}

impl Service<Request<Bytes>> for Client {
    type Response = Response<Bytes>;
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, FetchError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FetchError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}

fn transport(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    FetchError::Transport { fault: TransportFault::of(&error), source: error.into() }
}
