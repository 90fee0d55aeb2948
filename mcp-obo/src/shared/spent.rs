//! What this process knows better than the store, which may not have been told.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use mcp_auth_layer::principal::UserId;
use moka::{ops::compute::Op, sync::Cache};

use super::{kept::LONGEST_LIFE, key::SharedKey};

/// Enough for an outage in which everybody is busy; 2 MB at most.
const CAPACITY: u64 = 10_000;

/// A token by its digest: enough to know it again, and nothing to use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(token: &str) -> Self {
        let digest = digest(&SHA256, token.as_bytes());
        Self(digest.as_ref().try_into().expect("a SHA-256 digest has 32 bytes"))
    }
}

/// Tokens that the downstream API has refused; without them a store that fails to forget would hand them out again.
pub(super) struct Spent(Cache<SharedKey, Fingerprint>);

impl Spent {
    pub(super) fn new() -> Self {
        Self(bounded())
    }

    pub(super) fn note(&self, key: &SharedKey, spent: Fingerprint) {
        self.0.insert(*key, spent);
    }

    pub(super) fn has(&self, key: &SharedKey, token: &str) -> bool {
        // Mostly there is nothing, and nothing to be digested.
        self.0.get(key).is_some_and(|spent| spent == Fingerprint::of(token))
    }
}

/// Users of whom the store has not been told that they are forgotten.
pub(super) struct Forgotten {
    orders: Cache<UserId, u64>,
    last: AtomicU64,
}

impl Forgotten {
    pub(super) fn new() -> Self {
        Self { orders: bounded(), last: AtomicU64::new(0) }
    }

    /// Notes an order to forget, and returns its number.
    pub(super) fn note(&self, user: &UserId) -> u64 {
        let order = self.last.fetch_add(1, Ordering::Relaxed);
        self.orders.insert(user.clone(), order);
        order
    }

    pub(super) fn order(&self, user: &UserId) -> Option<u64> {
        self.orders.get(user)
    }

    /// The store was told by this order; a later one stands.
    pub(super) fn settle(&self, user: &UserId, order: u64) {
        self.orders.entry_by_ref(user).and_compute_with(|present| match present {
            Some(present) if present.value() == &order => Op::Remove,
            _ => Op::Nop,
        });
    }
}

fn bounded<K: std::hash::Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder().max_capacity(CAPACITY).time_to_live(LONGEST_LIFE).build()
}
