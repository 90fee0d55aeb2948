//! Private keys and certificates in PEM (RFC 7468).

use zeroize::Zeroizing;

use super::certificate::CertificateError;

/// A private key, DER, by the label that it stood under.
pub(super) enum KeyDer {
    /// RFC 8017, `BEGIN RSA PRIVATE KEY`.
    Pkcs1(Zeroizing<Vec<u8>>),
    /// RFC 5958, `BEGIN PRIVATE KEY`.
    Pkcs8(Zeroizing<Vec<u8>>),
}

/// What a file holds, in its order.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) keys: Vec<KeyDer>,
    /// DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// Reads all blocks; text around them is ignored, as are blocks of other kinds.
pub(super) fn read(bytes: &[u8]) -> Result<Contents, CertificateError> {
    let mut contents = Contents::default();
    let blocks = pem::parse_many(bytes).map_err(|_| CertificateError::NotPem)?;
    if blocks.is_empty() {
        return Err(CertificateError::NotPem);
    }
    for block in blocks {
        // RFC 1421's way to encrypt a key, which openssl used before PKCS#8.
        let is_encrypted = block.headers().get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"));
        let label = block.tag().to_owned();
        let der = Zeroizing::new(block.into_contents());
        match label.as_str() {
            "ENCRYPTED PRIVATE KEY" => return Err(CertificateError::EncryptedKey),
            "RSA PRIVATE KEY" if is_encrypted => return Err(CertificateError::EncryptedKey),
            "RSA PRIVATE KEY" => contents.keys.push(KeyDer::Pkcs1(der)),
            "PRIVATE KEY" => contents.keys.push(KeyDer::Pkcs8(der)),
            "CERTIFICATE" => contents.certificates.push(der.to_vec()),
            other if other.ends_with("PRIVATE KEY") => return Err(CertificateError::NotRsa),
            _ => {}
        }
    }
    Ok(contents)
}
