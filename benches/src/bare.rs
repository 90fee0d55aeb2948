//! What a cache costs that knows nothing of tokens: moka with a ready key, and an expiry for each entry.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};

/// A key that somebody else made.
pub type Key = [u8; 32];

/// A cache of texts.
pub type Bare = Cache<Key, Arc<str>>;

/// Makes an empty cache with room for so many entries.
#[must_use]
pub fn cache(entries: usize) -> Bare {
    Cache::builder().max_capacity(entries as u64).expire_after(Life).build()
}

/// Makes the key of user `number`: as random as a digest is.
#[must_use]
pub fn key(number: usize) -> Key {
    let mut key = [0; 32];
    fastrand::Rng::with_seed(number as u64).fill(&mut key);
    key
}

/// Makes a text of this length.
#[must_use]
pub fn text(length: usize) -> Arc<str> {
    "t".repeat(length).into()
}

/// As long as a token of the tenant is of use; its own for each entry, as tokens need it.
struct Life;

impl Expiry<Key, Arc<str>> for Life {
    fn expire_after_create(&self, _: &Key, _: &Arc<str>, _: Instant) -> Option<Duration> {
        Some(Duration::from_secs(4_200))
    }
}
