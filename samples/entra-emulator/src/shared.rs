//! What the server and its handlers share: the tenant, and the address under which it was reached.

use std::{fmt, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};

use crate::state::State;

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) state: Arc<State>,
    pub(crate) ca_pem: Arc<str>,
}

/// How a connection came in; put into every request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// Scheme and authority under which the client reached this server; documents and issuers begin with it.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    scheme: &'static str,
    host: String,
}

impl Base {
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let scheme = match parts.extensions.get::<Scheme>() {
            Some(Scheme::Https) => "https",
            _ => "http",
        };
        // HTTP/2 has it in `:authority` (RFC 9113 section 8.3.1).
        let authority = parts.uri.authority().map(|authority| authority.as_str());
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
        Ok(Self { scheme, host: host.ok_or(StatusCode::BAD_REQUEST)?.to_owned() })
    }
}
