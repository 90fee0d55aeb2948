//! The id of a session, as requests and responses carry it.

use http::{HeaderMap, HeaderName};

use crate::{digest::TokenDigest, reject::SessionFault};

/// The header of the MCP transport (2025-11-25, "Session Management") that names a session.
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The digest of a session's id, so that a dump of the table opens no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SessionId(TokenDigest);

impl SessionId {
    /// Finds the one session that these headers name; the transport allows visible ASCII only.
    pub(super) fn named(headers: &HeaderMap) -> Result<Option<Self>, SessionFault> {
        let mut given = headers.get_all(SESSION_ID).iter().map(http::HeaderValue::as_bytes);
        match (given.next(), given.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(SessionFault::Several),
            (Some(id), None) if !id.is_empty() && id.iter().all(u8::is_ascii_graphic) => {
                Ok(Some(Self(TokenDigest::of(id))))
            }
            (Some(_), None) => Err(SessionFault::Unknown),
        }
    }
}
