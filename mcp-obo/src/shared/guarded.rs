//! The store as the rest of this module sees it: quick, or failed.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    gate::{Change, Gate},
    meter::{self, Asked},
    store::{SharedStore, StoreError},
};

/// How long an operation may take: far more than a store in the same region needs, and less than an exchange with Entra.
pub(super) const OPERATION: Duration = Duration::from_millis(250);

/// What the store is for, and so what its failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// It saves work. One that failed is left alone for a while, because everybody can do without.
    Cache,
    /// Nothing goes on without it. It is asked every time: what is not asked is refused.
    #[cfg(feature = "proxy")]
    Ledger,
}

#[derive(Debug)]
pub(crate) struct Guarded {
    store: Arc<dyn SharedStore>,
    gate: Gate,
    duty: Duty,
}

impl Guarded {
    pub(crate) fn new(store: Arc<dyn SharedStore>, duty: Duty) -> Self {
        Self { store, gate: Gate::default(), duty }
    }

    pub(super) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    #[cfg(feature = "proxy")]
    pub(crate) fn is_well(&self) -> bool {
        self.gate.is_well()
    }

    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        self.ask(|store| store.get(name)).await
    }

    pub(crate) async fn put(&self, name: &str, value: Bytes, life: Duration) -> Result<(), StoreError> {
        self.ask(|store| store.put(name, value, life)).await
    }

    pub(crate) async fn put_new(&self, name: &str, value: Bytes, life: Duration) -> Result<bool, StoreError> {
        self.ask(|store| store.put_new(name, value, life)).await
    }

    pub(crate) async fn remove(&self, name: &str, value: Bytes) -> Result<bool, StoreError> {
        self.ask(|store| store.remove(name, value)).await
    }

    async fn ask<'a, T, F>(&'a self, operation: impl FnOnce(&'a dyn SharedStore) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + 'a,
    {
        let answer = if self.duty != Duty::Cache || self.gate.admits() {
            let answer = tokio::time::timeout(OPERATION, operation(&*self.store)).await;
            answer.unwrap_or(Err(StoreError::TimedOut))
        } else {
            Err(StoreError::Paused)
        };
        meter::asked(Asked::from(&answer));
        match &answer {
            Ok(_) | Err(StoreError::Foreign) => self.duty.tell(self.gate.succeeded(), None),
            Err(StoreError::Paused) => {}
            // It answers, and quickly: reading may go on while writing does not.
            Err(error @ StoreError::Refused(_)) => self.duty.tell(self.gate.refused(), Some(error)),
            Err(error) => self.duty.tell(self.gate.failed(), Some(error)),
        }
        answer
    }
}

impl Duty {
    fn tell(self, change: Option<Change>, error: Option<&StoreError>) {
        let Some(change) = change else { return };
        if self == Self::Cache {
            meter::changed(change);
        }
        match change {
            Change::Failed => {
                let reason = error.map(ToString::to_string).unwrap_or_default();
                let source = error.and_then(Error::source).map(ToString::to_string);
                tracing::warn!(reason, source, "{}", self.failing());
            }
            Change::Recovered => tracing::info!("{}", self.working()),
        }
    }

    const fn failing(self) -> &'static str {
        match self {
            Self::Cache => "the shared token cache fails; tokens are cached in this process only",
            #[cfg(feature = "proxy")]
            Self::Ledger => "the store of the proxy's ledger fails; nobody can sign in or refresh a session",
        }
    }

    const fn working(self) -> &'static str {
        match self {
            Self::Cache => "the shared token cache works again",
            #[cfg(feature = "proxy")]
            Self::Ledger => "the store of the proxy's ledger works again",
        }
    }
}
