//! The ready-made client behind [`HttpClient::reqwest`](super::HttpClient::reqwest).

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect;
use tower::Service;

use super::{Egress, FetchError, FetchLimits, TransportFault, proxies::is_here};
use crate::config::ConfigError;

#[derive(Clone, Debug)]
pub(super) struct Client {
    outside: reqwest::Client,
    /// For hosts that no proxy may see.
    direct: reqwest::Client,
    max_body: usize,
}

impl Client {
    pub(super) fn new(limits: FetchLimits, egress: &Egress) -> Result<Self, ConfigError> {
        let build = |builder| egress.roots.apply(bounded(builder, limits))?.build().map_err(unbuildable);
        let proxied = egress.proxies.apply(reqwest::Client::builder()).map_err(unbuildable)?;
        Ok(Self {
            outside: build(proxied)?,
            direct: build(reqwest::Client::builder().no_proxy())?,
            max_body: limits.body,
        })
    }

    async fn exchange(self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(transport)?;
        // Asked of the URL as the client reads it: `https://2130706433/` is loopback, too.
        let client = if is_here(request.url()) { &self.direct } else { &self.outside };
        let mut answer = client.execute(request).await.map_err(transport)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = mem::take(answer.headers_mut());
        *response.body_mut() = self.body(answer).await?;
        Ok(response)
    }

    /// Reads a whole body; one that comes in one piece, as most do, is not copied.
    async fn body(&self, mut answer: reqwest::Response) -> Result<Bytes, FetchError> {
        let announced = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let (mut only, mut pieces) = (Bytes::new(), BytesMut::new());
        while let Some(piece) = answer.chunk().await.map_err(transport)? {
            if only.len() + pieces.len() + piece.len() > self.max_body {
                return Err(FetchError::TooLarge { limit: self.max_body });
            }
            if only.is_empty() && pieces.is_empty() {
                only = piece;
                continue;
            }
            if pieces.is_empty() {
                pieces.reserve(announced.min(self.max_body).min(MAX_AHEAD));
            }
            pieces.extend_from_slice(&mem::take(&mut only));
            pieces.extend_from_slice(&piece);
        }
        Ok(if pieces.is_empty() { only } else { pieces.freeze() })
    }
}

/// How much room is made for a body before it comes: a length costs nothing to announce.
const MAX_AHEAD: usize = 256 << 10;

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

/// Sets what must not depend on the features that another crate switches on in the client library.
fn bounded(builder: reqwest::ClientBuilder, limits: FetchLimits) -> reqwest::ClientBuilder {
    builder
        .redirect(redirect::Policy::none())
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        // All requests share one HTTP/2 connection; one that died silently would fail them until the kernel notices.
        .http2_keep_alive_interval(limits.connect / 2)
        .http2_keep_alive_timeout(limits.connect / 2)
        // Nothing is inflated, so nothing can be a bomb.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(concat!("mcp-auth-layer/", env!("CARGO_PKG_VERSION")))
}

fn unbuildable(error: reqwest::Error) -> ConfigError {
    ConfigError::HttpClient { source: error.without_url().into() }
}

fn transport(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    FetchError::Transport { fault: TransportFault::of(&error), source: error.into() }
}
