//! Counts of what was asked, so that a test can say "one".

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

/// How often each thing was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// Discovery documents, v1 and v2.
    pub discovery: u64,
    /// Key documents.
    pub keys: u64,
    /// Authorization requests.
    pub authorize: u64,
    /// Redemptions of an authorization code.
    pub code: u64,
    /// Refreshes.
    pub refresh: u64,
    /// Client-credentials requests.
    pub client_credentials: u64,
    /// On-Behalf-Of requests, successful or not.
    pub obo: u64,
    /// The same by user name.
    pub obo_by_user: BTreeMap<String, u64>,
    /// Requests for Graph's message list.
    pub graph_messages: u64,
    /// Other Graph requests.
    pub graph_other: u64,
    /// Graph requests with a token that Graph accepted, by user name.
    pub graph_by_user: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Counting(Mutex<Counters>);

impl Counting {
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn snapshot(&self) -> Counters {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reset(&self) {
        self.count(|counters| *counters = Counters::default());
    }
}
