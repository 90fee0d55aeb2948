//! A store in the memory of one process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::store::{SharedStore, StoreError};
use crate::boxed::BoxFuture;

/// A store for tests, which replicas in one process share through its clones.
///
/// It has no bound and no persistence: what is over leaves it only when it is asked for. A service with one replica needs no
/// shared store at all.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Values>>);

type Values = HashMap<String, (Bytes, Instant)>;

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedStore for MemoryStore {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        Box::pin(async move { Ok(live(&mut self.values(), name).cloned()) })
    }

    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.values().insert(name.to_owned(), (value, Instant::now() + life));
            Ok(())
        })
    }

    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut values = self.values();
            let is_free = live(&mut values, name).is_none();
            if is_free {
                values.insert(name.to_owned(), (value, Instant::now() + life));
            }
            Ok(is_free)
        })
    }

    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut values = self.values();
            let is_there = live(&mut values, name).is_some_and(|present| *present == value);
            if is_there {
                values.remove(name);
            }
            Ok(is_there)
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("values", &self.values().len()).finish()
    }
}

fn live<'a>(values: &'a mut Values, name: &str) -> Option<&'a Bytes> {
    if values.get(name).is_some_and(|(_, end)| *end <= Instant::now()) {
        values.remove(name);
    }
    values.get(name).map(|(value, _)| value)
}
