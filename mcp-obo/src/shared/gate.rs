//! Leaves a failing store alone for a while, and says so once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a store that failed is not asked: an outage costs one caller a second the time-out, and the others nothing.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// How long a store must not have failed to be called well again: one that fails every other time is not.
const CONVALESCENCE: Duration = Duration::from_secs(10);

/// Whether the store may be asked.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    shut_until: Option<Instant>,
    /// The last failure, until the store is called well again.
    failed_at: Option<Instant>,
}

/// A change that an operator should read of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Failed,
    Recovered,
}

impl Gate {
    /// Tells whether the store may be asked; after a pause one caller goes first, and the others wait for how it fares.
    pub(super) fn admits(&self) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        match state.shut_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.shut_until = Some(now + PAUSE);
                true
            }
        }
    }

    pub(super) fn succeeded(&self) -> Option<Change> {
        let mut state = self.state();
        state.shut_until = None;
        let is_well = state.failed_at.is_some_and(|at| at.elapsed() >= CONVALESCENCE);
        is_well.then(|| state.failed_at = None).map(|()| Change::Recovered)
    }

    pub(super) fn failed(&self) -> Option<Change> {
        let mut state = self.state();
        let now = Instant::now();
        state.shut_until = Some(now + PAUSE);
        state.failed_at.replace(now).is_none().then_some(Change::Failed)
    }

    /// The store answered, and will not do what it was asked.
    pub(super) fn refused(&self) -> Option<Change> {
        let mut state = self.state();
        state.shut_until = None;
        state.failed_at.replace(Instant::now()).is_none().then_some(Change::Failed)
    }

    /// Tells whether the store has answered since it last failed.
    pub(super) fn is_open(&self) -> bool {
        self.state().shut_until.is_none()
    }

    /// Tells whether nothing failed lately, as it was told last; a store that reads and does not write is not well.
    #[cfg(feature = "proxy")]
    pub(super) fn is_well(&self) -> bool {
        self.state().failed_at.is_none()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_one_caller_a_second_goes_first() {
        let gate = Gate::default();
        assert!(gate.admits() && gate.admits() && gate.is_open());
        assert_eq!(gate.failed(), Some(Change::Failed));
        assert!(!gate.admits() && !gate.is_open());
        advance(PAUSE).await;
        assert_eq!([gate.admits(), gate.admits()], [true, false]);
        // The first one never reported, because its caller went away.
        advance(PAUSE).await;
        assert_eq!([gate.admits(), gate.admits()], [true, false]);
        gate.succeeded();
        assert!(gate.admits() && gate.admits() && gate.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_and_a_recovery_are_each_told_once() {
        let gate = Gate::default();
        assert_eq!(gate.succeeded(), None, "it was never down");
        assert_eq!([gate.failed(), gate.failed()], [Some(Change::Failed), None]);
        for _ in 0..5 {
            advance(CONVALESCENCE / 2).await;
            assert_eq!([gate.succeeded(), gate.failed()], [None, None], "it flaps");
        }
        advance(CONVALESCENCE).await;
        assert_eq!([gate.succeeded(), gate.succeeded()], [Some(Change::Recovered), None]);
        assert_eq!(gate.failed(), Some(Change::Failed));
    }
}
