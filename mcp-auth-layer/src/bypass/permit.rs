//! Open hatches: the proof that one is open, and the set that a request carries.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::Hatch;
use crate::audit;

/// The proof that a hatch is open. Only [`BypassPolicy`](super::BypassPolicy) makes one.
///
/// Clones share the count of uses.
#[derive(Clone)]
pub struct Permit {
    hatch: Hatch,
    uses: Arc<AtomicU64>,
    // Of the request whose extensions it came from; none for the permit that the policy made.
    used: Option<Arc<AtomicBool>>,
}

impl Permit {
    pub(super) fn new(hatch: Hatch) -> Self {
        Self { hatch, uses: Arc::default(), used: None }
    }

    /// Returns the hatch that is open.
    #[must_use]
    pub const fn hatch(&self) -> Hatch {
        self.hatch
    }

    /// Counts, audits and marks a use.
    ///
    /// The mark goes to the response of the request that the permit came with.
    pub fn record_use(&self) {
        let uses = self.uses.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if let Some(used) = &self.used {
            // Pairs with the load of the response future, which may run on another thread.
            used.store(true, Ordering::Release);
        }
        audit::bypassed(self.hatch.name(), uses);
    }

    /// Returns how often it was used since the start.
    #[must_use]
    pub fn uses(&self) -> u64 {
        self.uses.load(Ordering::Relaxed)
    }

    /// Makes the permit of one request: the same count, a use of its own.
    fn for_request(&self) -> Self {
        Self { hatch: self.hatch, uses: Arc::clone(&self.uses), used: Some(Arc::default()) }
    }

    fn was_used(&self) -> bool {
        self.used.as_ref().is_some_and(|used| used.load(Ordering::Acquire))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("hatch", &self.hatch).field("uses", &self.uses()).finish_non_exhaustive()
    }
}

/// The hatches that are open to a request.
///
/// # Defaults
/// None.
#[derive(Clone, Debug, Default)]
pub struct OpenHatches(Arc<[Permit]>);

impl OpenHatches {
    /// Keeps one permit for each hatch.
    pub(super) fn new(permits: impl IntoIterator<Item = Permit>) -> Self {
        let given: Vec<_> = permits.into_iter().collect();
        let one = |hatch| given.iter().find(|permit| permit.hatch == hatch).cloned();
        Self(Hatch::ALL.into_iter().filter_map(one).collect())
    }

    /// Finds the permit of a hatch; none when it is closed.
    #[must_use]
    pub fn get(&self, hatch: Hatch) -> Option<&Permit> {
        self.0.iter().find(|permit| permit.hatch == hatch)
    }

    /// Says whether all hatches are closed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Permit> {
        self.0.iter()
    }

    pub(super) fn for_request(&self) -> Self {
        Self(self.0.iter().map(Permit::for_request).collect())
    }

    /// Names the hatches that this request used, comma-separated; none when it used none.
    pub(super) fn used(&self) -> Option<String> {
        let names: Vec<_> =
            self.0.iter().filter(|permit| permit.was_used()).map(|permit| permit.hatch.name()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}
