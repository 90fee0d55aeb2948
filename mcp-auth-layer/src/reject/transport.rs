//! What can be wrong with a request before or beside its credentials.

use std::fmt;

use super::Rejection;

/// What is wrong with the host or the origin that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginFault {
    /// The request names no host.
    NoHost,
    /// The request names several hosts.
    SeveralHosts,
    /// What should name the host is no host.
    MalformedHost,
    /// The host is none of this service's.
    Host,
    /// More than one `Origin` header.
    SeveralOrigins,
    /// The origin is neither this service's nor one of those that may call.
    Origin,
}

/// Why a session cannot be used; outside all of them look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionFault {
    /// More than one `Mcp-Session-Id` header.
    Several,
    /// No session of this name is known here.
    Unknown,
    /// The session belongs to another caller.
    OfAnother,
}

impl OriginFault {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NoHost => "no_host",
            Self::SeveralHosts => "several_hosts",
            Self::MalformedHost => "malformed_host",
            Self::Host => "host",
            Self::SeveralOrigins => "several_origins",
            Self::Origin => "origin",
        }
    }
}

impl SessionFault {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Several => "several_sessions",
            Self::Unknown => "unknown_session",
            Self::OfAnother => "session_of_another",
        }
    }
}

impl fmt::Display for OriginFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the request names no host",
            Self::SeveralHosts => "the request names several hosts",
            Self::MalformedHost => "what should name the host is no host",
            Self::Host => "the host is none of this service's",
            Self::SeveralOrigins => "more than one origin was sent",
            Self::Origin => "the origin is not one of those that may call",
        })
    }
}

impl fmt::Display for SessionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Several => "more than one session was named",
            Self::Unknown => "no session of this name is known here",
            Self::OfAnother => "the session belongs to another caller",
        })
    }
}

impl From<OriginFault> for Rejection {
    fn from(fault: OriginFault) -> Self {
        Self::Origin(fault)
    }
}

impl From<SessionFault> for Rejection {
    fn from(fault: SessionFault) -> Self {
        Self::Session(fault)
    }
}
