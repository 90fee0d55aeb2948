//! Verdicts that are remembered, so that a token's signature is checked once.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;

use crate::{
    digest::{ByDigest, TokenDigest},
    meter,
    token::Facts,
};

/// How long a verdict is remembered. A token that lives longer has its signature checked once an hour.
///
/// One time for all of them, because moka asks whether an entry's own time changes whenever it is read, which costs a hit more
/// than anything else here but the digest.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// A remembered verdict: claims, never the token.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) facts: Arc<Facts>,
    /// Whose keys it was made with, and which state of them.
    pub(super) issuer: usize,
    pub(super) generation: u64,
}

/// The verdicts of one policy, by the tokens' digests.
///
/// An entry is gone after an hour at the latest; until then the bound on their number decides. The token's own time is checked
/// on every request by the caller.
pub(super) struct Verdicts {
    cache: Cache<TokenDigest, Verdict, ByDigest>,
    counts: Counts,
}

/// How often a verdict was known from before.
#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How often the verdict on a token was known from before, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheCounts {
    /// Tokens whose signature was not checked again.
    pub hits: u64,
    /// Tokens that were judged from the beginning.
    pub misses: u64,
}

impl Verdicts {
    pub(super) fn new(capacity: u64) -> Self {
        let cache = Cache::builder().max_capacity(capacity).time_to_live(LIFE).build_with_hasher(ByDigest::default());
        Self { cache, counts: Counts::default() }
    }

    pub(super) fn get(&self, digest: &TokenDigest) -> Option<Verdict> {
        self.cache.get(digest)
    }

    pub(super) fn insert(&self, digest: TokenDigest, verdict: Verdict) {
        self.cache.insert(digest, verdict);
    }

    pub(super) fn forget(&self, digest: &TokenDigest) {
        self.cache.invalidate(digest);
    }

    pub(super) fn count_hit(&self) {
        self.counts.hits.fetch_add(1, Ordering::Relaxed);
        meter::verdict(meter::Known::Yes);
    }

    pub(super) fn count_miss(&self) {
        self.counts.misses.fetch_add(1, Ordering::Relaxed);
        meter::verdict(meter::Known::No);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.cache.run_pending_tasks();
        self.cache.entry_count()
    }

    pub(super) fn counts(&self) -> CacheCounts {
        CacheCounts {
            hits: self.counts.hits.load(Ordering::Relaxed),
            misses: self.counts.misses.load(Ordering::Relaxed),
        }
    }
}

/// Prints how many there are, never whom they are about.
impl fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdicts").field("entries", &self.cache.entry_count()).finish_non_exhaustive()
    }
}
