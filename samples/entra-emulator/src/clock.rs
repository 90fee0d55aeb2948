//! The tenant's clock: the system's time, moved by the test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells the tenant's time; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Returns seconds since the Unix epoch.
    pub(crate) fn now(&self) -> i64 {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        i64::try_from(system).unwrap_or(i64::MAX).saturating_add(self.0.load(Ordering::Acquire))
    }

    /// Moves the time by seconds, forwards or back.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::AcqRel);
    }
}
