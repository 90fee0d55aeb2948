//! An app's certificate, given or in a file.

mod ending;
mod error;
mod file;
mod held;
mod local;
mod material;
#[cfg(test)]
mod tests;
mod x509;

use std::path::PathBuf;

pub use self::error::CertificateError;
pub(super) use self::{
    file::Format,
    held::Held,
    local::Local,
    material::{Material, Name, SendChain, Style, chain_of},
    x509::Certificate,
};
use super::{assertion::Algorithm, presents::presents_its_key};

const TRACE: &str = "mcp_obo::credential";

/// A certificate with its private key, which signs what proves the app (RFC 7523).
///
/// The certificate is registered at the app in Entra; the private key never leaves this process. One in a file is read again
/// when the file changes, at the latest after half a minute, and at once when Entra refuses it, so that rotation needs no
/// restart. A new file that cannot be used is reported, and the certificate before it stays in use until its end.
///
/// One that has ended or has not begun is no error at first, and a warning: the file may be replaced in time. Once it has ended
/// it is not sent any more. From thirty days before its end a line a day says so.
///
/// # Defaults
/// PS256 with the SHA-256 thumbprint, as Entra advises; the certificate itself is not sent.
pub struct ClientCertificate(Local);

impl ClientCertificate {
    /// Reads a certificate and its private key from a PEM file.
    ///
    /// They stand in any order; the key is `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1), RSA, of 2048 bits or more, and
    /// not encrypted. Certificates of those that signed it may stand beside it.
    ///
    /// # Errors
    /// [`CertificateError`] when it cannot be read, or says nothing that Entra would accept.
    pub fn from_pem_file(path: impl Into<PathBuf>) -> Result<Self, CertificateError> {
        Local::of_file(path.into(), Format::Pem).map(Self)
    }

    /// Reads a certificate and its private key from a file, PEM or PKCS#12 as its content says.
    ///
    /// The password counts for PKCS#12 alone, which takes the feature `pfx`; an empty one stands for none.
    ///
    /// # Errors
    /// [`CertificateError`] as for [`from_pem_file`](Self::from_pem_file).
    pub fn from_file(path: impl Into<PathBuf>, password: &str) -> Result<Self, CertificateError> {
        let path = path.into();
        #[cfg(feature = "pfx")]
        if !file::is_pem(&path) {
            return Self::from_pfx_file(path, password);
        }
        let _ = password;
        Self::from_pem_file(path)
    }

    /// Reads a certificate and its private key from PEM text.
    ///
    /// # Errors
    /// [`CertificateError`] as for [`from_pem_file`](Self::from_pem_file).
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, CertificateError> {
        Local::of_bytes(pem.as_ref(), &Format::Pem).map(Self)
    }

    /// Reads a certificate and its private key from a PKCS#12 file (`.pfx`, `.p12`).
    ///
    /// An empty password stands for none.
    ///
    /// # Errors
    /// [`CertificateError`] when it cannot be read or opened, or says nothing that Entra would accept.
    #[cfg(feature = "pfx")]
    pub fn from_pfx_file(path: impl Into<PathBuf>, password: impl Into<String>) -> Result<Self, CertificateError> {
        Local::of_file(path.into(), Format::Pfx(password.into().into())).map(Self)
    }

    /// Reads a certificate and its private key from PKCS#12.
    ///
    /// # Errors
    /// [`CertificateError`] as for [`from_pfx_file`](Self::from_pfx_file).
    #[cfg(feature = "pfx")]
    pub fn from_pfx(pfx: impl AsRef<[u8]>, password: impl Into<String>) -> Result<Self, CertificateError> {
        Local::of_bytes(pfx.as_ref(), &Format::Pfx(password.into().into())).map(Self)
    }

    /// Sends the certificates too (`x5c`).
    ///
    /// For apps that trust a subject name and issuer in place of one certificate.
    #[must_use]
    pub fn with_x5c(self) -> Self {
        Self(self.0.restyle(|style| style.chain = SendChain::Yes))
    }

    /// Signs with RS256, and adds the SHA-1 thumbprint, for authorities that know nothing newer.
    #[must_use]
    pub fn with_rs256(self) -> Self {
        Self(self.0.restyle(|style| style.algorithm = Algorithm::Rs256))
    }
}

presents_its_key!(ClientCertificate);
