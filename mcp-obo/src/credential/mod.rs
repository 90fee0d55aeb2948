//! How this service proves to Entra that it is itself (RFC 6749 section 2.3, RFC 7523 section 2.2).

mod assertion;
mod certificate;
mod federated;
mod fresh;
mod list;
mod pem;
#[cfg(feature = "pfx")]
mod pfx;
mod presents;
mod private_key;
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
mod public;
mod secret;
mod status;
mod thumbprint;
mod vault;

use std::fmt;

use http::Uri;
use mcp_auth_layer::clock::UnixTime;
use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "azure-identity")]
pub use self::federated::ManagedIdentity;
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
pub(crate) use self::public::PublicClient;
pub use self::{
    certificate::{CertificateError, ClientCertificate},
    federated::{AssertionRequest, FederatedAssertion, FederationFault, WorkloadIdentity},
    list::ClientCredentials,
    private_key::PrivateKey,
    secret::ClientSecret,
    status::{CredentialKind, CredentialStatus},
    thumbprint::{Thumbprint, ThumbprintError},
    vault::{KeyVault, KeyVaultCertificate, VaultDenial, VaultError, VaultOperation},
};
use crate::boxed::BoxFuture;

/// The credential of an app registration.
pub trait ClientCredential: fmt::Debug + Send + Sync + 'static {
    /// Returns what proves the client to a token endpoint.
    ///
    /// Called once for every request, so whatever is costly to make must be kept between calls.
    fn authenticate<'a>(&'a self, client: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>>;

    /// Hears that Entra refused what `authenticate` returned: the next one must not be the same from memory.
    fn refused(&self, _spent: &ClientAuth) {}

    /// Returns what an operator should know about it; asks nobody.
    fn status(&self) -> CredentialStatus {
        CredentialStatus::of(CredentialKind::Custom)
    }
}

/// Which client has to prove itself, where, and when.
#[derive(Clone, Copy, Debug)]
pub struct ClientContext<'a> {
    client_id: &'a str,
    token_endpoint: &'a Uri,
    now: UnixTime,
}

impl<'a> ClientContext<'a> {
    /// Describes a client, for whoever asks a credential without an [`Exchange`](crate::Exchange).
    #[must_use]
    pub const fn new(client_id: &'a str, token_endpoint: &'a Uri, now: UnixTime) -> Self {
        Self { client_id, token_endpoint, now }
    }

    /// Returns the app's id: issuer and subject of a client assertion.
    #[must_use]
    pub const fn client_id(&self) -> &'a str {
        self.client_id
    }

    /// Returns the token endpoint: the audience of a client assertion.
    #[must_use]
    pub const fn token_endpoint(&self) -> &'a Uri {
        self.token_endpoint
    }

    /// Returns the present time, by the app's clock.
    #[must_use]
    pub const fn now(&self) -> UnixTime {
        self.now
    }
}

/// The form fields that prove a client; nothing of them is printed by `Debug`.
#[derive(Clone)]
pub struct ClientAuth(Proof);

#[derive(Clone)]
enum Proof {
    Secret(SecretString),
    Assertion(SecretString),
    /// None: a public client.
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    Nothing,
}

impl ClientAuth {
    /// Proves by a client secret (`client_secret_post`).
    #[must_use]
    pub fn secret(secret: SecretString) -> Self {
        Self(Proof::Secret(secret))
    }

    /// Proves nothing (a public client, RFC 6749 section 2.1).
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    pub(crate) const fn public() -> Self {
        Self(Proof::Nothing)
    }

    /// Proves by a signed assertion (`private_key_jwt`, RFC 7523 section 2.2).
    ///
    /// It is signed by a certificate's key, or by the issuer of a federated identity.
    #[must_use]
    pub fn assertion(jwt: SecretString) -> Self {
        Self(Proof::Assertion(jwt))
    }

    /// Returns the form fields, secrets included, for the token endpoint alone.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        match &self.0 {
            Proof::Secret(secret) => vec![("client_secret", secret.expose_secret())],
            Proof::Assertion(jwt) => {
                vec![("client_assertion_type", JWT_BEARER), ("client_assertion", jwt.expose_secret())]
            }
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            Proof::Nothing => Vec::new(),
        }
    }

    /// Tells whether sending `other` after this one was refused would send the same again.
    pub(crate) fn is_the_same(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Proof::Secret(_) => "ClientAuth::Secret(..)",
            Proof::Assertion(_) => "ClientAuth::Assertion(..)",
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            Proof::Nothing => "ClientAuth::Nothing",
        })
    }
}

/// Why a credential could not be presented.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// Its file could not be read.
    #[error("the credential's file could not be read")]
    File {
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It was not ready in the time that an exchange can spare for it.
    #[error("the credential was not ready within {} s", after.as_secs())]
    Late {
        /// How long it had.
        after: std::time::Duration,
    },
    /// It is empty.
    #[error("the credential is empty")]
    Empty,
    /// Its certificate or private key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The assertion of another issuer could not be got or may not be sent.
    #[error(transparent)]
    Federated(#[from] FederationFault),
    /// Key Vault did not give it, or did not sign with it.
    #[error(transparent)]
    Vault(std::sync::Arc<VaultError>),
    /// Something that a credential of your own depends on failed.
    #[error("the credential could not be made")]
    Other {
        /// The reason; it must not contain the credential.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
