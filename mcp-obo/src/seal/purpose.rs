//! What a sealed value is for.

/// What a sealed value is for; each purpose has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A downstream token that replicas share.
    SharedToken,
    /// The name under which a user's mark lies in the shared store.
    SharedUser,
}

impl Purpose {
    pub(super) const ALL: [Self; 2] = [Self::SharedToken, Self::SharedUser];

    /// A part of the keys: what was sealed under another label does not open.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::SharedToken => "shared-token",
            Self::SharedUser => "shared-user",
        }
    }
}
