//! How it is said that a request was one too many. The texts are fixed; nothing of the request is in them.

use std::time::Duration;

use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use mcp_auth_layer::respond::FromBytes;
use serde_json::json;

use super::page;

/// JSON-RPC 2.0 section 5.1, invalid request; as the bearer layer has it, and without an `id` as there.
const INVALID_REQUEST: i32 = -32_600;

const JSON: &str = "application/json";

/// The form that an endpoint's clients read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A person's browser.
    Page,
    /// OAuth clients (RFC 6749 section 5.2). It has no error for this; the nearest is that of section 4.1.2.1.
    OAuth,
    /// MCP clients.
    JsonRpc,
}

impl Refusal {
    /// Answers with 429 (RFC 6585 section 4).
    pub(super) fn answer<B: FromBytes>(self, wait: Duration) -> Response<B> {
        let seconds = seconds(wait);
        let text = format!("too many requests; try again in {seconds} s");
        let mut response = match self {
            Self::Page => page::stopped(
                StatusCode::TOO_MANY_REQUESTS,
                &format!("Too many sign-ins were started from here. Wait {seconds} seconds and try again."),
            ),
            Self::OAuth => json_of(
                StatusCode::TOO_MANY_REQUESTS,
                &json!({"error": "temporarily_unavailable", "error_description": text}),
            ),
            Self::JsonRpc => {
                let data = json!({"error": "too_many_requests", "retryAfter": seconds});
                let error = json!({"code": INVALID_REQUEST, "message": text, "data": data});
                json_of(StatusCode::TOO_MANY_REQUESTS, &json!({"jsonrpc": "2.0", "error": error}))
            }
        };
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        if self == Self::OAuth {
            // As the endpoint's own answers: clients in browsers read them, and nothing there rests on cookies.
            for (name, value) in [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after")] {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
        }
        response
    }
}

/// Answers a form that broke off.
pub(super) fn broken_form<B: FromBytes>() -> Response<B> {
    let text = "the form broke off";
    json_of(StatusCode::BAD_REQUEST, &json!({"error": "invalid_request", "error_description": text}))
}

/// Answers what cannot be judged: nothing is let through unjudged.
pub(super) fn not_wired<B: FromBytes>() -> Response<B> {
    let text = "this server is not set up correctly";
    json_of(StatusCode::INTERNAL_SERVER_ERROR, &json!({"error": "server_error", "error_description": text}))
}

/// Whole seconds, rounded up: whoever waits that long is let in.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn json_of<B: FromBytes>(status: StatusCode, value: &serde_json::Value) -> Response<B> {
    let mut response = Response::new(B::from_bytes(value.to_string().into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
