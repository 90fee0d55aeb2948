//! What failed between us and a peer, in words an operator can act on.

use std::{error::Error, fmt, io};

/// What failed on the way to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportFault {
    /// The name could not be resolved.
    Dns,
    /// No connection within the time allowed: a firewall, mostly.
    ConnectTimeout,
    /// A connection, but no whole answer within the time allowed.
    Timeout,
    /// The peer refused the connection.
    Refused,
    /// The peer's certificate is signed by a CA that is not trusted here: a corporate proxy, mostly.
    TlsUntrusted,
    /// The TLS handshake failed otherwise.
    TlsOther,
    /// The HTTP proxy refused to connect.
    Proxy,
    /// The connection broke before the answer was whole.
    Reset,
    /// Something else.
    Other,
}

impl TransportFault {
    /// Returns a stable word for results, audit events and metrics.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::ConnectTimeout => "connect_timeout",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::TlsUntrusted => "tls_untrusted",
            Self::TlsOther => "tls_other",
            Self::Proxy => "proxy",
            Self::Reset => "reset",
            Self::Other => "transport",
        }
    }

    /// Classifies an error by its chain of sources.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        chain(error).find_map(by_library).or_else(|| chain(error).find_map(by_io)).unwrap_or(Self::Other)
    }
}

impl fmt::Display for TransportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name could not be resolved",
            Self::ConnectTimeout => "no connection in time",
            Self::Timeout => "no answer in time",
            Self::Refused => "the connection was refused",
            Self::TlsUntrusted => "the certificate is signed by an authority that is not trusted here",
            Self::TlsOther => "the TLS handshake failed",
            Self::Proxy => "the proxy did not connect",
            Self::Reset => "the connection broke off",
            Self::Other => "the request failed",
        })
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn by_io(error: &(dyn Error + 'static)) -> Option<TransportFault> {
    let io = error.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(TransportFault::Refused),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(TransportFault::Reset),
        io::ErrorKind::TimedOut => Some(TransportFault::Timeout),
        // `io::Error::source` skips its own payload, so the TLS error inside is looked at here.
        _ => io.get_ref().and_then(|inner| by_library(inner).or_else(|| by_io(inner))),
    }
}

#[cfg(feature = "reqwest")]
fn by_library(error: &(dyn Error + 'static)) -> Option<TransportFault> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => TransportFault::TlsUntrusted,
            _ => TransportFault::TlsOther,
        });
    }
    if let Some(client) = error.downcast_ref::<reqwest::Error>()
        && client.is_timeout()
    {
        return Some(if client.is_connect() { TransportFault::ConnectTimeout } else { TransportFault::Timeout });
    }
    // The connector's own error types are private to it; these two texts are all that tells them apart. A test with a
    // real connector guards both.
    let text = error.to_string();
    if text == "dns error" {
        Some(TransportFault::Dns)
    } else if text.starts_with("tunnel error") {
        Some(TransportFault::Proxy)
    } else if text.starts_with("connection closed before message completed")
        || text == "end of file before message length reached"
    {
        Some(TransportFault::Reset)
    } else {
        None
    }
}

#[cfg(not(feature = "reqwest"))]
fn by_library(_: &(dyn Error + 'static)) -> Option<TransportFault> {
    None
}
