//! What a proxy says instead of opening a tunnel, as Squid, the most common one, does.

use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, PROXY_AUTHENTICATE},
};
use http_body_util::Full;
use hyper::body::Bytes;

/// Why there is no tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request names no target, or two.
    Malformed,
    Unauthenticated,
    /// Plain http, or the proxy itself.
    NotATunnel,
    /// Only 443 may be tunnelled to.
    Port,
    NameNotFound,
    TimedOut,
}

impl Refusal {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "ERR_INVALID_REQ", "The request is invalid."),
            Self::Unauthenticated => (
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                "ERR_CACHE_ACCESS_DENIED",
                "The proxy asks for a name and a password.",
            ),
            Self::NotATunnel => (StatusCode::FORBIDDEN, "ERR_ACCESS_DENIED", "Only tunnels are allowed."),
            Self::Port => (StatusCode::FORBIDDEN, "ERR_ACCESS_DENIED", "Only port 443 is allowed."),
            Self::NameNotFound => (StatusCode::BAD_GATEWAY, "ERR_DNS_FAIL", "The host's name could not be resolved."),
            Self::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "ERR_CONNECT_FAIL", "The connection timed out."),
        }
    }

    pub(super) fn respond(self) -> Response<Full<Bytes>> {
        let (status, code, text) = self.parts();
        let mut response = Response::new(Full::new(Bytes::from(format!("{code}: {text}\n"))));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
        headers.insert("via", HeaderValue::from_static("1.1 emulator"));
        if let Ok(value) = HeaderValue::try_from(format!("{code} 0")) {
            headers.insert("x-squid-error", value);
        }
        if self == Self::Unauthenticated {
            headers.insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"emulator\""));
        }
        response
    }
}
