//! A store that fails as it is told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;

use crate::{
    boxed::BoxFuture,
    shared::{MemoryStore, SharedStore, StoreError},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
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
    /// Does as it is asked, and never says so.
    #[cfg(feature = "proxy")]
    Mute,
    /// Takes what is new, and puts nothing in the place of anything.
    #[cfg(feature = "proxy")]
    Stiff,
}

/// A name, its value and its life.
pub(crate) type Written = (String, Bytes, Duration);

#[derive(Clone, Debug, Default)]
pub(crate) struct Faulty {
    pub(crate) values: MemoryStore,
    written: Arc<Mutex<Vec<Written>>>,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicUsize>,
}

impl Faulty {
    pub(crate) fn turn(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How often it was asked since this was last called.
    pub(crate) fn asked(&self) -> usize {
        self.asked.swap(0, SeqCst)
    }

    pub(crate) fn asked_so_far(&self) -> usize {
        self.asked.load(SeqCst)
    }

    /// Everything that was to be written so far.
    #[cfg(feature = "proxy")]
    pub(crate) fn written(&self) -> Vec<Written> {
        self.written.lock().unwrap().clone()
    }

    fn note(&self, name: &str, value: &Bytes, life: Duration) {
        self.written.lock().unwrap().push((name.to_owned(), value.clone(), life));
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
            #[cfg(feature = "proxy")]
            Mood::Mute => Box::pin(async {
                let _ = answer.await;
                std::future::pending().await
            }),
            _ => answer,
        }
    }
}

impl SharedStore for Faulty {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        self.answer(false, self.values.get(name))
    }

    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        self.note(name, &value, life);
        #[cfg(feature = "proxy")]
        if *self.mood.lock().unwrap() == Mood::Stiff {
            return Box::pin(async { Err(StoreError::Refused("read only".into())) });
        }
        self.answer(true, self.values.put(name, value, life))
    }

    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.note(name, &value, life);
        self.answer(true, self.values.put_new(name, value, life))
    }

    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.answer(true, self.values.remove(name, value))
    }
}
