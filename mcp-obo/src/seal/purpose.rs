//! What a sealed value is for.

/// What a sealed value is for; each purpose has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A downstream token that replicas share.
    SharedToken,
    /// The name under which a user's mark lies in the shared store.
    SharedUser,
    /// A sign-in that is under way.
    Flow,
    /// An authorization code.
    Code,
    /// A refresh token.
    Session,
    /// A registered client's id.
    Registration,
    /// A registered client's secret, which is derived from its id.
    ClientSecret,
    /// What a person is asked to allow, and what one has allowed.
    Consent,
    /// A scope that stands for a claims challenge.
    StepUp,
    /// The names of what is recorded of codes and sessions.
    Ledger,
}

impl Purpose {
    pub(super) const ALL: [Self; 10] = [
        Self::SharedToken,
        Self::SharedUser,
        Self::Flow,
        Self::Code,
        Self::Session,
        Self::Registration,
        Self::ClientSecret,
        Self::Consent,
        Self::StepUp,
        Self::Ledger,
    ];

    /// A part of the keys: what was sealed under another label does not open.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::SharedToken => "shared-token",
            Self::SharedUser => "shared-user",
            Self::Flow => "flow",
            Self::Code => "code",
            Self::Session => "session",
            Self::Registration => "registration",
            Self::ClientSecret => "client-secret",
            Self::Consent => "consent",
            Self::StepUp => "step-up",
            Self::Ledger => "ledger",
        }
    }
}
