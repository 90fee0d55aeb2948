//! A store that fails as it is told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{MemoryStore, SharedStore, StoreError};
use crate::boxed::BoxFuture;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mood {
    #[default]
    Well,
    /// Fails at once.
    Down,
    /// Never answers.
    Hung,
    /// Reads, and does not write.
    Full,
    /// What lies there is of another kind.
    Odd,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Faulty {
    pub(super) values: MemoryStore,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicUsize>,
}

impl Faulty {
    pub(super) fn turn(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How often it was asked since this was last called.
    pub(super) fn asked(&self) -> usize {
        self.asked.swap(0, SeqCst)
    }

    pub(super) fn asked_so_far(&self) -> usize {
        self.asked.load(SeqCst)
    }

    fn answer<'a, T: Send + 'a>(
        &self,
        is_write: bool,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        self.asked.fetch_add(1, SeqCst);
        match *self.mood.lock().unwrap() {
            Mood::Down => Box::pin(async { Err(StoreError::Unreachable("refused".into())) }),
            Mood::Hung => Box::pin(std::future::pending()),
            Mood::Full if is_write => Box::pin(async { Err(StoreError::Refused("out of memory".into())) }),
            Mood::Odd if !is_write => Box::pin(async { Err(StoreError::Foreign) }),
            _ => answer,
        }
    }
}

impl SharedStore for Faulty {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        self.answer(false, self.values.get(name))
    }

    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer(true, self.values.put(name, value, life))
    }

    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.answer(true, self.values.put_new(name, value, life))
    }

    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.answer(true, self.values.remove(name, value))
    }
}
