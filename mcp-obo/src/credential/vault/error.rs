//! What can be wrong with Key Vault, in words for the vault's administrator.

use std::{fmt, time::Duration};

use mcp_auth_layer::fetch::FetchError;

use super::super::certificate::CertificateError;
use crate::error::ExchangeError;

/// Why Key Vault gave no certificate, or did not sign.
///
/// The texts name the cure; nothing that the vault wrote is in them but its tenant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no token for the vault.
    #[error("no token for Key Vault; look at the identity that this service runs as")]
    Token {
        /// The token source's reason.
        #[source]
        source: ExchangeError,
    },
    /// No answer arrived.
    #[error("Key Vault could not be reached")]
    Unreachable {
        /// What failed on the way.
        #[source]
        source: FetchError,
    },
    /// No answer arrived in time.
    #[error("Key Vault did not answer within {} s", after.as_secs())]
    Late {
        /// How long it was waited for.
        after: Duration,
    },
    /// The vault did not accept the token.
    #[error("Key Vault did not accept the token{}", of_tenant(tenant.as_deref()))]
    Unauthorized {
        /// The tenant whose tokens it accepts, where it says so.
        tenant: Option<Box<str>>,
    },
    /// The vault knows who asks, and refuses.
    #[error("Key Vault refused {operation}: {}", cure(*denial, *operation))]
    Forbidden {
        /// What was asked for.
        operation: VaultOperation,
        /// Why it was refused.
        denial: VaultDenial,
    },
    /// There is nothing by this name.
    #[error("Key Vault has nothing by this name or version for {operation}")]
    NotFound {
        /// What was asked for.
        operation: VaultOperation,
    },
    /// The vault is asked too often, by this service or by others.
    #[error("Key Vault is asked too often; see its limits, and which other services share it")]
    Throttled {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// An answer with an unexpected status.
    #[error("Key Vault answered {operation} with HTTP {status}")]
    Status {
        /// What was asked for.
        operation: VaultOperation,
        /// The status.
        status: u16,
    },
    /// An answer that says something else than it should.
    #[error("Key Vault's answer is unusable: {why}")]
    Answer {
        /// What is wrong with it.
        why: &'static str,
    },
    /// What is in the vault cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl VaultError {
    /// Returns how long the vault wants to be left alone, if it says so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } => *retry_after,
            _ => None,
        }
    }
}

/// What a vault was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VaultOperation {
    /// To read a secret.
    ReadSecret,
    /// To read a certificate's public half.
    ReadCertificate,
    /// To sign with a key.
    Sign,
}

/// Why a vault refuses somebody whom it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VaultDenial {
    /// No role assignment allows it.
    Rbac,
    /// No access policy allows it.
    AccessPolicy,
    /// The firewall does not let this address in.
    Firewall,
    /// Public access is switched off, and this is not a private link.
    PrivateLink,
    /// The secret or certificate is disabled, ended or has not begun.
    Disabled,
    /// Something else.
    Other,
}

impl VaultDenial {
    /// Reads the vault's own code.
    pub(super) fn of(code: &str) -> Self {
        match code {
            "ForbiddenByRbac" => Self::Rbac,
            "AccessDenied" | "ForbiddenByPolicy" => Self::AccessPolicy,
            "ForbiddenByFirewall" => Self::Firewall,
            "ForbiddenByConnection" => Self::PrivateLink,
            "SecretDisabled"
            | "SecretExpired"
            | "SecretNotYetValid"
            | "KeyDisabled"
            | "KeyExpired"
            | "KeyNotYetValid"
            | "CertificateDisabled" => Self::Disabled,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for VaultOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadSecret => "reading the secret",
            Self::ReadCertificate => "reading the certificate",
            Self::Sign => "signing with the key",
        })
    }
}

fn of_tenant(tenant: Option<&str>) -> String {
    match tenant {
        Some(tenant) => format!("; it accepts those of tenant {tenant} for its own resource"),
        None => String::new(),
    }
}

fn cure(denial: VaultDenial, operation: VaultOperation) -> String {
    let (role, permission) = match operation {
        VaultOperation::ReadSecret => ("Key Vault Secrets User", "secrets/get"),
        VaultOperation::ReadCertificate => ("Key Vault Certificate User", "certificates/get"),
        VaultOperation::Sign => ("Key Vault Crypto User", "keys/sign"),
    };
    match denial {
        VaultDenial::Rbac => format!("give this service's identity the role `{role}`, and a few minutes"),
        VaultDenial::AccessPolicy => format!("give this service's identity `{permission}` in the access policies"),
        VaultDenial::Firewall => "let this service's network through the vault's firewall".to_owned(),
        VaultDenial::PrivateLink => "public access is off, so this service needs a private endpoint".to_owned(),
        VaultDenial::Disabled => "it is disabled or outside its dates; enable it or add a new version".to_owned(),
        VaultDenial::Other => format!("see whether this service's identity has `{role}` or `{permission}`"),
    }
}
