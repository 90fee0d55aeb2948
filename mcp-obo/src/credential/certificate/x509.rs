//! What this crate wants to know of a certificate (RFC 5280).
//!
//! Read by RustCrypto's `x509-cert`: it is small, parses with `der` alone, and comes with PKCS#12 anyway. Nobody's signature is
//! checked here: Entra trusts the certificate because it was registered, not for who signed it.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use mcp_auth_layer::clock::UnixTime;
use x509_cert::{
    Certificate as Parsed,
    der::{Decode, asn1::ObjectIdentifier},
    name::Name,
    time::Time,
};

use super::{super::thumbprint::Thumbprint, CertificateError};

/// `rsaEncryption`, RFC 8017 appendix A.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A certificate.
#[derive(Clone)]
pub(in super::super) struct Certificate {
    der: Vec<u8>,
    subject: Name,
    issuer: Name,
    begins_at: UnixTime,
    ends_at: UnixTime,
    /// `RSAPublicKey`; none for other kinds of keys.
    public_key: Option<Vec<u8>>,
}

impl Certificate {
    /// Reads DER.
    pub(in super::super) fn read(der: Vec<u8>) -> Result<Self, CertificateError> {
        let parsed = Parsed::from_der(&der).map_err(|_| CertificateError::UnreadableCertificate)?;
        let inner = parsed.tbs_certificate();
        let key = inner.subject_public_key_info();
        let public_key = (key.algorithm.oid == RSA).then(|| key.subject_public_key.raw_bytes().to_vec());
        Ok(Self {
            subject: inner.subject().clone(),
            issuer: inner.issuer().clone(),
            begins_at: seconds(inner.validity().not_before),
            ends_at: seconds(inner.validity().not_after),
            public_key,
            der,
        })
    }

    pub(in super::super) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(in super::super) const fn begins_at(&self) -> UnixTime {
        self.begins_at
    }

    pub(in super::super) const fn ends_at(&self) -> UnixTime {
        self.ends_at
    }

    pub(in super::super) fn thumbprint(&self) -> Thumbprint {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.der).as_ref());
        Thumbprint::Sha256(hash)
    }

    /// Returns the `RSAPublicKey`, if it is one.
    pub(in super::super) fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }

    /// Tells whether it is for this key, an `RSAPublicKey`.
    pub(in super::super) fn certifies(&self, public_key: &[u8]) -> bool {
        self.public_key() == Some(public_key)
    }

    /// Tells whether `other` is who signed it, by name.
    pub(super) fn is_issued_by(&self, other: &Self) -> bool {
        self.issuer == other.subject && self.subject != self.issuer
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.thumbprint())
    }
}

fn seconds(time: Time) -> UnixTime {
    UnixTime::from_secs(time.to_unix_duration().as_secs())
}
