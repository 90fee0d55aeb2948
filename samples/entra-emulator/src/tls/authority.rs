//! A certificate authority, and the server certificates that it issues.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};

/// An authority whose key is in memory alone.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn generate(name: &str) -> io::Result<Self> {
        let mut ca = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, name);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = ca.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(ca, key) })
    }

    /// Returns the authority's own certificate, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues a server certificate for these names, of which the first is its common name.
    pub(crate) fn certify(&self, names: &[&str]) -> io::Result<CertifiedKey> {
        let owned: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut leaf = CertificateParams::new(owned).map_err(io::Error::other)?;
        leaf.distinguished_name.push(DnType::CommonName, *names.first().unwrap_or(&"localhost"));
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = leaf.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let chain = vec![certificate.der().clone(), self.der.clone()];
        CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(io::Error::other)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(..)")
    }
}

/// Makes an authority when somebody first wants it.
#[derive(Debug)]
pub(crate) struct LateAuthority {
    name: &'static str,
    made: Mutex<Option<Arc<Authority>>>,
}

impl LateAuthority {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, made: Mutex::new(None) }
    }

    pub(crate) fn get(&self) -> Arc<Authority> {
        let make = || Arc::new(Authority::generate(self.name).expect("the machine can draw keys"));
        Arc::clone(self.made.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(make))
    }

    /// Withdraws it; whoever wants one next gets another.
    pub(crate) fn renew(&self) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
