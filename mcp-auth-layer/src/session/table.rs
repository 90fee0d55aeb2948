//! The sessions that are open, and the decision.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::{policy::EvictionPolicy, sync::Cache};
use tokio::time::Instant;

use super::{id::SessionId, owner::Owner};
use crate::reject::SessionFault;

/// Which session belongs to whom; bounded.
pub(super) struct Sessions {
    bound: Cache<SessionId, Arc<Binding>>,
    idle: Duration,
    since: Instant,
}

struct Binding {
    owner: Owner,
    /// When it was last used, in milliseconds since the table was made.
    used: AtomicU64,
}

/// Whose a session is after somebody was given its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    ToThem,
    ToAnother,
}

impl Sessions {
    pub(super) fn new(capacity: u64, idle: Duration) -> Self {
        // The cache's default policy keeps what is used often and turns a newcomer away when it is full; a new session must
        // work at once, so the one unused for longest goes.
        let bound = Cache::builder().max_capacity(capacity).eviction_policy(EvictionPolicy::lru()).build();
        Self { bound, idle, since: Instant::now() }
    }

    /// Decides whether a session may be used by this caller.
    pub(super) fn judge(&self, id: SessionId, caller: &Owner) -> Result<(), SessionFault> {
        let binding = self.bound.get(&id).ok_or(SessionFault::Unknown)?;
        let now = self.now();
        let unused = now.saturating_sub(binding.used.load(Ordering::Relaxed));
        if u128::from(unused) > self.idle.as_millis() {
            self.bound.invalidate(&id);
            return Err(SessionFault::Unknown);
        }
        if binding.owner != *caller {
            return Err(SessionFault::OfAnother);
        }
        binding.used.fetch_max(now, Ordering::Relaxed);
        Ok(())
    }

    /// Gives a session to this caller, unless it has an owner already.
    pub(super) fn bind(&self, id: SessionId, caller: &Owner) -> Bound {
        let binding = || Arc::new(Binding { owner: caller.clone(), used: AtomicU64::new(self.now()) });
        let entry = self.bound.entry(id).or_insert_with(binding);
        if entry.value().owner == *caller { Bound::ToThem } else { Bound::ToAnother }
    }

    pub(super) fn unbind(&self, id: SessionId) {
        self.bound.invalidate(&id);
    }

    /// Does the cache's pending work now; a test wants to see the bound.
    #[cfg(test)]
    pub(super) fn tidy(&self) {
        self.bound.run_pending_tasks();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("open", &self.bound.entry_count()).finish_non_exhaustive()
    }
}
