//! The one call to Microsoft Graph.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header::ACCEPT};
use mcp_auth_layer::{config::ConfigError, fetch::HttpClient};
use mcp_obo::{Downstream, DownstreamError, Target, TokenSource, downstream::request_id};
use serde_json::Value;

use crate::tools::{get_messages::Arguments, page::with_urls};

const MESSAGES: &str = "/admin/serviceAnnouncement/messages";

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// Microsoft Graph, seen from here.
#[derive(Clone, Debug)]
pub struct Graph(Downstream);

/// Why Graph gave no messages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// No token, no answer, or one that is not for the tool to read.
    #[error("Graph could not be called")]
    Downstream(#[from] DownstreamError),
    /// An answer with a status that is not success.
    #[error("Graph answered {status}")]
    Status {
        /// The status.
        status: u16,
        /// Graph's sentence, of a bad request only: there it explains the caller's own query.
        message: Option<String>,
        /// Graph's id of the request.
        request_id: Option<Box<str>>,
    },
    /// A success whose body is not a list of messages.
    #[error("Graph's answer is not a message list")]
    Unreadable {
        /// Graph's id of the request.
        request_id: Option<Box<str>>,
    },
}

impl GraphError {
    /// Returns Graph's id of the request, to quote to support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Downstream(error) => error.request_id(),
            Self::Status { request_id, .. } | Self::Unreadable { request_id } => request_id.as_deref(),
        }
    }
}

impl Graph {
    /// Calls Graph at `base_url`, version included, with tokens of `target`.
    ///
    /// # Errors
    /// [`ConfigError`] for an address to which no token may travel.
    pub fn new(http: HttpClient, target: Target, base_url: &str) -> Result<Self, ConfigError> {
        Downstream::new(http, target, base_url).map(Self)
    }

    /// Reads messages as `who`: Graph's own text, with an address in each message.
    ///
    /// The `client-request-id` of the incoming request goes on to Graph, so that one id finds the call in both logs.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn messages(
        &self,
        who: &dyn TokenSource,
        arguments: &Arguments,
        incoming: &HeaderMap,
    ) -> Result<String, GraphError> {
        // The query is percent-encoded, so this is an address; what is none is nowhere to send a token to.
        let request = Request::get(format!("{MESSAGES}?{}", arguments.query())).body(Bytes::new());
        let mut request = request.map_err(|_| DownstreamError::ForeignAddress)?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let prefer = HeaderValue::try_from(&arguments.prefer).ok();
        headers.extend(prefer.map(|prefer| (HeaderName::from_static("prefer"), prefer)));
        let id = incoming.get(&CLIENT_REQUEST_ID).cloned();
        headers.extend(id.map(|id| (CLIENT_REQUEST_ID, id)));
        read(self.0.call(who, request).await?)
    }
}

fn read(answer: Response<Bytes>) -> Result<String, GraphError> {
    let status = answer.status();
    let request_id = request_id(answer.headers()).map(Into::into);
    if status.is_success() {
        return with_urls(answer.body()).ok_or(GraphError::Unreadable { request_id });
    }
    let message = (status.as_u16() == 400).then(|| sentence(answer.body())).flatten();
    Err(GraphError::Status { status: status.as_u16(), message, request_id })
}

/// Takes Graph's sentence about a bad query, short and without control characters.
fn sentence(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = body["error"]["message"].as_str()?;
    Some(text.chars().filter(|one| !one.is_control()).take(300).collect())
}
