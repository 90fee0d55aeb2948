//! The one seam to the network: keys, discovery and the token endpoint all go through an [`HttpClient`].
//!
//! It is an erased `tower::Service`, so a timeout, a concurrency limit or a recording stub is Tower's own layer around it.

mod bulkhead;
#[cfg(feature = "reqwest")]
mod client;
#[cfg(feature = "reqwest")]
mod egress;
mod fault;
mod limits;
#[cfg(feature = "reqwest")]
mod proxies;
#[cfg(feature = "reqwest")]
mod roots;
#[cfg(feature = "reqwest")]
mod route;

use std::{fmt, num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Uri};
use tower::{BoxError, Service, ServiceExt};

use self::bulkhead::{Bulkhead, Erased};
#[cfg(feature = "reqwest")]
pub use self::{egress::Egress, route::ProxyHop};
pub use self::{fault::TransportFault, limits::FetchLimits};

/// An HTTP client with whole bodies, bounded and without redirects.
#[derive(Clone)]
pub struct HttpClient(Erased);

impl HttpClient {
    /// Takes any service that answers requests.
    ///
    /// The service is expected to bound the size and time of an answer and to follow no redirect: a redirected token
    /// request would carry a credential to another host.
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        Self(Erased::new(service.map_err(Into::into)))
    }

    /// Makes the ready-made client: rustls, the system's roots and proxies, https only outside loopback.
    ///
    /// # Errors
    /// [`ConfigError::HttpClient`](crate::config::ConfigError::HttpClient) when no TLS roots are found, or when
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be read.
    #[cfg(feature = "reqwest")]
    pub fn reqwest(limits: FetchLimits) -> Result<Self, crate::config::ConfigError> {
        Self::reqwest_through(limits, &Egress::default())
    }

    /// Makes the ready-made client with the proxies and additional CAs given.
    ///
    /// # Errors
    /// As of [`reqwest`](Self::reqwest).
    #[cfg(feature = "reqwest")]
    pub fn reqwest_through(limits: FetchLimits, egress: &Egress) -> Result<Self, crate::config::ConfigError> {
        let client = client::Client::new(limits, egress)?;
        Ok(Self::new(client).with_concurrency(limits.at_once, limits.wait))
    }

    /// Lets at most `at_once` requests to one host be under way; the next one waits no longer than `wait`.
    ///
    /// A second call does not lift the bound of the first; that of the ready-made client is set in its [`FetchLimits`].
    #[must_use]
    pub fn with_concurrency(self, at_once: NonZeroUsize, wait: Duration) -> Self {
        Self::new(Bulkhead::new(self.0, at_once, wait))
    }

    /// Sends one request and waits for the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`FetchError`] when no answer arrived, or one that is larger than allowed.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        if !is_private(request.uri()) {
            return Err(FetchError::PlainHttp);
        }
        self.0.clone().oneshot(request).await.map_err(FetchError::from_box)
    }

    /// Sends one request to the metadata service of the machine that this process runs on, which speaks plain http.
    ///
    /// Besides https and loopback, link-local addresses (RFC 3927, 169.254.0.0/16) are allowed: no router forwards what is sent
    /// there, and Azure answers on the machine's own host, at 169.254.169.254 and, in App Service, at others of this range. It
    /// is a door of its own because an address that somebody else chose must never lead there.
    ///
    /// # Errors
    /// [`FetchError`] when no answer arrived, or one that is larger than allowed.
    pub async fn send_to_metadata_service(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        if !is_private(request.uri()) && !is_link_local(request.uri()) {
            return Err(FetchError::PlainHttp);
        }
        self.0.clone().oneshot(request).await.map_err(FetchError::from_box)
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Response<Bytes>, FetchError> {
        let request = Request::get(url).header(http::header::ACCEPT, "application/json").body(Bytes::new());
        self.send(request.map_err(|_| FetchError::Address)?).await
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient(..)")
    }
}

/// Why no answer arrived.
///
/// Neither the text nor its source contains the URL, which may carry a query that nobody should log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is plain http and not on loopback.
    #[error("plain http is refused outside loopback")]
    PlainHttp,
    /// The address is not a URL.
    #[error("the address is not a URL")]
    Address,
    /// The answer is larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// As many requests to this host as are allowed were under way, and none of them ended in time.
    #[error("{at_once} requests to the host are under way, and none ended within {} ms", waited.as_millis())]
    Busy {
        /// How many are allowed at once.
        at_once: usize,
        /// How long this one waited for its turn.
        waited: Duration,
    },
    /// The network, the peer or the TLS handshake failed.
    #[error("{fault}")]
    Transport {
        /// What failed.
        fault: TransportFault,
        /// The client library's error.
        #[source]
        source: BoxError,
    },
}

impl FetchError {
    /// Returns what failed on the way, when it was the way that failed.
    #[must_use]
    pub const fn fault(&self) -> Option<TransportFault> {
        match self {
            Self::Transport { fault, .. } => Some(*fault),
            Self::PlainHttp | Self::Address | Self::TooLarge { .. } | Self::Busy { .. } => None,
        }
    }

    fn from_box(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => *own,
            Err(source) => Self::Transport { fault: TransportFault::of(&*source), source },
        }
    }
}

/// Tells whether a request to `uri` can be read by nobody on the way: https, or a host that never leaves this machine.
fn is_private(uri: &Uri) -> bool {
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => uri.host().is_some_and(is_loopback),
        _ => false,
    }
}

/// Tells whether a request to `uri` stays on the link: plain http to a literal IPv4 address of 169.254.0.0/16.
fn is_link_local(uri: &Uri) -> bool {
    let address = uri.host().and_then(|host| host.parse::<std::net::Ipv4Addr>().ok());
    uri.scheme_str() == Some("http") && address.is_some_and(|address| address.is_link_local())
}

/// Tells whether a URL's host never leaves this machine.
///
/// That is a loopback address (RFC 5735, RFC 4291; brackets or not) or the name `localhost`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (uri, private) in [
            ("https://login.microsoftonline.com/x", true),
            ("http://127.0.0.1:8080/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]:9/", true),
            ("http://localhost/", true),
            ("http://login.microsoftonline.com/", false),
            ("http://localhost.evil.example/", false),
            ("http://127.0.0.1.evil.example/", false),
            ("http://0.0.0.0/", false),
            ("ftp://127.0.0.1/", false),
            ("http://169.254.169.254/metadata", false),
            ("/relative", false),
        ] {
            assert_eq!(is_private(&uri.parse().unwrap()), private, "{uri}");
        }
    }

    #[test]
    fn only_literal_link_local_addresses_are_the_machines_metadata_service() {
        for (uri, link_local) in [
            ("http://169.254.169.254/metadata", true),
            ("http://169.254.130.4:8081/msi/token", true),
            ("https://169.254.169.254/", false),
            ("http://169.253.169.254/", false),
            ("http://10.0.0.1/", false),
            ("http://169.254.169.254.evil.example/", false),
            ("http://metadata/", false),
            ("ftp://169.254.169.254/", false),
            ("/relative", false),
        ] {
            assert_eq!(is_link_local(&uri.parse().unwrap()), link_local, "{uri}");
        }
    }
}
