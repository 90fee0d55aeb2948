//! What a certificate and a bare private key have in common: a key of this process, given or in a file.

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use mcp_auth_layer::clock::{Clock, SystemClock};

use super::{
    super::{ClientAuth, ClientContext, CredentialError, CredentialKind, CredentialStatus},
    CertificateError,
    file::{Format, Occasion, WatchedFile},
    held::Held,
    material::{Material, Style},
};

/// A key that is here.
#[derive(Debug)]
pub(in super::super) struct Local {
    held: Held,
    file: Option<WatchedFile>,
    refused: AtomicBool,
}

impl Local {
    pub(in super::super) fn of_bytes(bytes: &[u8], format: &Format) -> Result<Self, CertificateError> {
        Ok(Self::of(format.read(bytes)?, None))
    }

    pub(in super::super) fn of_file(path: PathBuf, format: Format) -> Result<Self, CertificateError> {
        let (file, material) = WatchedFile::open(path, format)?;
        Ok(Self::of(material, Some(file)))
    }

    fn of(material: Material, file: Option<WatchedFile>) -> Self {
        let local = Self { held: Held::new(), file, refused: AtomicBool::new(false) };
        local.put(material);
        // Nothing has asked for an assertion yet, so nobody has passed a time.
        local.held.current().iter().for_each(|current| local.held.remark(current, SystemClock.now()));
        local
    }

    pub(in super::super) fn restyle(self, change: impl FnOnce(&mut Style)) -> Self {
        Self { held: self.held.restyle(change), ..self }
    }

    pub(in super::super) async fn authenticate(
        &self,
        client: &ClientContext<'_>,
    ) -> Result<ClientAuth, CredentialError> {
        self.look(client).await;
        let current = self.held.current().ok_or(CredentialError::Empty)?;
        self.held.assertion(&current, client).await
    }

    pub(in super::super) fn refused(&self, spent: &ClientAuth) {
        self.held.refused(spent);
        self.refused.store(true, Ordering::Release);
    }

    pub(in super::super) fn status(&self) -> CredentialStatus {
        self.held.status(CredentialKind::Certificate)
    }

    /// Shows what an operator may see.
    pub(in super::super) fn describe(&self, mut to: fmt::DebugStruct<'_, '_>) -> fmt::Result {
        to.field("thumbprint", &self.held.thumbprint()).field("file", &self.file).finish_non_exhaustive()
    }

    async fn look(&self, client: &ClientContext<'_>) {
        let Some(file) = &self.file else { return };
        let occasion = if self.refused.load(Ordering::Acquire) {
            Occasion::Refusal
        } else if self.held.must_sign(client).await {
            Occasion::Signing
        } else {
            Occasion::Use
        };
        if let Some(material) = file.look(occasion).await {
            self.put(material);
        }
        if occasion == Occasion::Refusal {
            self.refused.store(false, Ordering::Release);
        }
    }

    fn put(&self, material: Material) {
        let (signer, name) = material.into_parts();
        self.held.put(signer, name);
    }
}
