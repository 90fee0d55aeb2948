//! TLS to the server.

use redis::TlsCertificates;
use rustls::{
    RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem::PemObject},
};

use super::address::RedisConfigError;

/// Makes aws-lc the process's cryptography for rustls, unless the service has chosen another.
///
/// The client library takes the process's default, which rustls cannot guess when a dependency of the service brings a second
/// backend; it then panics in the middle of connecting.
pub(super) fn provide() {
    if CryptoProvider::get_default().is_none() {
        // Whoever is quicker has made a choice just as good.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}

/// The CAs that are trusted.
#[derive(Clone, Default)]
pub(super) enum Roots {
    /// The system's, as the client library finds them.
    #[default]
    System,
    /// These alone, in PEM form.
    Given(Vec<u8>),
}

impl Roots {
    pub(super) fn parse(pem: &[u8]) -> Result<Self, RedisConfigError> {
        let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let found = found.map_err(|_| RedisConfigError::Roots)?;
        let are_anchors = found.iter().all(|found| RootCertStore::empty().add(found.clone()).is_ok());
        if found.is_empty() || !are_anchors {
            return Err(RedisConfigError::Roots);
        }
        Ok(Self::Given(pem.to_vec()))
    }

    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        match self {
            Self::System => None,
            Self::Given(pem) => Some(TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) }),
        }
    }
}
