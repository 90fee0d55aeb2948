//! Where MCP is answered over HTTP: within bounds, and each request with one JSON document.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tower_http::timeout::{DeadlineBody, TimeoutError};
use tower_service::Service;
use url::Url;

use crate::{
    mcp::{ToolServer, Tools},
    written::{Answer, Slot},
};

/// The largest request that is read, in bytes.
const MAX_REQUEST: usize = 1 << 20;

/// How long the rest of a request may take to come, however it trickles in; its head has a time of its own in
/// [`serve`](crate::serve).
const PATIENCE: Duration = Duration::from_secs(10);

type BoxError = Box<dyn Error + Send + Sync>;

/// The service of tools; clones share it.
///
/// A request of more than 1 MiB is 413, one that takes more than 10 s is 408, and one that breaks off is 400; what can be told
/// from its head comes first.
pub struct Endpoint<T>(Arc<StreamableHttpService<ToolServer<T>, NeverSessionManager>>);

impl<T: Tools> Endpoint<T> {
    /// Serves these tools, and checks Host and Origin against DNS rebinding.
    ///
    /// Sessions are off because rmcp does not bind one to its caller.
    #[must_use]
    pub fn new(tools: T, public_base_url: &str, allowed_origins: &[String]) -> Self {
        let server = ToolServer(Arc::new(tools));
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(MAX_REQUEST)
            .with_allowed_hosts(hosts(public_base_url))
            .with_allowed_origins(allowed_origins.iter().map(|origin| with_port(origin)))
            .enforce_origin_validation();
        Self(Arc::new(StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config)))
    }
}

/// The names under which a server may be reached: its public one, and this machine's.
fn hosts(public_base_url: &str) -> Vec<String> {
    let public = Url::parse(public_base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned).chain(public).collect()
}

/// Writes an origin with its port, because rmcp lets one without match any.
fn with_port(origin: &str) -> String {
    match Url::parse(origin).ok().and_then(|url| url.port_or_known_default().map(|port| (url, port))) {
        Some((url, port)) => format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default()),
        None => origin.to_owned(),
    }
}

impl<T> Clone for Endpoint<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Endpoint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}

impl<T, B> Service<Request<B>> for Endpoint<T>
where
    T: Tools,
    B: Body<Data: Send> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let rmcp = Arc::clone(&self.0);
        Box::pin(async move {
            if request.body().size_hint().lower() > MAX_REQUEST as u64 {
                return Ok(refused(StatusCode::PAYLOAD_TOO_LARGE, "a request has at most 1 MiB"));
            }
            let (mut head, body) = request.into_parts();
            let slot = Slot::left_in(&mut head);
            let fault = Arc::default();
            let body = in_time(body, Arc::clone(&fault));
            let answer = rmcp.handle(Request::from_parts(head, body)).await;
            Ok(match fault.get() {
                // rmcp calls it this server's fault.
                Some(true) => refused(StatusCode::REQUEST_TIMEOUT, "the request did not come within 10 s"),
                Some(false) => refused(StatusCode::BAD_REQUEST, "the request broke off"),
                None => slot.fill(answer).await,
            })
        })
    }
}

/// Bounds the time of a body; of one that comes to no end it is noted whether it was late.
fn in_time<B>(body: B, is_late: Arc<OnceLock<bool>>) -> impl Body<Data = B::Data, Error = BoxError> + Send + 'static
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    DeadlineBody::new(PATIENCE, body).map_err(move |error| {
        let _ = is_late.set(error.is::<TimeoutError>());
        error
    })
}

fn refused(status: StatusCode, why: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(why.as_bytes())).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

#[cfg(test)]
mod tests;
