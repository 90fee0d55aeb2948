//! How the body of a refusal is made.
//!
//! The layers never wrap a body type. Inner layers need `B: Default` for an empty body; the bearer layer, which renders, asks
//! a [`Respond<B>`] for a body that says more. The texts are fixed: nothing of the caller's input is echoed.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use http_body_util::{
    BodyExt, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};
use serde_json::json;

use crate::{
    challenge,
    reject::{Rejection, RequestFault},
};

/// Makes the body of a refusal.
pub trait Respond<B>: Send + Sync + 'static {
    /// Returns the body for this reason.
    fn body(&self, why: &Rejection) -> B;

    /// Returns the body's media type; none for an empty body.
    fn content_type(&self) -> Option<HeaderValue> {
        None
    }
}

/// A body that can be made from bytes.
///
/// It is a trait of this crate, so that it can be implemented for boxed bodies, which have no `From<Bytes>`.
pub trait FromBytes {
    /// Makes a body of these bytes.
    fn from_bytes(bytes: Bytes) -> Self;
}

/// Refuses with an empty body; the challenge says it all. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyBody;

/// Refuses with the JSON of RFC 6749 section 5.2: `error` and `error_description`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OAuthJson;

/// Refuses with a JSON-RPC 2.0 error, for MCP services.
///
/// It has no `id`: the transport allows that, and MCP's schema knows no null there, as plain JSON-RPC would have it.
/// The code is -32600 (invalid request), or MCP's own -32020 when headers and body differ: the range for implementations
/// belongs to MCP, so no other code is made up.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonRpc;

/// JSON-RPC 2.0 section 5.1.
const INVALID_REQUEST: i32 = -32_600;

/// MCP 2026-07-28, "Standard Headers".
const HEADER_MISMATCH: i32 = -32_020;

/// Refuses with a problem document (RFC 9457).
#[derive(Clone, Copy, Debug, Default)]
pub struct ProblemJson;

impl<B: Default> Respond<B> for EmptyBody {
    fn body(&self, _: &Rejection) -> B {
        B::default()
    }
}

impl<B: FromBytes> Respond<B> for OAuthJson {
    fn body(&self, why: &Rejection) -> B {
        let outside = challenge::outside(why);
        json_body(&json!({"error": outside.error_or_word(), "error_description": outside.text()}))
    }

    fn content_type(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("application/json"))
    }
}

impl<B: FromBytes> Respond<B> for JsonRpc {
    fn body(&self, why: &Rejection) -> B {
        let outside = challenge::outside(why);
        let code = match why {
            Rejection::Request(RequestFault::HeaderMismatch) => HEADER_MISMATCH,
            _ => INVALID_REQUEST,
        };
        let error = json!({"code": code, "message": outside.text(), "data": {"error": outside.error_or_word()}});
        json_body(&json!({"jsonrpc": "2.0", "error": error}))
    }

    fn content_type(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("application/json"))
    }
}

impl<B: FromBytes> Respond<B> for ProblemJson {
    fn body(&self, why: &Rejection) -> B {
        let outside = challenge::outside(why);
        let status = outside.status();
        json_body(&json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": outside.text(),
            "error": outside.error_or_word(),
        }))
    }

    fn content_type(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("application/problem+json"))
    }
}

/// Makes the response of a refusal; the reason stays in its extensions for loggers.
///
/// `headers` are those that it shall have besides, such as a challenge.
pub(crate) fn refusal<R: Respond<B>, B>(respond: &R, why: Rejection, headers: HeaderMap) -> Response<B> {
    let mut response = Response::new(respond.body(&why));
    *response.status_mut() = challenge::outside(&why).status();
    *response.headers_mut() = headers;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(media_type) = respond.content_type() {
        response.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    response.extensions_mut().insert(why);
    response
}

fn json_body<B: FromBytes>(value: &serde_json::Value) -> B {
    B::from_bytes(Bytes::from(value.to_string()))
}

impl FromBytes for Full<Bytes> {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

impl<E> FromBytes for BoxBody<Bytes, E>
where
    E: 'static,
{
    fn from_bytes(bytes: Bytes) -> Self {
        Full::new(bytes).map_err(|never| match never {}).boxed()
    }
}

impl<E> FromBytes for UnsyncBoxBody<Bytes, E>
where
    E: 'static,
{
    fn from_bytes(bytes: Bytes) -> Self {
        Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
    }
}

impl FromBytes for Bytes {
    fn from_bytes(bytes: Bytes) -> Self {
        bytes
    }
}

impl FromBytes for Vec<u8> {
    fn from_bytes(bytes: Bytes) -> Self {
        bytes.into()
    }
}

impl FromBytes for String {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(feature = "axum")]
impl FromBytes for axum_core::body::Body {
    fn from_bytes(bytes: Bytes) -> Self {
        bytes.into()
    }
}
