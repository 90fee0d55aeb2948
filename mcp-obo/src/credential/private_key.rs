//! A private key without its certificate, which is known by its thumbprint.

use std::path::PathBuf;

use super::{
    certificate::{CertificateError, Format, Local},
    presents::presents_its_key,
    thumbprint::Thumbprint,
};

/// A private key whose certificate is registered in Entra.
///
/// Prefer [`ClientCertificate`](super::ClientCertificate) where the certificate is at hand: without it nothing says when the
/// certificate ends, and nothing proves that the thumbprint is this key's.
///
/// # Defaults
/// With a SHA-256 thumbprint PS256; with a SHA-1 thumbprint RS256, and a line in the log that says so.
pub struct PrivateKey(Local);

impl PrivateKey {
    /// Reads a private key from PEM text.
    ///
    /// When its certificate stands beside it, that is used, and the thumbprint is not.
    ///
    /// # Errors
    /// [`CertificateError`] when it cannot be read, or is no key that Entra would accept.
    pub fn from_pem(pem: impl AsRef<[u8]>, thumbprint: Thumbprint) -> Result<Self, CertificateError> {
        hint(thumbprint);
        Local::of_bytes(pem.as_ref(), &Format::Key(thumbprint)).map(Self)
    }

    /// Reads a private key from a PEM file, and again when the file changes.
    ///
    /// # Errors
    /// [`CertificateError`] as for [`from_pem`](Self::from_pem).
    pub fn from_pem_file(path: impl Into<PathBuf>, thumbprint: Thumbprint) -> Result<Self, CertificateError> {
        hint(thumbprint);
        Local::of_file(path.into(), Format::Key(thumbprint)).map(Self)
    }
}

/// Says what would be better than SHA-1.
pub(super) fn hint(thumbprint: Thumbprint) {
    if let Thumbprint::Sha1(_) = thumbprint {
        tracing::info!(
            target: "mcp_obo::credential",
            "only the certificate's SHA-1 thumbprint is known, so assertions are signed with RS256; give its SHA-256 \
             thumbprint, or the certificate beside its key, for PS256",
        );
    }
}

presents_its_key!(PrivateKey);
