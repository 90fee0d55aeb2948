//! One bucket for each asker, in bounded memory.
//!
//! The counting is governor's (GCRA): a bucket is one time, the earliest at which it would be full again.

use std::{
    fmt,
    hash::{BuildHasher as _, Hash, RandomState},
    num::NonZeroU32,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{
        InMemoryState, NotKeyed, StateStore,
        keyed::{HashMapStateStore, ShrinkableKeyedStateStore},
    },
};
use tokio::time::Instant;

/// How many askers a rule remembers.
pub(super) const MOST: usize = 100_000;

/// How often askers that are as good as new are forgotten.
const SWEEP: Duration = Duration::from_secs(10);

/// Who asks, as a number that nobody outside can foresee: whatever a caller may name, it takes eight bytes.
///
/// Whoever could choose another's number could use up what that one has. The hash is the standard library's keyed one, and its
/// secret is this process's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

impl Key {
    /// Makes the key of these parts; they are hashed with their lengths, or two lists of parts could be one text.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(SECRET.hash_one(parts))
    }
}

/// A bucket for each key.
pub(super) struct Buckets {
    limiter: RateLimiter<Key, Store, Timer, NoOpMiddleware<Duration>>,
    store: Store,
    swept: AtomicU64,
}

impl Buckets {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        let (store, timer) = (Store::default(), Timer(Instant::now()));
        Self { limiter: RateLimiter::new(Quota::per_minute(per_minute), store.clone(), timer), store, swept: 0.into() }
    }

    /// Takes one out of a bucket; when it is empty, tells how long until there is one again.
    pub(super) fn take(&self, key: &Key) -> Result<(), Duration> {
        self.sweep();
        self.limiter.check_key(key).map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }

    /// Tells whether a bucket is remembered.
    pub(super) fn know(&self, key: &Key) -> bool {
        self.store.0.own.lock().contains_key(key)
    }

    /// Forgets full buckets when it is time to; whoever comes by does it, so that there is no task to look after.
    fn sweep(&self) {
        let (now, last) = (self.limiter.clock().now().as_secs(), self.swept.load(Ordering::Relaxed));
        let due = now >= last + SWEEP.as_secs();
        if due && self.swept.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.limiter.len()
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").field("remembered", &self.limiter.len()).finish_non_exhaustive()
    }
}

/// tokio's time, which tests can move.
#[derive(Clone, Debug)]
struct Timer(Instant);

impl Clock for Timer {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Buckets of their own for as many keys as there is room for, and one for all others.
#[derive(Clone, Default)]
struct Store(Arc<Room>);

#[derive(Default)]
struct Room {
    own: HashMapStateStore<Key>,
    common: InMemoryState,
}

impl StateStore for Store {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut own = self.0.own.lock();
        if own.len() >= MOST && !own.contains_key(key) {
            drop(own);
            return self.0.common.measure_and_replace(&NotKeyed::NonKey, decide);
        }
        own.entry(*key).or_default().measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

impl ShrinkableKeyedStateStore<Key> for Store {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.own.retain_recent(drop_below);
    }

    fn shrink_to_fit(&self) {
        self.0.own.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.0.own.len()
    }

    fn is_empty(&self) -> bool {
        self.0.own.is_empty()
    }
}
