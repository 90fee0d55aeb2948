//! A client secret, given or in a file.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use mcp_auth_layer::config::ConfigError;
use secrecy::SecretString;

use super::{ClientAuth, ClientContext, ClientCredential, CredentialError, CredentialKind, CredentialStatus};
use crate::boxed::BoxFuture;

/// A client secret, given or in a file.
///
/// One in a file is read again when Entra refuses it, so that rotation needs no restart.
pub struct ClientSecret {
    current: Mutex<SecretString>,
    file: Option<Arc<Path>>,
    stale: AtomicBool,
}

impl ClientSecret {
    /// Takes the secret's value.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self::with(SecretString::from(secret.into()), None)
    }

    /// Reads the secret from a file; white space around it is dropped.
    ///
    /// # Errors
    /// [`ConfigError::File`] when it cannot be read, [`ConfigError::Empty`] when there is nothing in it.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        const WHAT: &str = "the client secret";
        let file: Arc<Path> = path.into().into();
        match read(&file) {
            Ok(secret) => Ok(Self::with(secret, Some(file))),
            Err(CredentialError::File { source }) => Err(ConfigError::File { what: WHAT, source }),
            Err(_) => Err(ConfigError::Empty { what: WHAT }),
        }
    }

    const fn with(secret: SecretString, file: Option<Arc<Path>>) -> Self {
        Self { current: Mutex::new(secret), file, stale: AtomicBool::new(false) }
    }

    fn current(&self) -> SecretString {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn reload(&self, file: Arc<Path>) -> Result<SecretString, CredentialError> {
        // A mounted secret may lie on a network; a worker thread must not wait for it.
        let secret = tokio::task::spawn_blocking(move || read(&file))
            .await
            .map_err(|gone| CredentialError::File { source: io::Error::other(gone) })??;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = secret.clone();
        self.stale.store(false, Ordering::Release);
        Ok(secret)
    }
}

impl ClientCredential for ClientSecret {
    fn authenticate<'a>(&'a self, _: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(async move {
            let secret = match &self.file {
                Some(file) if self.stale.load(Ordering::Acquire) => self.reload(Arc::clone(file)).await?,
                _ => self.current(),
            };
            if is_blank(&secret) { Err(CredentialError::Empty) } else { Ok(ClientAuth::secret(secret)) }
        })
    }

    fn refused(&self, _: &ClientAuth) {
        self.stale.store(true, Ordering::Release);
    }

    fn status(&self) -> CredentialStatus {
        CredentialStatus::of(CredentialKind::Secret)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("file", &self.file).finish_non_exhaustive()
    }
}

fn read(file: &Path) -> Result<SecretString, CredentialError> {
    let text = SecretString::from(fs::read_to_string(file).map_err(|source| CredentialError::File { source })?);
    let secret = SecretString::from(secrecy::ExposeSecret::expose_secret(&text).trim());
    if is_blank(&secret) { Err(CredentialError::Empty) } else { Ok(secret) }
}

fn is_blank(secret: &SecretString) -> bool {
    secrecy::ExposeSecret::expose_secret(secret).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth_layer::clock::UnixTime;

    async fn shown(credential: &ClientSecret) -> Result<String, CredentialError> {
        let endpoint = http::Uri::from_static("https://login.example/token");
        let auth = credential.authenticate(&ClientContext::new("app", &endpoint, UnixTime::from_secs(0))).await?;
        let fields = auth.fields();
        assert_eq!(fields[0].0, "client_secret");
        Ok(fields[0].1.to_owned())
    }

    #[tokio::test]
    async fn a_file_is_read_again_only_after_a_refusal() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, " first\r\n").unwrap();
        let credential = ClientSecret::from_file(&file).unwrap();
        fs::write(&file, "second").unwrap();
        assert_eq!(shown(&credential).await.unwrap(), "first");
        credential.refused(&ClientAuth::secret("spent".into()));
        assert_eq!(shown(&credential).await.unwrap(), "second");

        // While the file is gone or empty the old secret is not used as if nothing had happened.
        for break_it in [|file: &Path| fs::write(file, "\n"), |file: &Path| fs::remove_file(file)] {
            credential.refused(&ClientAuth::secret("spent".into()));
            break_it(&file).unwrap();
            assert!(shown(&credential).await.is_err());
        }
        fs::write(&file, "third").unwrap();
        assert_eq!(shown(&credential).await.unwrap(), "third");
    }

    #[tokio::test]
    async fn a_blank_secret_is_never_sent() {
        for blank in ["", " ", "\n"] {
            assert!(matches!(shown(&ClientSecret::new(blank)).await, Err(CredentialError::Empty)), "{blank:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        assert!(matches!(ClientSecret::from_file(&file), Err(ConfigError::File { .. })));
        fs::write(&file, " \n").unwrap();
        assert!(matches!(ClientSecret::from_file(&file), Err(ConfigError::Empty { .. })));
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        assert_eq!(format!("{:?}", ClientSecret::new("hunter2")), "ClientSecret { file: None, .. }");
        assert_eq!(format!("{:?}", ClientAuth::secret("hunter2".into())), "ClientAuth::Secret(..)");
        assert_eq!(format!("{:?}", ClientAuth::assertion("hunter2".into())), "ClientAuth::Assertion(..)");
    }
}
