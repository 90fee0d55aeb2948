//! Self-signed certificates for client assertions, made where a test needs one.

use std::fmt;

use crate::key::SigningKey;

/// A self-signed RSA certificate and its private key.
///
/// ```
/// use entra_emulator::{ClientCertificate, Config};
///
/// let certificate = ClientCertificate::generate();
/// let config = Config::default().with_certificate(certificate.certificate_pem());
/// assert!(certificate.private_key_pem().starts_with("-----BEGIN PRIVATE KEY-----"));
/// # let _ = config;
/// ```
#[derive(Clone)]
pub struct ClientCertificate {
    certificate: String,
    private_key: String,
}

impl ClientCertificate {
    /// Makes a fresh 2048-bit key and a certificate for it.
    #[must_use]
    pub fn generate() -> Self {
        let key = SigningKey::generate();
        Self { certificate: key.certificate_pem(), private_key: key.private_pem }
    }

    /// Returns the certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// Returns the private key, PKCS#8 PEM.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        &self.private_key
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}
