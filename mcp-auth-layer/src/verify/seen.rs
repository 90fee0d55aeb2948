//! Verdicts that are remembered, so that a token's signature is checked once.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, sync::Cache};

use super::LEEWAY;
use crate::{clock::UnixTime, digest::TokenDigest, meter, token::Facts};

/// How long a verdict is remembered at most; Entra's longest tokens live for 28 hours, others name any time they like.
const LONGEST: Duration = Duration::from_secs(28 * 60 * 60);

/// A remembered verdict: claims, never the token.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) facts: Arc<Facts>,
    /// Whose keys it was made with, and which state of them.
    pub(super) issuer: usize,
    pub(super) generation: u64,
    life: Duration,
}

impl Verdict {
    /// Makes a verdict that is forgotten when its token can no longer be valid.
    pub(super) fn new(facts: Arc<Facts>, issuer: usize, generation: u64, now: UnixTime) -> Self {
        let life = now.until(facts.claims.expires_at().saturating_add(LEEWAY)).min(LONGEST);
        Self { facts, issuer, generation, life }
    }
}

/// The verdicts of one policy, by the tokens' digests.
///
/// An entry is gone at the latest when its token's time is over; until then the bound on their number decides. The time itself
/// is checked on every request by the caller, because this cache has a clock of its own.
pub(super) struct Verdicts {
    cache: Cache<TokenDigest, Verdict>,
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
        Self { cache: Cache::builder().max_capacity(capacity).expire_after(Life).build(), counts: Counts::default() }
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

/// Each entry lives as long as its token.
struct Life;

impl Expiry<TokenDigest, Verdict> for Life {
    fn expire_after_create(&self, _: &TokenDigest, verdict: &Verdict, _: Instant) -> Option<Duration> {
        Some(verdict.life)
    }

    fn expire_after_update(
        &self,
        _: &TokenDigest,
        verdict: &Verdict,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(verdict.life)
    }
}
