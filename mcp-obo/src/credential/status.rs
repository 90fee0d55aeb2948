//! What an operator should know about a credential, without asking anybody for it.

use mcp_auth_layer::clock::UnixTime;

/// How an app proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A client secret.
    Secret,
    /// A certificate whose private key is here.
    Certificate,
    /// A certificate in Key Vault.
    KeyVault,
    /// A workload's token in a file.
    WorkloadIdentity,
    /// A user-assigned managed identity.
    ManagedIdentity,
    /// Something of the service's own.
    Custom,
    /// None: an app that is public and proves nothing.
    None,
}

impl CredentialKind {
    /// Returns a stable word for logs, `/readyz` and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "client_secret",
            Self::Certificate => "certificate",
            Self::KeyVault => "key_vault",
            Self::WorkloadIdentity => "workload_identity",
            Self::ManagedIdentity => "managed_identity",
            Self::Custom => "custom",
            Self::None => "none",
        }
    }
}

/// What kind of credential it is, when it ends, and how it fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialStatus {
    kind: CredentialKind,
    ends_at: Option<UnixTime>,
    is_set_back: bool,
}

impl CredentialStatus {
    /// Describes a credential whose end is not known here.
    #[must_use]
    pub const fn of(kind: CredentialKind) -> Self {
        Self { kind, ends_at: None, is_set_back: false }
    }

    /// Says when it ends, as a certificate does.
    #[must_use]
    pub const fn ending_at(mut self, end: UnixTime) -> Self {
        self.ends_at = Some(end);
        self
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Returns the time from which Entra refuses it, where that is known.
    #[must_use]
    pub const fn ends_at(&self) -> Option<UnixTime> {
        self.ends_at
    }

    pub(super) const fn set_back(self, is_set_back: bool) -> Self {
        Self { is_set_back, ..self }
    }

    /// Tells whether it was refused, or could not be presented, when it was last tried in these ten minutes.
    #[must_use]
    pub const fn is_set_back(&self) -> bool {
        self.is_set_back
    }

    /// Tells whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: UnixTime) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}
