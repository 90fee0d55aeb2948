//! Self-signed certificates for client assertions, made where a test needs one.

use std::{fmt, io};

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};

use crate::{pem, signing::SigningKey};

/// A self-signed RSA certificate and its private key.
///
/// ```
/// use entra_emulator::{ClientCertificate, Config};
///
/// let certificate = ClientCertificate::generate().expect("the machine can make certificates");
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
    ///
    /// # Errors
    /// When the certificate cannot be written.
    pub fn generate() -> io::Result<Self> {
        let private_key = SigningKey::generate().private_pem;
        let pkcs8 = pem::read("PRIVATE KEY", &private_key).unwrap_or_default();
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256).map_err(io::Error::other)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "entra-emulator client, for tests only");
        let certificate = params.self_signed(&key).map_err(io::Error::other)?.pem();
        Ok(Self { certificate, private_key })
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
