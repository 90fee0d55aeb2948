//! The one call to Microsoft Graph.

use std::sync::Arc;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response,
    header::{ACCEPT, AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use jiff::{Timestamp, fmt::rfc2822};
use mcp_auth_layer::fetch::{FetchError, HttpClient, TransportFault};
use serde_json::Value;
use uuid::Uuid;

use crate::tools::get_messages::Arguments;

const MESSAGES: &str = "/admin/serviceAnnouncement/messages";

/// Microsoft Graph, seen from here.
#[derive(Clone, Debug)]
pub struct Graph {
    http: HttpClient,
    base_url: Arc<str>,
}

/// Why Graph gave no messages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// No answer.
    #[error("no answer from Graph")]
    Transport {
        /// What failed on the way.
        fault: Option<TransportFault>,
        /// The client's error.
        #[source]
        source: FetchError,
    },
    /// An answer with a status that is not success.
    #[error("Graph answered {status}")]
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
        /// Graph's sentence, of a bad request only: there it explains the caller's own query.
        message: Option<String>,
        /// Graph's id of the request.
        request_id: Option<String>,
    },
    /// 401 with a claims challenge (continuous access evaluation).
    #[error("Graph asks for claims")]
    Challenge {
        /// The claims request, JSON.
        claims: String,
        /// Graph's id of the request.
        request_id: Option<String>,
    },
    /// A success whose body is not JSON.
    #[error("Graph's answer is not JSON")]
    Unreadable {
        /// Graph's id of the request.
        request_id: Option<String>,
    },
}

impl GraphError {
    /// Returns Graph's id of the request, to quote to support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Transport { .. } => None,
            Self::Status { request_id, .. } | Self::Challenge { request_id, .. } | Self::Unreadable { request_id } => {
                request_id.as_deref()
            }
        }
    }
}

impl Graph {
    /// Calls Graph at `base_url`, version included, without a trailing slash.
    #[must_use]
    pub fn new(http: HttpClient, base_url: &str) -> Self {
        Self { http, base_url: base_url.into() }
    }

    /// Reads messages with a Graph token.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn messages(&self, token: &str, arguments: &Arguments) -> Result<Value, GraphError> {
        let url = format!("{}{MESSAGES}?{}", self.base_url, arguments.query());
        let mut request = Request::get(url).body(Bytes::new()).map_err(|_| transport(FetchError::Address))?;
        let headers = request.headers_mut();
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| refused_token())?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Quoted by support when they look for the call on their side.
        let id = HeaderValue::try_from(Uuid::new_v4().to_string()).ok();
        headers.extend(id.map(|id| (HeaderName::from_static("client-request-id"), id)));
        let prefer = HeaderValue::try_from(&arguments.prefer).ok();
        headers.extend(prefer.map(|prefer| (HeaderName::from_static("prefer"), prefer)));
        read(self.http.send(request).await.map_err(transport)?)
    }
}

fn transport(source: FetchError) -> GraphError {
    GraphError::Transport { fault: source.fault(), source }
}

/// A token that cannot even be written into a header is one that Graph would refuse.
const fn refused_token() -> GraphError {
    GraphError::Status { status: 401, retry_after: None, message: None, request_id: None }
}

fn read(answer: Response<Bytes>) -> Result<Value, GraphError> {
    let request_id = text(answer.headers(), &HeaderName::from_static("request-id"));
    let status = answer.status();
    if status.is_success() {
        let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
        return body.filter(|body| body.get("value").is_some()).ok_or(GraphError::Unreadable { request_id });
    }
    if status.as_u16() == 401
        && let Some(claims) = challenge(answer.headers())
    {
        return Err(GraphError::Challenge { claims, request_id });
    }
    let message = (status.as_u16() == 400).then(|| sentence(answer.body())).flatten();
    let retry_after = text(answer.headers(), &RETRY_AFTER).and_then(|value| seconds(&value, Timestamp::now()));
    Err(GraphError::Status { status: status.as_u16(), retry_after, message, request_id })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= 128).then(|| value.to_owned())
}

/// Reads `Retry-After`: seconds or a date (RFC 9110 section 10.2.3).
fn seconds(value: &str, now: Timestamp) -> Option<u64> {
    let value = value.trim();
    value.parse().ok().or_else(|| {
        let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        u64::try_from(date.as_second() - now.as_second()).ok()
    })
}

/// Takes Graph's sentence about a bad query, short and without control characters.
fn sentence(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = body["error"]["message"].as_str()?;
    Some(text.chars().filter(|one| !one.is_control()).take(300).collect())
}

/// Finds the claims of a challenge, in the forms in which Graph really writes it: some values are not quoted, the base64 is
/// standard or url-safe, padded or not, and the header may come several times.
fn challenge(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.filter(|value| value.contains("insufficient_claims")).find_map(|value| {
        let (_, rest) = value.split_once("claims=\"")?;
        decode(rest.split('"').next()?)
    })
}

fn decode(text: &str) -> Option<String> {
    let bare = text.trim_end_matches('=');
    let bytes = STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(bare))
        .or_else(|_| URL_SAFE_NO_PAD.decode(bare))
        .ok()?;
    let json = String::from_utf8(bytes).ok()?;
    serde_json::from_str::<Value>(&json).ok()?.is_object().then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_as_seconds_and_as_a_date() {
        let now: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Sat, 31 Jan 2026 10:01:30 GMT", Some(90)),
            ("Sat, 31 Jan 2026 09:00:00 GMT", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(value, now), expected, "{value:?}");
        }
    }

    #[test]
    fn a_challenge_is_read_in_every_form_that_graph_sends() {
        const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
        let (padded, url_safe) = (STANDARD.encode(CLAIMS), URL_SAFE_NO_PAD.encode(CLAIMS));
        for (name, value, found) in [
            ("quoted", format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{padded}\""), true),
            (
                "unquoted uri",
                format!(
                    "Bearer authorization_uri=https://login/x, error=\"insufficient_claims\", claims=\"{padded}\", x=\"y\""
                ),
                true,
            ),
            ("url-safe", format!("Bearer error=\"insufficient_claims\", claims=\"{url_safe}\""), true),
            ("claims first", format!("Bearer claims=\"{url_safe}\", error=\"insufficient_claims\""), true),
            ("another error", format!("Bearer error=\"invalid_token\", claims=\"{padded}\""), false),
            ("not base64", "Bearer error=\"insufficient_claims\", claims=\"***\"".to_owned(), false),
            ("not JSON", format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode("x")), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate"));
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
            assert_eq!(challenge(&headers).is_some_and(|claims| claims == CLAIMS), found, "{name}");
        }
    }
}
