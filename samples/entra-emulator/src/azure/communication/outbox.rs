//! What was sent.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// Messages in the order in which they came, and how often each mail's operation was asked for.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: Mutex<Vec<Value>>,
    asked: Mutex<BTreeMap<String, u32>>,
}

impl Outbox {
    pub(super) fn put(&self, message: Value) {
        lock(&self.messages).push(message);
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        lock(&self.messages).clone()
    }

    /// Begins an operation; false when its id was used before.
    pub(super) fn begin(&self, id: &str) -> bool {
        lock(&self.asked).insert(id.to_owned(), 0).is_none()
    }

    /// Returns how often an operation was asked for before; none when it was never begun.
    pub(super) fn ask(&self, id: &str) -> Option<u32> {
        let mut asked = lock(&self.asked);
        let count = asked.get_mut(id)?;
        *count += 1;
        Some(*count - 1)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
