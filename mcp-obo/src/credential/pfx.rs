//! Private keys and certificates in PKCS#12 (RFC 7292).

use p12_keystore::{Pkcs12Archive, error::Error};
use zeroize::Zeroizing;

use super::{
    certificate::CertificateError,
    pem::{Contents, KeyDer},
};

/// Reads everything in a PKCS#12 file; an empty password is the same as none.
pub(super) fn read(bytes: &[u8], password: &str) -> Result<Contents, CertificateError> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|why| reason(&why))?;
    let keys = archive.keys.iter().map(|bag| KeyDer::Pkcs8(Zeroizing::new(bag.key.as_der().to_vec())));
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec());
    Ok(Contents { keys: keys.collect(), certificates: certificates.collect() })
}

/// The library's own texts stay out: what it read may be in them.
fn reason(why: &Error) -> CertificateError {
    match why {
        // A file without a checksum shows a wrong password only by what comes out of the decryption.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => CertificateError::WrongPassword,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => CertificateError::UnknownEncryption,
        _ => CertificateError::NotPfx,
    }
}
