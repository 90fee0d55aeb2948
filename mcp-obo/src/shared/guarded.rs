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

#[derive(Debug)]
pub(super) struct Guarded {
    store: Arc<dyn SharedStore>,
    gate: Gate,
}

impl Guarded {
    pub(super) fn new(store: Arc<dyn SharedStore>) -> Self {
        Self { store, gate: Gate::default() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    pub(super) async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        self.ask(|store| store.get(name)).await
    }

    pub(super) async fn put(&self, name: &str, value: Bytes, life: Duration) -> Result<(), StoreError> {
        self.ask(|store| store.put(name, value, life)).await
    }

    pub(super) async fn put_new(&self, name: &str, value: Bytes, life: Duration) -> Result<bool, StoreError> {
        self.ask(|store| store.put_new(name, value, life)).await
    }

    pub(super) async fn remove(&self, name: &str, value: Bytes) -> Result<bool, StoreError> {
        self.ask(|store| store.remove(name, value)).await
    }

    async fn ask<'a, T, F>(&'a self, operation: impl FnOnce(&'a dyn SharedStore) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + 'a,
    {
        let answer = if self.gate.admits() {
            let answer = tokio::time::timeout(OPERATION, operation(&*self.store)).await;
            answer.unwrap_or(Err(StoreError::TimedOut))
        } else {
            Err(StoreError::Paused)
        };
        meter::asked(Asked::from(&answer));
        match &answer {
            Ok(_) | Err(StoreError::Foreign) => tell(self.gate.succeeded(), None),
            Err(StoreError::Paused) => {}
            // It answers, and quickly: reading may go on while writing does not.
            Err(error @ StoreError::Refused(_)) => tell(self.gate.refused(), Some(error)),
            Err(error) => tell(self.gate.failed(), Some(error)),
        }
        answer
    }
}

fn tell(change: Option<Change>, error: Option<&StoreError>) {
    let Some(change) = change else { return };
    meter::changed(change);
    match change {
        Change::Failed => {
            let reason = error.map(ToString::to_string).unwrap_or_default();
            let source = error.and_then(Error::source).map(ToString::to_string);
            tracing::warn!(reason, source, "the shared token cache fails; tokens are cached in this process only");
        }
        Change::Recovered => tracing::info!("the shared token cache works again"),
    }
}
