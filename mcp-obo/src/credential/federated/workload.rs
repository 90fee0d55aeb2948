//! A workload's token in a file, as Kubernetes projects it.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use mcp_auth_layer::{clock::UnixTime, config::ConfigError};
use secrecy::{ExposeSecret, SecretString};

use super::{FederationFault, KeptAssertion, LONGEST, presentable, spend};
use crate::{
    boxed::BoxFuture,
    credential::{ClientAuth, ClientContext, ClientCredential, CredentialError, CredentialKind, CredentialStatus},
    kept::{Kept, Lapse, Lease},
};

/// The token of a Kubernetes service account, in a file.
///
/// The kubelet writes it. The file is read again after four to five minutes, a minute before its token ends, and when Entra
/// refused it; a token that has ended is never sent. Cloning is cheap.
#[derive(Clone)]
pub struct WorkloadIdentity {
    file: Arc<Path>,
    assertion: KeptAssertion,
}

/// What was read longer ago does not serve: the kubelet may have replaced it long since.
const OLDEST: Duration = Duration::from_secs(5 * 60);
/// How long before either end the file is read again.
const EARLY: Duration = Duration::from_secs(60);
/// How long a token near its end is left alone: the kubelet has not written a new one yet.
const PAUSE: Duration = Duration::from_secs(10);

impl WorkloadIdentity {
    /// Names the file, and looks whether it can be read.
    ///
    /// # Errors
    /// [`ConfigError::File`] when it cannot be read, [`ConfigError::Empty`] when there is nothing in it.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        const WHAT: &str = "the workload's token";
        let file: Arc<Path> = path.into().into();
        let token = read(&file).map_err(|source| ConfigError::File { what: WHAT, source })?;
        if token.expose_secret().trim().is_empty() {
            return Err(ConfigError::Empty { what: WHAT });
        }
        let source = Arc::clone(&file);
        let assertion = Kept::new(move |now| reread(Arc::clone(&source), now));
        Ok(Self { file, assertion })
    }
}

impl ClientCredential for WorkloadIdentity {
    fn authenticate<'a>(&'a self, client: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(async move { Ok(ClientAuth::assertion(self.assertion.get(client.now()).await?)) })
    }

    fn refused(&self, spent: &ClientAuth) {
        spend(&self.assertion, spent);
    }

    fn status(&self) -> CredentialStatus {
        CredentialStatus::of(CredentialKind::WorkloadIdentity)
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity").field("file", &self.file).finish_non_exhaustive()
    }
}

async fn reread(file: Arc<Path>, now: UnixTime) -> Result<Lease<SecretString>, Lapse<FederationFault>> {
    // The volume is memory mostly, and need not be; a worker thread must not wait for it.
    let token =
        tokio::task::spawn_blocking(move || read(&file)).await.unwrap_or_else(|gone| Err(io::Error::other(gone)));
    let token = token.map_err(|source| FederationFault::File { source: Arc::new(source) })?;
    let (value, end) = presentable(&token, now)?;
    let ends_at = end.min(now.saturating_add(OLDEST));
    let renew_at = ends_at.saturating_sub(EARLY).max(now.saturating_add(PAUSE));
    Ok(Lease { value, renew_at, ends_at })
}

/// Reads one byte more than is allowed, so that a device or a mistake cannot fill the memory.
fn read(file: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    fs::File::open(file)?.take(LONGEST as u64 + 1).read_to_string(&mut text)?;
    Ok(SecretString::from(text))
}
