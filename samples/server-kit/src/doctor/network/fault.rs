//! Where exactly the way to a host ends.

use http::StatusCode;

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameFault {
    /// There is no such name.
    NotFound,
    /// The resolver could not tell now.
    Again,
    /// The resolver said nothing in time.
    Late,
}

/// Why there is no TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectFault {
    Late,
    Refused,
    Unreachable,
    Reset,
    Other(std::io::ErrorKind),
}

/// Why a proxy made no tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProxyFault {
    Name(NameFault),
    Connect(ConnectFault),
    Tls(TlsFault),
    /// 407, with the schemes that it takes.
    Credentials {
        schemes: Vec<String>,
    },
    /// It knows us, and made no tunnel to this host all the same.
    Denied {
        status: StatusCode,
        reason: Option<String>,
    },
    /// It accepted the connection, and said nothing in time.
    Silent,
    /// It said something that is not HTTP, or hung up.
    NotAProxy,
    /// It hung up on this host, and lets others through.
    HungUp,
}

/// Why there is no TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// The chain ends at nobody whom this machine trusts.
    Untrusted(Shown),
    /// Good for other names only.
    OtherName(Shown),
    /// Expired, or not yet begun, by this machine's clock.
    OutOfTime(Shown),
    /// The peer said nothing in time.
    Late,
    /// The peer ended the connection.
    Reset,
    Other(String),
}

/// A certificate that a peer showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// For whom it was issued.
    pub(crate) subject: String,
    /// Who issued it.
    pub(crate) issuer: String,
    /// Who is at the end of the chain that came along; that is whom one would have to trust.
    pub(crate) authority: String,
}

/// Where the way ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Name(NameFault),
    Connect(ConnectFault),
    Proxy(ProxyFault),
    Tls(TlsFault),
    /// The run was over before anything was known.
    OutOfTime,
}

impl Fault {
    /// Returns the certificate that nobody here trusts, whosever it is.
    pub(crate) const fn untrusted(&self) -> Option<&Shown> {
        match self {
            Self::Tls(TlsFault::Untrusted(shown)) | Self::Proxy(ProxyFault::Tls(TlsFault::Untrusted(shown))) => {
                Some(shown)
            }
            _ => None,
        }
    }

    /// Tells whether it is the proxy itself that does not work, and not only for one host.
    pub(crate) const fn is_of_proxy_itself(&self) -> bool {
        matches!(self, Self::Proxy(fault) if !matches!(fault, ProxyFault::Denied { .. } | ProxyFault::Silent | ProxyFault::HungUp))
    }
}
