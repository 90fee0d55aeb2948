//! What can be wrong with a certificate and its key.

use mcp_auth_layer::clock::UnixTime;

/// Why a certificate or its private key cannot be used.
///
/// Nothing of the file's content is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file could not be read.
    #[error("the certificate's file could not be read")]
    File {
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It is larger than any certificate with its chain.
    #[error("the certificate's file is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// It is not PEM.
    #[error("the file is not PEM (BEGIN and END lines with base64 between them)")]
    NotPem,
    /// It is not PKCS#12, or damaged.
    #[cfg(feature = "pfx")]
    #[error("the file is not PKCS#12, or damaged")]
    NotPfx,
    /// The password does not open the PKCS#12 file.
    #[cfg(feature = "pfx")]
    #[error("the password does not open the PKCS#12 file")]
    WrongPassword,
    /// The PKCS#12 file is encrypted in a way that is not known here.
    #[cfg(feature = "pfx")]
    #[error("the PKCS#12 file is encrypted in an unknown way; export it again with AES-256")]
    UnknownEncryption,
    /// There is no private key in it.
    #[error("there is no private key beside the certificate")]
    NoKey,
    /// There is more than one private key in it.
    #[error("there is more than one private key, and no saying which is meant")]
    SeveralKeys,
    /// The private key needs a passphrase.
    #[error(
        "the private key is encrypted; give a PKCS#12 file with a password, or the key as `BEGIN PRIVATE KEY` \
         (openssl pkcs8 -in key.pem -out plain.pem)"
    )]
    EncryptedKey,
    /// The private key is of another kind than RSA.
    #[error("the private key is not RSA, the only kind that Entra takes for an app's certificate")]
    NotRsa,
    /// The private key is too short.
    #[error("the RSA key has fewer than 2048 bits")]
    ShortKey,
    /// The private key could not be read.
    #[error("the private key could not be read")]
    UnreadableKey,
    /// There is no certificate in it.
    #[error("there is no certificate beside the private key")]
    NoCertificate,
    /// A certificate could not be read.
    #[error("a certificate could not be read")]
    UnreadableCertificate,
    /// No certificate in it is this key's.
    #[error("the private key belongs to none of the certificates beside it")]
    Mismatch,
    /// The certificate has ended, so Entra would refuse what it signs.
    #[error("the certificate ended at {} (seconds since 1970)", ended_at.as_secs())]
    Ended {
        /// When it ended.
        ended_at: UnixTime,
    },
}
