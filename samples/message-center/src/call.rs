//! Calls a tool of a running server, as an MCP client does (2026-07-28, without a session).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use mcp_auth_layer::fetch::{FetchError, FetchLimits, HttpClient};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

const REVISION: &str = "2026-07-28";

/// An MCP client for one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: HttpClient,
    url: String,
    token: SecretString,
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The HTTP client cannot be made, or the URL is none.
    #[error("the request cannot be made: {0}")]
    Request(String),
    /// No answer.
    #[error("the server did not answer")]
    Fetch(#[from] FetchError),
    /// The server refused the caller.
    #[error("the server answered {status}: {challenge}")]
    Refused {
        /// The status.
        status: u16,
        /// Its `WWW-Authenticate`, or the start of the body.
        challenge: String,
    },
    /// The protocol failed.
    #[error("the server answered with an error: {0}")]
    Protocol(String),
}

impl Client {
    /// Calls the server at `url`, the full address of its MCP endpoint.
    ///
    /// # Errors
    /// [`CallError::Request`] when the machine has no TLS roots.
    pub fn new(url: &str, token: SecretString) -> Result<Self, CallError> {
        let limits = FetchLimits::default().with_timeout(Duration::from_secs(60)).with_max_body(16 << 20);
        let http = HttpClient::reqwest(limits).map_err(|error| CallError::Request(error.to_string()))?;
        Ok(Self { http, url: url.to_owned(), token })
    }

    /// Calls a tool and returns its result, which may be a failure of the tool (`isError`).
    ///
    /// # Errors
    /// [`CallError`] when there is no result at all.
    pub async fn call(&self, tool: &str, arguments: &Value) -> Result<Value, CallError> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": {"name": "message-center", "version": env!("CARGO_PKG_VERSION")},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let parameters = json!({"name": tool, "arguments": arguments, "_meta": meta});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters}).to_string();
        let answer = self.http.send(self.request(tool, body)?).await?;
        if !answer.status().is_success() {
            let challenge = answer.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
            let start = || String::from_utf8_lossy(answer.body()).chars().take(300).collect();
            let challenge = challenge.map_or_else(start, str::to_owned);
            return Err(CallError::Refused { status: answer.status().as_u16(), challenge });
        }
        let message: Value =
            serde_json::from_slice(answer.body()).map_err(|error| CallError::Protocol(error.to_string()))?;
        match message.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(CallError::Protocol(message["error"]["message"].as_str().unwrap_or("no result").to_owned())),
        }
    }

    fn request(&self, tool: &str, body: String) -> Result<Request<Bytes>, CallError> {
        let mut request =
            Request::post(&self.url).body(Bytes::from(body)).map_err(|error| CallError::Request(error.to_string()))?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(HeaderName::from_static("mcp-protocol-version"), HeaderValue::from_static(REVISION));
        headers.insert(HeaderName::from_static("mcp-method"), HeaderValue::from_static("tools/call"));
        let name = HeaderValue::try_from(tool).map_err(|_| CallError::Request("the tool's name".to_owned()))?;
        headers.insert(HeaderName::from_static("mcp-name"), name);
        if !self.token.expose_secret().is_empty() {
            let bearer = HeaderValue::try_from(format!("Bearer {}", self.token.expose_secret()));
            let mut bearer = bearer.map_err(|_| CallError::Request("the token is not one".to_owned()))?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        Ok(request)
    }
}
