//! Where MCP is answered over HTTP: a request is read whole, and answered with one JSON document.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, combinators::BoxBody};
use hyper::body::Body;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tokio::time::timeout;
use tower_service::Service;
use url::Url;

use crate::{
    mcp::{ToolServer, Tools},
    written::Slot,
};

/// The largest request that is read, in bytes.
const MAX_REQUEST: usize = 1 << 20;

/// How long a request may take to come, however it trickles in; its head has a time of its own in [`serve`](crate::serve).
const PATIENCE: Duration = Duration::from_secs(10);

/// The service of tools; clones share it.
///
/// A request of more than 1 MiB is 413, one that takes more than 10 s is 408, and one that breaks off is 400.
pub struct Endpoint<T>(Arc<StreamableHttpService<ToolServer<T>, NeverSessionManager>>);

/// What the service answers.
pub type Answer = Response<BoxBody<Bytes, Infallible>>;

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
    B::Error: Into<Box<dyn Error + Send + Sync>>,
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
            let (mut head, body) = request.into_parts();
            // rmcp would call a body that cannot be read this server's mistake.
            let body = match whole(body).await {
                Ok(body) => body,
                Err((status, why)) => return Ok(refused(status, why)),
            };
            let slot = Slot::left_in(&mut head);
            Ok(slot.fill(rmcp.handle(Request::from_parts(head, Full::new(body))).await).await)
        })
    }
}

async fn whole<B>(body: B) -> Result<Bytes, (StatusCode, &'static str)>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match timeout(PATIENCE, Limited::new(body, MAX_REQUEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "a request has at most 1 MiB"))
        }
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the request broke off")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the request did not come within 10 s")),
    }
}

fn refused(status: StatusCode, why: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(why.as_bytes())).boxed());
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests;
