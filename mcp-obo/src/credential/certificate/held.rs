//! The key that is in use, its assertions, and when it ends.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use mcp_auth_layer::clock::UnixTime;

use super::{
    super::{
        ClientAuth, ClientContext, CredentialError, CredentialKind, CredentialStatus,
        assertion::{Assertions, Signatory, Signer},
        thumbprint::Thumbprint,
    },
    ending::{self, Ending},
    material::{Name, Style},
};

/// A key that may be replaced at any time; none before the first.
#[derive(Debug)]
pub(in super::super) struct Held {
    style: Style,
    current: ArcSwapOption<Current>,
    assertions: Assertions,
    ending: Ending,
}

#[derive(Debug)]
pub(in super::super) struct Current {
    signer: Arc<dyn Signer>,
    name: Name,
    signatory: Signatory,
}

impl Held {
    pub(in super::super) fn new() -> Self {
        Self {
            style: Style::default(),
            current: ArcSwapOption::empty(),
            assertions: Assertions::new(),
            ending: Ending::new(),
        }
    }

    /// Changes how assertions look, from the next one on.
    pub(in super::super) fn restyle(mut self, change: impl FnOnce(&mut Style)) -> Self {
        change(&mut self.style);
        if let Some(current) = self.current.swap(None) {
            self.put(Arc::clone(&current.signer), current.name.clone());
        }
        self
    }

    /// Uses this key from now on, and tells whether it is another one, whose predecessor's assertions are not sent any more.
    pub(in super::super) fn put(&self, signer: Arc<dyn Signer>, name: Name) -> bool {
        let signatory = name.signatory(Arc::clone(&signer), self.style);
        let before = self.current.load();
        let is_new = before.as_ref().is_none_or(|before| before.signatory.id() != signatory.id());
        if is_new {
            self.ending.reset();
            self.current.store(Some(Arc::new(Current { signer, name, signatory })));
        }
        is_new
    }

    pub(in super::super) fn current(&self) -> Option<Arc<Current>> {
        self.current.load_full()
    }

    /// Tells whether the next assertion has to be signed, so that a newer key would be used at once.
    pub(in super::super) async fn must_sign(&self, client: &ClientContext<'_>) -> bool {
        match self.current() {
            Some(current) => self.assertions.must_sign(&current.signatory, client).await,
            None => true,
        }
    }

    /// Returns an assertion of this key.
    pub(in super::super) async fn assertion(
        &self,
        current: &Current,
        client: &ClientContext<'_>,
    ) -> Result<ClientAuth, CredentialError> {
        self.remark(current, client.now());
        ending::check(&current.name, client.now())?;
        Ok(self.assertions.assertion(&current.signatory, client).await?)
    }

    /// Warns if the certificate's end is near.
    pub(in super::super) fn remark(&self, current: &Current, now: UnixTime) {
        self.ending.remark(&current.name, now);
    }

    pub(in super::super) fn refused(&self, spent: &ClientAuth) {
        self.assertions.refused(spent);
    }

    /// Returns when the certificate ends, if there is one and it says so.
    pub(in super::super) fn ends_at(&self) -> Option<UnixTime> {
        self.current()?.name().ends_at()
    }

    pub(in super::super) fn status(&self, kind: CredentialKind) -> CredentialStatus {
        let status = CredentialStatus::of(kind);
        match self.ends_at() {
            Some(end) => status.ending_at(end),
            None => status,
        }
    }

    /// Returns what an operator may see of the key.
    pub(in super::super) fn thumbprint(&self) -> Option<Thumbprint> {
        self.current()?.name().thumbprint()
    }
}

impl Current {
    pub(in super::super) const fn name(&self) -> &Name {
        &self.name
    }
}
