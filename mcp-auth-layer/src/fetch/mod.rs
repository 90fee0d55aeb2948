//! The one seam to the network: keys, discovery and the token endpoint all go through an [`HttpClient`].
//!
//! It is an erased `tower::Service`, so a timeout, a concurrency limit or a recording stub is Tower's own layer around it.

#[cfg(feature = "reqwest")]
mod client;
mod fault;

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Uri};
use tower::{BoxError, Service, ServiceExt, util::BoxCloneSyncService};

pub use self::fault::TransportFault;

/// An HTTP client with whole bodies, bounded and without redirects.
#[derive(Clone)]
pub struct HttpClient(BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>);

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
        Self(BoxCloneSyncService::new(service.map_err(Into::into)))
    }

    /// Makes the ready-made client: rustls, the system's roots and proxies, https only outside loopback.
    ///
    /// # Errors
    /// [`ConfigError::HttpClient`](crate::config::ConfigError::HttpClient) when no TLS roots are found or a proxy variable
    /// cannot be read.
    #[cfg(feature = "reqwest")]
    pub fn reqwest(limits: FetchLimits) -> Result<Self, crate::config::ConfigError> {
        client::Client::new(limits).map(Self::new)
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

/// Bounds of one HTTP exchange.
///
/// # Defaults
/// 5 s to connect, 10 s in all, 1 MiB of body.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    connect: Duration,
    total: Duration,
    body: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(10), body: 1 << 20 }
    }
}

impl FetchLimits {
    /// Sets how long a connection may take.
    #[must_use]
    pub const fn with_connect_timeout(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// Sets how long the whole exchange may take.
    #[must_use]
    pub const fn with_timeout(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// Sets how many bytes an answer may have.
    #[must_use]
    pub const fn with_max_body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
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
            Self::PlainHttp | Self::Address | Self::TooLarge { .. } => None,
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
            ("/relative", false),
        ] {
            assert_eq!(is_private(&uri.parse().unwrap()), private, "{uri}");
        }
    }
}
