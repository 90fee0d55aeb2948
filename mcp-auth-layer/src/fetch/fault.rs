//! What failed between us and a peer, in words an operator can act on.

use std::{error::Error, fmt, io};

/// What failed on the way to a peer.
///
/// | kind | cause | cure | test |
/// |---|---|---|---|
/// | `dns` | the resolver does not know the host | check the name, the resolver, and the private zone of a private endpoint | `a_name_that_does_not_exist_is_dns` |
/// | `connect_timeout` | a firewall drops packets, or a host or proxy accepts and then says nothing | allow TCP 443 to the host, or to the proxy | `a_firewall_that_drops_or_a_handshake_that_hangs_is_connect_timeout` |
/// | `timeout` | connected, but no whole answer in time | try again; then look at the host's load and at what stands between | `a_peer_that_accepts_and_never_answers_is_timeout`, `a_body_that_drips_ends_at_the_total_deadline` |
/// | `refused` | nobody listens at the port, or a firewall says so | check address and port | `a_port_at_which_nobody_listens_is_refused` |
/// | `tls_untrusted` | the certificate's authority is unknown here, mostly that of a proxy that reads along | add the authority by `SSL_CERT_FILE` or [`Egress::add_roots`](super::Egress::add_roots) | `a_certificate_of_an_unknown_authority_is_tls_untrusted`, `the_process_s_certificate_variables_are_honoured` |
/// | `tls_other` | expired, for another name, or no common version | check this machine's clock, the name, and what answers there | `any_other_failure_of_the_handshake_is_tls_other` |
/// | `proxy` | the proxy is not there, wants a password, or may not connect to the host | check `HTTPS_PROXY`, its password and its rules, or name the host in `NO_PROXY` | `a_proxy_that_does_not_connect_is_proxy` |
/// | `reset` | the connection broke before the answer was whole | try again; if it stays, a firewall or proxy cuts the connection | `a_connection_that_breaks_is_reset_whenever_it_breaks`, `an_http_2_stream_that_breaks_is_reset`, `tls_that_breaks_after_the_handshake_is_no_failed_handshake` |
/// | `transport` | anything else, such as an answer that is not HTTP | the log has the client library's words | `an_answer_that_is_not_http_is_a_failure_without_a_kind_of_its_own` |
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
    /// The peer's certificate is signed by a CA that is not trusted here: a corporate proxy, mostly. Nothing was sent.
    TlsUntrusted,
    /// The TLS handshake failed otherwise. Nothing was sent.
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
        let known = chain(error).find_map(by_library).or_else(|| chain(error).find_map(by_io));
        match known.or_else(|| chain(error).find_map(by_stream)) {
            // The peer has the request by then, and may have done what it asks for.
            Some(Self::TlsUntrusted | Self::TlsOther) if is_connected(error) => Self::Reset,
            known => known.unwrap_or(Self::Other),
        }
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
    // The connector's own error types are private to it; these texts are all that tells them apart. Tests with a
    // real connector guard them.
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

/// A peer that ends an HTTP/2 stream or connection with an error; what it says has no type here, either.
fn by_stream(error: &(dyn Error + 'static)) -> Option<TransportFault> {
    (error.to_string() == "http2 error").then_some(TransportFault::Reset)
}

/// Tells whether there was a connection, TLS included, before the error.
#[cfg(feature = "reqwest")]
fn is_connected(error: &(dyn Error + 'static)) -> bool {
    chain(error).find_map(|cause| cause.downcast_ref::<reqwest::Error>()).is_some_and(|client| !client.is_connect())
}

#[cfg(not(feature = "reqwest"))]
fn is_connected(_: &(dyn Error + 'static)) -> bool {
    false
}

#[cfg(not(feature = "reqwest"))]
fn by_library(_: &(dyn Error + 'static)) -> Option<TransportFault> {
    None
}
