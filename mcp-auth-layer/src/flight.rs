//! One refresh at a time: shared by all who wait, ended by itself, followed by a pause.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

/// When a refresh is given up. An HTTP client has bounds of its own, but a caller's may have none, and a refresh that never
/// ended would be the last one.
const LONGEST: Duration = Duration::from_secs(60);

/// How a refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    Success,
    Failure,
}

/// What became of the wish for a refresh.
#[derive(Debug)]
pub(crate) enum Boarding {
    /// A refresh runs, started now or before.
    Aboard(Ticket),
    /// The last refresh ended too short a time ago.
    CoolingDown { last: Landing, left: Duration },
}

/// Runs at most one refresh at a time.
///
/// The refresh is a task of its own, so a caller that goes away neither stops nor restarts it. The pause afterwards depends
/// on time alone, never on what was asked for: otherwise a flood of invented key ids would be a flood of requests.
#[derive(Clone, Debug)]
pub(crate) struct Flight(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    after_success: Duration,
    after_failure: Duration,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Ticket>,
    ended: Option<(Instant, Landing)>,
}

/// A place from which to watch a running refresh.
#[derive(Clone, Debug)]
pub(crate) struct Ticket(watch::Receiver<Option<Landing>>);

impl Ticket {
    /// Waits until the refresh has ended.
    pub(crate) async fn landing(mut self) -> Landing {
        // An error means that the task died without an answer.
        self.0.wait_for(Option::is_some).await.ok().and_then(|seen| *seen).unwrap_or(Landing::Failure)
    }

    fn is_over(&self) -> bool {
        self.0.borrow().is_some() || self.0.has_changed().is_err()
    }
}

impl Flight {
    pub(crate) fn new(after_success: Duration, after_failure: Duration) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), after_success, after_failure }))
    }

    /// Joins the running refresh, or starts one when the pause is over.
    pub(crate) fn board<F>(&self, refresh: impl FnOnce() -> F) -> Boarding
    where
        F: Future<Output = Landing> + Send + 'static,
    {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ticket) = state.running.as_ref().filter(|ticket| !ticket.is_over()) {
            return Boarding::Aboard(ticket.clone());
        }
        if let Some((last, left)) = self.0.pause(&state) {
            return Boarding::CoolingDown { last, left };
        }
        let (sender, receiver) = watch::channel(None);
        let ticket = Ticket(receiver);
        state.running = Some(ticket.clone());
        // Set before the work: a task that panics must not be restarted by every caller.
        state.ended = Some((Instant::now(), Landing::Failure));
        drop(state);
        let inner = Arc::clone(&self.0);
        let refresh = refresh();
        tokio::spawn(async move {
            let landing = tokio::time::timeout(LONGEST, refresh).await.unwrap_or(Landing::Failure);
            inner.state.lock().unwrap_or_else(PoisonError::into_inner).ended = Some((Instant::now(), landing));
            // Nobody may be waiting; the result is in the cache all the same.
            let _ = sender.send(Some(landing));
        });
        Boarding::Aboard(ticket)
    }
}

impl Inner {
    fn pause(&self, state: &State) -> Option<(Landing, Duration)> {
        let (ended, landing) = state.ended?;
        let pause = match landing {
            Landing::Success => self.after_success,
            Landing::Failure => self.after_failure,
        };
        let left = pause.checked_sub(ended.elapsed()).filter(|left| !left.is_zero())?;
        Some((landing, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const PAUSE: Duration = Duration::from_secs(30);

    fn board(flight: &Flight, runs: &Arc<AtomicUsize>) -> Boarding {
        flight.board(|| {
            runs.fetch_add(1, Ordering::SeqCst);
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Landing::Success
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_share_one_run_and_then_wait_out_the_pause() {
        let (flight, runs) = (Flight::new(PAUSE, PAUSE), Arc::new(AtomicUsize::new(0)));
        let mut tickets = Vec::new();
        for _ in 0..100 {
            match board(&flight, &runs) {
                Boarding::Aboard(ticket) => tickets.push(ticket),
                Boarding::CoolingDown { .. } => panic!("a refresh is running"),
            }
        }
        for ticket in tickets {
            assert_eq!(ticket.landing().await, Landing::Success);
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(matches!(board(&flight, &runs), Boarding::CoolingDown { last: Landing::Success, .. }));
        // The pause is counted from the end of the run, which took a second.
        tokio::time::advance(PAUSE - Duration::from_millis(500)).await;
        assert!(matches!(board(&flight, &runs), Boarding::CoolingDown { .. }));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert!(matches!(board(&flight, &runs), Boarding::Aboard(_)));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_outlives_the_caller_that_started_it() {
        let (flight, runs) = (Flight::new(PAUSE, PAUSE), Arc::new(AtomicUsize::new(0)));
        drop(board(&flight, &runs));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(matches!(board(&flight, &runs), Boarding::CoolingDown { last: Landing::Success, .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_that_hangs_is_given_up() {
        let flight = Flight::new(PAUSE, PAUSE);
        let Boarding::Aboard(ticket) = flight.board(std::future::pending) else { panic!("nothing runs yet") };
        let landing = tokio::time::timeout(Duration::from_secs(3_600), ticket.landing()).await;
        assert_eq!(landing, Ok(Landing::Failure));
    }

    #[test]
    fn a_flight_outside_a_runtime_does_not_stay_in_the_air() {
        let flight = Flight::new(Duration::ZERO, Duration::ZERO);
        let board = || flight.board(|| async { Landing::Success });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(board)).is_err(), "tokio says so");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let landing = runtime.block_on(async {
            match board() {
                Boarding::Aboard(ticket) => ticket.landing().await,
                Boarding::CoolingDown { .. } => panic!("there is no pause"),
            }
        });
        assert_eq!(landing, Landing::Success);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_that_dies_counts_as_a_failure() {
        let flight = Flight::new(PAUSE, PAUSE);
        let Boarding::Aboard(ticket) = flight.board(|| async { panic!("on purpose") }) else {
            panic!("nothing runs yet")
        };
        assert_eq!(ticket.landing().await, Landing::Failure);
        assert!(matches!(
            flight.board(|| async { Landing::Success }),
            Boarding::CoolingDown { last: Landing::Failure, .. }
        ));
    }
}
