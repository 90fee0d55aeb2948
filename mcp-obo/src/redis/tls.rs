//! TLS to the server.

use std::fmt;

use base64::prelude::*;
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

/// CAs that are trusted besides the system's.
#[derive(Clone, Default)]
pub(super) struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    pub(super) fn system() -> Self {
        Self::default()
    }

    pub(super) fn add(mut self, pem: &[u8]) -> Result<Self, RedisConfigError> {
        let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let found = found.map_err(|_| RedisConfigError::Roots)?;
        let are_anchors = found.iter().all(|found| RootCertStore::empty().add(found.clone()).is_ok());
        if found.is_empty() || !are_anchors {
            return Err(RedisConfigError::Roots);
        }
        self.0.extend(found);
        Ok(self)
    }

    /// Returns all that are trusted, or nothing when the client library's own choice, the system's, will do.
    ///
    /// What is given to the library takes the place of the system's CAs, so these have to be given too.
    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        if self.0.is_empty() {
            return None;
        }
        let system = rustls_native_certs::load_native_certs().certs;
        let usable = system.iter().filter(|found| RootCertStore::empty().add((*found).clone()).is_ok());
        let pem: String = self.0.iter().chain(usable).map(to_pem).collect();
        Some(TlsCertificates { client_tls: None, root_cert: Some(pem.into_bytes()) })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

fn to_pem(certificate: &CertificateDer<'_>) -> String {
    let body = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}
