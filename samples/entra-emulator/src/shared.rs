//! What the server and its handlers share: the tenant, and the address under which it was reached.

use std::{fmt, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};

use crate::{azure::Site, state::State};

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) state: Arc<State>,
    pub(crate) ca_pem: Arc<str>,
}

/// How a connection came in; put into every request's extensions.
#[derive(Clone, Debug)]
pub(crate) enum Connection {
    Http,
    Https,
    /// Through the network's proxy, to one of the cloud's hosts.
    Tunnel {
        host: Arc<str>,
        site: Site,
    },
}

impl Connection {
    /// Tells whether a request is for the host that the connection was made to (RFC 9110 section 7.4).
    pub(crate) fn is_for(&self, headers: &HeaderMap) -> bool {
        let Self::Tunnel { host, .. } = self else { return true };
        let named = headers.get(header::HOST).map_or(&b""[..], |named| named.as_bytes());
        let named = named.strip_suffix(b":443").unwrap_or(named);
        named.eq_ignore_ascii_case(host.as_bytes())
    }

    const fn scheme(&self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https | Self::Tunnel { .. } => "https",
        }
    }
}

/// Scheme and authority under which the client reached this server; documents and issuers begin with it.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    scheme: &'static str,
    host: String,
    /// The cloud's service, for a client that came through the network's proxy.
    site: Option<Site>,
}

impl Base {
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the names of the host that was called: Entra has several.
    pub(crate) fn names(&self) -> Vec<String> {
        match &self.site {
            Some(Site::Entra) => Site::LOGINS.map(|host| format!("https://{host}")).to_vec(),
            _ => vec![self.to_string()],
        }
    }

    /// Returns the service of the cloud that was reached; none on loopback, where all are one.
    pub(crate) const fn site(&self) -> Option<&Site> {
        self.site.as_ref()
    }

    /// Returns where a client that came this way finds the tenant's authority.
    pub(crate) fn authority(&self) -> String {
        if self.site.is_some() { format!("https://{}", Site::LOGIN) } else { self.to_string() }
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
        let connection = parts.extensions.get::<Connection>().unwrap_or(&Connection::Http);
        let scheme = connection.scheme();
        if let Connection::Tunnel { host, site } = connection {
            // Entra has several names, and its documents and tokens one.
            let host = if *site == Site::Entra { Site::LOGIN } else { host };
            return Ok(Self { scheme, host: host.to_owned(), site: Some(site.clone()) });
        }
        // HTTP/2 has it in `:authority` (RFC 9113 section 8.3.1).
        let authority = parts.uri.authority().map(|authority| authority.as_str());
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
        Ok(Self { scheme, host: host.ok_or(StatusCode::BAD_REQUEST)?.to_owned(), site: None })
    }
}
