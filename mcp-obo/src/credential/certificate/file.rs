//! A file with a private key in it, read again when it changes.

use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use tokio::{sync::OwnedMutexGuard, time::Instant};
use zeroize::Zeroizing;

use super::{
    super::{pem, thumbprint::Thumbprint},
    CertificateError,
    material::Material,
};

/// More than a key with any chain; a device file has no end at all.
const LIMIT: usize = 1 << 20;

/// A mounted file may lie on a network that is gone; the key in memory is good without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How to read a file.
#[derive(Clone)]
pub(in super::super) enum Format {
    Pem,
    #[cfg(feature = "pfx")]
    Pfx(secrecy::SecretString),
    /// A private key without its certificate.
    Key(Thumbprint),
}

impl Format {
    pub(in super::super) fn read(&self, bytes: &[u8]) -> Result<Material, CertificateError> {
        match self {
            Self::Pem => Material::certified(pem::read(bytes)?),
            #[cfg(feature = "pfx")]
            Self::Pfx(password) => {
                use secrecy::ExposeSecret;
                Material::certified(super::super::pfx::read(bytes, password.expose_secret())?)
            }
            Self::Key(thumbprint) => Material::named(pem::read(bytes)?, *thumbprint),
        }
    }
}

/// Why the file is looked at, which decides how fresh the last look may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Occasion {
    /// An assertion is wanted, and a good one is there.
    Use,
    /// An assertion is about to be signed.
    Signing,
    /// Entra refused the last one.
    Refusal,
}

impl Occasion {
    const fn interval(self) -> Duration {
        match self {
            Self::Use => Duration::from_secs(30),
            // An app of many tenants signs for each of them.
            Self::Signing => Duration::from_secs(1),
            Self::Refusal => Duration::ZERO,
        }
    }
}

/// A file that is looked at now and then.
///
/// The whole content decides whether it changed: the time of a mounted secret says little, and a few kilobytes are read soon.
pub(in super::super) struct WatchedFile {
    path: Arc<Path>,
    format: Arc<Format>,
    looked_at: Mutex<Instant>,
    /// Locked while somebody reads, so that one thread at most hangs on a dead network.
    seen: Arc<tokio::sync::Mutex<Seen>>,
}

/// What was found the last time, good or not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Content([u8; 32]),
    Unreadable(io::ErrorKind),
}

impl WatchedFile {
    /// Reads the file for the first time.
    pub(in super::super) fn open(path: PathBuf, format: Format) -> Result<(Self, Material), CertificateError> {
        let bytes = read(&path).map_err(|source| CertificateError::File { source })?;
        let material = bounded(&bytes).and_then(|bytes| format.read(bytes))?;
        let seen = Arc::new(tokio::sync::Mutex::new(Seen::content(&bytes)));
        let looked_at = Mutex::new(Instant::now());
        Ok((Self { path: path.into(), format: Arc::new(format), looked_at, seen }, material))
    }

    /// Returns what is new in the file, if anything is.
    ///
    /// What cannot be used is said once, and what was there before stays in use.
    pub(in super::super) async fn look(&self, occasion: Occasion) -> Option<Material> {
        if !self.is_due(occasion) {
            return None;
        }
        tokio::time::timeout(PATIENCE, self.read_again()).await.unwrap_or_else(|_| {
            tracing::warn!(target: super::TRACE, file = %self.path.display(), "the certificate's file does not answer");
            None
        })
    }

    fn is_due(&self, occasion: Occasion) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = looked_at.elapsed() >= occasion.interval();
        if is_due {
            *looked_at = Instant::now();
        }
        is_due
    }

    async fn read_again(&self) -> Option<Material> {
        let seen = Arc::clone(&self.seen).lock_owned().await;
        let (path, format) = (Arc::clone(&self.path), Arc::clone(&self.format));
        let (mut seen, now, found) = tokio::task::spawn_blocking(move || find_new(&path, &format, seen)).await.ok()?;
        // Only here, where what was found is handed over: who goes away while the file is read leaves it for the next one.
        *seen = now;
        match found? {
            Ok(material) => {
                tracing::info!(
                    target: super::TRACE,
                    file = %self.path.display(),
                    thumbprint = material.name().thumbprint().map(tracing::field::display),
                    "the certificate's file has changed",
                );
                Some(material)
            }
            Err(why) => {
                tracing::warn!(
                    target: super::TRACE,
                    file = %self.path.display(),
                    cause = %why,
                    "the certificate's file has changed and cannot be used; what was in it before stays in use",
                );
                None
            }
        }
    }
}

impl fmt::Debug for WatchedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl Seen {
    fn content(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self::Content(hash)
    }
}

/// What was read, unless the file is as it was.
type Found = Option<Result<Material, CertificateError>>;

/// Reads the file; the guard goes along, so that nobody else reads until the result has arrived.
fn find_new(path: &Path, format: &Format, seen: OwnedMutexGuard<Seen>) -> (OwnedMutexGuard<Seen>, Seen, Found) {
    let found = read(path);
    let now = match &found {
        Ok(bytes) => Seen::content(bytes),
        Err(why) => Seen::Unreadable(why.kind()),
    };
    if *seen == now {
        return (seen, now, None);
    }
    let bytes = found.map_err(|source| CertificateError::File { source });
    let found = bytes.and_then(|bytes| bounded(&bytes).and_then(|bytes| format.read(bytes)));
    (seen, now, Some(found))
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = fs::File::open(path)?;
    let expected = file.metadata().map_or(0, |about| usize::try_from(about.len()).unwrap_or(LIMIT));
    // Room for all of it at once, or growing would leave copies of the key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(LIMIT) + 1));
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// PEM is text and says so; what cannot be read is reported as PEM, the more usual form.
#[cfg(feature = "pfx")]
pub(super) fn is_pem(path: &Path) -> bool {
    read(path).map_or(true, |bytes| bytes.windows(11).any(|window| window == b"-----BEGIN "))
}

fn bounded(bytes: &[u8]) -> Result<&[u8], CertificateError> {
    if bytes.len() > LIMIT { Err(CertificateError::TooLarge { limit: LIMIT }) } else { Ok(bytes) }
}
