//! What can be wrong with a document.

/// Why a document says nothing about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::proxy) enum DocumentFault {
    #[error("the id is no URL that a document can have")]
    Address,
    #[error("the operator does not trust the document's host")]
    Host,
    /// The name leads into somebody's own network, perhaps this one.
    #[error("the document's host is not in the open internet")]
    NotPublic,
    #[error("the document's host cannot be reached")]
    Unreachable,
    /// Nobody was asked, because others had all turns.
    #[error("too many documents are asked for")]
    Busy,
    #[error("the document's host answered with status {0}")]
    Status(u16),
    #[error("the document is larger than {} KB", super::MAX_BODY >> 10)]
    TooLarge,
    #[error("what lies there is not the JSON of a client")]
    Malformed,
    #[error("the document is of another client")]
    OtherId,
    #[error("the document has no redirect URI that is well formed")]
    NoRedirect,
    /// A published secret is none, and keys are not supported.
    #[error("the document has the client prove itself in a way that is not supported")]
    Method,
}

impl DocumentFault {
    /// Tells whether a publisher says by it that the client is none any more, or not as it was.
    ///
    /// Such a document was read and understood, which no error page is; and 410 is no mishap (RFC 9110 section 15.5.11).
    pub(super) const fn takes_it_back(self) -> bool {
        matches!(self, Self::OtherId | Self::NoRedirect | Self::Method | Self::Status(410))
    }

    /// Tells whether it may be gone in a while without anybody changing the document.
    pub(in crate::proxy) const fn is_passing(self) -> bool {
        match self {
            Self::Unreachable | Self::Busy | Self::Status(429 | 500..) => true,
            Self::Address
            | Self::Host
            | Self::NotPublic
            | Self::Status(_)
            | Self::TooLarge
            | Self::Malformed
            | Self::OtherId
            | Self::NoRedirect
            | Self::Method => false,
        }
    }
}
