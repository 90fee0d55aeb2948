//! Certificates of a key vault.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{certificate::ClientCertificate, key::SigningKey};

/// How the secret behind a certificate is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CertificateFormat {
    /// `application/x-pem-file`: the key and the certificate.
    #[default]
    Pem,
    /// `application/x-pkcs12`: base64 of a PKCS#12 file without a password.
    Pkcs12,
}

impl CertificateFormat {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Pem => "application/x-pem-file",
            Self::Pkcs12 => "application/x-pkcs12",
        }
    }
}

/// Whether the vault gives the private key out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PrivateKey {
    Exportable,
    Kept,
}

/// A certificate as a key vault keeps it.
///
/// # Defaults
/// The private key is exportable.
#[derive(Clone, Debug)]
pub struct VaultCertificate {
    certificate: ClientCertificate,
    format: CertificateFormat,
    private_key: PrivateKey,
}

impl VaultCertificate {
    /// Imports a certificate and its key.
    #[must_use]
    pub const fn new(certificate: ClientCertificate, format: CertificateFormat) -> Self {
        Self { certificate, format, private_key: PrivateKey::Exportable }
    }

    /// Keeps the private key in the vault: its secret has only the certificate, and the vault signs.
    #[must_use]
    pub const fn not_exportable(mut self) -> Self {
        self.private_key = PrivateKey::Kept;
        self
    }

    pub(crate) fn key(&self) -> &SigningKey {
        self.certificate.key()
    }

    pub(crate) const fn format(&self) -> CertificateFormat {
        self.format
    }

    pub(crate) fn is_exportable(&self) -> bool {
        self.private_key == PrivateKey::Exportable
    }

    /// Writes the secret behind the certificate.
    pub(crate) fn secret(&self) -> String {
        let certificate = self.certificate.certificate_pem();
        match (self.format, self.private_key) {
            (CertificateFormat::Pem, PrivateKey::Exportable) => {
                format!("{}{certificate}", self.certificate.private_key_pem())
            }
            (CertificateFormat::Pem, PrivateKey::Kept) => certificate.to_owned(),
            (CertificateFormat::Pkcs12, PrivateKey::Exportable) => STANDARD.encode(self.certificate.pkcs12("")),
            (CertificateFormat::Pkcs12, PrivateKey::Kept) => STANDARD.encode(self.key().certificate_pkcs12()),
        }
    }
}
