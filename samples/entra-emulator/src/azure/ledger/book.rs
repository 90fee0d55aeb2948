//! The ledger's entries.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The view in which everything here happens, and the number of its first entry.
const VIEW: u32 = 2;
const FIRST: usize = 15;

/// One entry, and how often it was asked for in each way.
#[derive(Debug)]
struct Entry {
    collection: String,
    contents: String,
    reads: u32,
    statuses: u32,
}

/// The entries, in the order in which they were appended.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<Vec<Entry>>);

/// What a reader is told.
pub(super) enum State {
    Unknown,
    Loading,
    Ready(String),
}

impl Book {
    /// Appends an entry; returns its transaction's id.
    pub(super) fn append(&self, collection: &str, contents: &str) -> String {
        let mut entries = self.lock();
        entries.push(Entry { collection: collection.to_owned(), contents: contents.to_owned(), reads: 0, statuses: 0 });
        format!("{VIEW}.{}", FIRST + entries.len() - 1)
    }

    /// Reads an entry: the first time it is not at hand yet.
    pub(super) fn read(&self, id: &str, collection: &str) -> State {
        let mut entries = self.lock();
        let found = position(id).and_then(|at| entries.get_mut(at)).filter(|entry| entry.collection == collection);
        let Some(entry) = found else { return State::Unknown };
        entry.reads += 1;
        if entry.reads == 1 { State::Loading } else { State::Ready(entry.contents.clone()) }
    }

    /// Tells whether most nodes have an entry: the first time they have not yet.
    pub(super) fn is_committed(&self, id: &str) -> bool {
        let mut entries = self.lock();
        let Some(entry) = position(id).and_then(|at| entries.get_mut(at)) else { return false };
        entry.statuses += 1;
        entry.statuses > 1
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn position(id: &str) -> Option<usize> {
    let (view, number) = id.split_once('.')?;
    if view.parse() != Ok(VIEW) {
        return None;
    }
    number.parse::<usize>().ok()?.checked_sub(FIRST)
}
