//! What people search for when they meet a fault: the words of Node, of the guide and of Entra, beside ours.

use mcp_auth_layer::fetch::TransportFault;

/// The resolver says that there is no such name.
pub(super) const NO_NAME: &[&str] = &["ENOTFOUND", "getaddrinfo", "dns"];
/// The resolver did not say.
pub(super) const NO_RESOLVER: &[&str] = &["EAI_AGAIN", "ENOTFOUND", "getaddrinfo", "dns"];
/// Nobody answered in time.
pub(super) const TIMED_OUT: &[&str] = &["ETIMEDOUT", "connect ETIMEDOUT", "connect_timeout"];
/// Somebody said no.
pub(super) const REFUSED: &[&str] = &["ECONNREFUSED", "refused"];
/// There is no way.
pub(super) const UNREACHABLE: &[&str] = &["ENETUNREACH", "EHOSTUNREACH", "transport"];
/// It broke.
pub(super) const RESET: &[&str] = &["ECONNRESET", "reset"];
/// Nobody here trusts the authority.
pub(super) const UNTRUSTED: &[&str] = &[
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "tls_untrusted",
];
/// Out of its time.
pub(super) const EXPIRED: &[&str] = &["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "tls_other"];
/// Another host's.
pub(super) const OTHER_NAME: &[&str] = &["ERR_TLS_CERT_ALTNAME_INVALID", "tls_other"];
/// Something else of TLS.
pub(super) const TLS: &[&str] = &["EPROTO", "tls_other"];
/// The proxy wants to know who we are.
pub(super) const PROXY_CREDENTIALS: &[&str] = &["HTTP 407", "Proxy Authentication Required", "proxy"];
/// Anything else of a proxy.
pub(super) const PROXY: &[&str] = &["HTTPS_PROXY", "CONNECT", "tunneling socket could not be established", "proxy"];

/// Returns the words of what failed on the way.
pub(super) const fn of(fault: TransportFault) -> &'static [&'static str] {
    match fault {
        TransportFault::Dns => NO_NAME,
        TransportFault::ConnectTimeout | TransportFault::Timeout => TIMED_OUT,
        TransportFault::Refused => REFUSED,
        TransportFault::TlsUntrusted => UNTRUSTED,
        TransportFault::TlsOther => TLS,
        TransportFault::Proxy => PROXY,
        TransportFault::Reset => RESET,
        _ => &["transport"],
    }
}
