//! Self-signed certificates for client assertions, made where a test needs one.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use serde_json::json;

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
    key: Arc<SigningKey>,
}

impl ClientCertificate {
    /// Makes a fresh 2048-bit key and a certificate for it.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(SigningKey::generate())
    }

    /// Makes one that is valid between two days, given by any second of them since the Unix epoch.
    ///
    /// # Panics
    /// When a day is not between the years 1 and 9999.
    #[must_use]
    pub fn valid_between(not_before: i64, not_after: i64) -> Self {
        Self::of(SigningKey::valid_between(not_before, not_after))
    }

    fn of(key: SigningKey) -> Self {
        Self { certificate: key.certificate_pem(), key: Arc::new(key) }
    }

    /// Returns the certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// Returns the private key, PKCS#8 PEM.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        &self.key.private_pem
    }

    /// Returns the private key in JSON, its line breaks written as a backslash and an `n`.
    ///
    /// People make such secrets when they paste a key into a shell.
    #[must_use]
    pub fn private_key_json(&self) -> String {
        json!({"privateKey": self.key.private_pem.replace('\n', "\\n")}).to_string()
    }

    /// Returns key and certificate as a PKCS#12 file.
    #[must_use]
    pub fn pkcs12(&self, password: &str) -> Vec<u8> {
        self.key.pkcs12(password)
    }

    /// Returns the SHA-1 thumbprint, in hex as Azure shows it.
    #[must_use]
    pub fn sha1_thumbprint(&self) -> String {
        self.thumbprint(&SHA1_FOR_LEGACY_USE_ONLY)
    }

    /// Returns the SHA-256 thumbprint, in hex.
    #[must_use]
    pub fn sha256_thumbprint(&self) -> String {
        self.thumbprint(&SHA256)
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    fn thumbprint(&self, algorithm: &'static digest::Algorithm) -> String {
        let hash = digest::digest(algorithm, self.key.certificate_der());
        hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}
