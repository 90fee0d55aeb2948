//! How this service proves to Entra that it is itself (RFC 6749 section 2.3, RFC 7523 section 2.2).

mod secret;

use std::{fmt, future::Future, pin::Pin};

use http::Uri;
use secrecy::{ExposeSecret, SecretString};

pub use self::secret::ClientSecret;

/// The credential of an app registration.
pub trait ClientCredential: fmt::Debug + Send + Sync + 'static {
    /// Returns what proves the client to this token endpoint.
    ///
    /// Called once for every request, so whatever is costly to make must be kept between calls.
    fn authenticate<'a>(
        &'a self,
        token_endpoint: &'a Uri,
    ) -> Pin<Box<dyn Future<Output = Result<ClientAuth, CredentialError>> + Send + 'a>>;

    /// Hears that Entra refused the credential: the next `authenticate` must not answer from memory.
    fn refused(&self) {}
}

/// The form fields that prove a client; nothing of them is printed by `Debug`.
#[derive(Clone)]
pub struct ClientAuth(Proof);

#[derive(Clone)]
enum Proof {
    Secret(SecretString),
    Assertion(SecretString),
}

impl ClientAuth {
    /// Proves by a client secret (`client_secret_post`).
    #[must_use]
    pub fn secret(secret: SecretString) -> Self {
        Self(Proof::Secret(secret))
    }

    /// Proves by a signed assertion (`private_key_jwt`, RFC 7523): of a certificate, or of a federated identity.
    #[must_use]
    pub fn assertion(jwt: SecretString) -> Self {
        Self(Proof::Assertion(jwt))
    }

    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        match &self.0 {
            Proof::Secret(secret) => vec![("client_secret", secret.expose_secret())],
            Proof::Assertion(jwt) => {
                vec![("client_assertion_type", JWT_BEARER), ("client_assertion", jwt.expose_secret())]
            }
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
    /// It is empty.
    #[error("the credential is empty")]
    Empty,
    /// Something that a credential of your own depends on failed.
    #[error("the credential could not be made")]
    Other {
        /// The reason; it must not contain the credential.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
