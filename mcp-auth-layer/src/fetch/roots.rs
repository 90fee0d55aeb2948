//! Whose certificates are trusted: the system's CAs, and those that are added.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_native_certs::{CertificateResult, load_certs_from_paths};
use tower::BoxError;

use crate::config::ConfigError;

/// CA certificates, each of which can be a trust anchor.
#[derive(Clone, Default)]
pub(super) struct Roots {
    own: Vec<CertificateDer<'static>>,
    system: SystemRoots,
}

/// Whether the system's roots are trusted, too.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum SystemRoots {
    #[default]
    Trusted,
    LeftOut,
}

impl Roots {
    /// Makes a store of these alone.
    pub(super) fn alone(pem: &[u8]) -> Result<Self, ConfigError> {
        let mut roots = Self { own: Vec::new(), system: SystemRoots::LeftOut };
        roots.add_pem(pem)?;
        Ok(roots)
    }

    pub(super) fn add_pem(&mut self, pem: &[u8]) -> Result<(), ConfigError> {
        let refused = |source| ConfigError::Roots { from: "the PEM given".to_owned(), source };
        let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        self.add(found.map_err(|error| refused(error.into()))?).map_err(refused)
    }

    /// Adds a bundle; `variable` is for the operator, who has to correct it.
    pub(super) fn add_file(&mut self, variable: &str, path: &Path) -> Result<(), ConfigError> {
        let refused = |source| ConfigError::Roots { from: format!("{variable} {}", path.display()), source };
        bounded_file(path).map_err(|error| refused(error.into()))?;
        whole(load_certs_from_paths(Some(path), None)).and_then(|found| self.add(found)).map_err(refused)
    }

    pub(super) fn add_folder(&mut self, variable: &str, path: &Path) -> Result<(), ConfigError> {
        let refused = |source| ConfigError::Roots { from: format!("{variable} {}", path.display()), source };
        whole(load_certs_from_paths(None, Some(path))).and_then(|found| self.add(found)).map_err(refused)
    }

    fn add(&mut self, found: Vec<CertificateDer<'static>>) -> Result<(), BoxError> {
        if found.is_empty() {
            return Err(NoCertificate.into());
        }
        for certificate in &found {
            RootCertStore::empty().add(certificate.clone())?;
        }
        self.own.extend(found);
        Ok(())
    }

    /// Tells a client what it trusts.
    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, ConfigError> {
        let certificates = self.beside_the_clients_own()?;
        Ok(match self.system {
            SystemRoots::Trusted => builder.tls_certs_merge(certificates),
            SystemRoots::LeftOut => builder.tls_certs_only(certificates),
        })
    }

    /// Returns what the client has to be given besides what it finds by itself.
    fn beside_the_clients_own(&self) -> Result<Vec<reqwest::Certificate>, ConfigError> {
        let client_error = |source: BoxError| ConfigError::HttpClient { source };
        let hidden = match self.system {
            SystemRoots::Trusted => system_roots().map_err(client_error)?.hidden,
            SystemRoots::LeftOut => Vec::new(),
        };
        let all = self.own.iter().chain(&hidden);
        all.map(|der| reqwest::Certificate::from_der(der).map_err(|error| client_error(error.into()))).collect()
    }

    /// Returns all that are trusted, for a client that takes no others.
    pub(super) fn all(&self) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
        if self.system == SystemRoots::LeftOut {
            return Ok(self.own.clone());
        }
        let System { seen, hidden } = system_roots().map_err(|source| ConfigError::HttpClient { source })?;
        // As below: one that cannot be an anchor must not cost the others.
        let usable = seen.into_iter().filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
        Ok(usable.chain(hidden).chain(self.own.clone()).collect())
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.own.len())
    }
}

/// The system's roots.
struct System {
    /// Those that the client finds by itself.
    seen: Vec<CertificateDer<'static>>,
    /// Those that `SSL_CERT_FILE` or `SSL_CERT_DIR` hide from it; none when neither is set.
    hidden: Vec<CertificateDer<'static>>,
}

/// Reads the system's roots.
///
/// rustls-native-certs, which the client asks, takes these variables *instead of* the system's store; whoever sets them to
/// trust a corporate proxy would lose everything that is reached without it. It also only logs what it cannot read, so that a
/// wrong path would show as an untrusted certificate much later.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn system_roots() -> Result<System, BoxError> {
    let seen = rustls_native_certs::load_native_certs();
    let is_named = openssl_probe::has_ssl_cert_env_vars();
    let places = openssl_probe::probe();
    let own = places.cert_file.as_deref().into_iter().map(|file| load_certs_from_paths(Some(file), None));
    let own = own.chain(openssl_probe::candidate_cert_dirs().map(|folder| load_certs_from_paths(None, Some(folder))));
    let hidden = hidden_in(own.flat_map(|found| found.certs), &seen.certs);
    // A blank variable is one that is not set; to rustls-native-certs it is a file without a name.
    let (blank, errors): (Vec<_>, Vec<_>) = seen.errors.into_iter().partition(is_of_blank_path);
    match errors.into_iter().next() {
        Some(error) if is_named || seen.certs.is_empty() => return Err(error.into()),
        None if seen.certs.is_empty() && (is_named || (!blank.is_empty() && hidden.is_empty())) => {
            return Err(NoCertificate.into());
        }
        _ => {}
    }
    Ok(System { seen: seen.certs, hidden })
}

#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn is_of_blank_path(error: &rustls_native_certs::Error) -> bool {
    let rustls_native_certs::ErrorKind::Io { path, .. } = &error.kind else { return false };
    path.to_str().is_some_and(|path| path.trim().is_empty())
}

#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn hidden_in(
    own: impl Iterator<Item = CertificateDer<'static>>,
    seen: &[CertificateDer<'static>],
) -> Vec<CertificateDer<'static>> {
    let mut hidden: Vec<_> = own.filter(|certificate| !seen.contains(certificate)).collect();
    hidden.sort_unstable_by(|left, right| left.as_ref().cmp(right.as_ref()));
    // A bundle and the files that it was made of.
    hidden.dedup();
    // One old certificate that cannot be an anchor must not cost all the others.
    hidden.retain(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
    hidden
}

/// macOS, Windows and Android verify by the system itself, which knows nothing of the variables.
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
fn system_roots() -> Result<System, BoxError> {
    Ok(System { seen: rustls_native_certs::load_native_certs().certs, hidden: Vec::new() })
}

/// A device or a pipe would be read for ever.
fn bounded_file(path: &Path) -> io::Result<()> {
    let file = fs::metadata(path)?;
    match (file.is_file(), file.len()) {
        (true, ..=MAX_BYTES) => Ok(()),
        (true, _) => Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 8 MiB")),
        (false, _) => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file")),
    }
}

/// A part of a bundle is not what the operator asked for.
fn whole(found: CertificateResult) -> Result<Vec<CertificateDer<'static>>, BoxError> {
    found.errors.into_iter().next().map_or(Ok(found.certs), |error| Err(error.into()))
}

/// Splits `SSL_CERT_DIR` as OpenSSL does.
pub(super) fn folders(list: &str) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty())
}

#[derive(Debug, thiserror::Error)]
#[error("there is no certificate in PEM form in it")]
struct NoCertificate;

/// Mozilla's list is 0.2 MiB.
const MAX_BYTES: u64 = 8 << 20;

#[cfg(all(test, unix, not(target_vendor = "apple"), not(target_os = "android")))]
mod tests;
