//! Stops asking a token endpoint that does not work, and finds out when it does again.
//!
//! ```text
//! closed ──5 failures──► open ──5 s──► half-open ──the probe succeeds──► closed
//!                         ▲                │
//!                         └── twice as long, 60 s at most ── the probe fails
//! ```
//!
//! What Entra answers to one user says nothing about the others. So an answer of any kind below 500 closes the breaker,
//! whatever it refuses, and failures after a connection was made count once per user: five different users must see them in
//! a row. A connection that cannot be made is nobody's fault in particular, and five in a row are enough.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mcp_auth_layer::principal::UserId;
use tokio::time::Instant;

/// Failures in a row that open it.
const ENOUGH: usize = 5;
/// Failures that lie farther apart are not one outage.
const MEMORY: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The breaker of one token endpoint.
#[derive(Debug)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug)]
enum State {
    Closed(Failures),
    Open {
        until: Instant,
        pause: Duration,
    },
    /// One request is under way, and knows how long the last pause was.
    HalfOpen,
}

#[derive(Debug, Default)]
struct Failures {
    connections: usize,
    users: Vec<UserId>,
    last: Option<Instant>,
}

/// How a request failed that Entra did not answer as it should.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault<'a> {
    /// There was no connection.
    Connection,
    /// There was one, and no usable answer for this user.
    Answer(Option<&'a UserId>),
}

/// The endpoint is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token endpoint has failed several times in a row and is not asked for a while")]
pub(super) struct Open {
    pub(super) retry_after: Duration,
}

/// Leave to ask once; its holder says what came of it.
#[derive(Debug)]
pub(super) struct Leave {
    breaker: Arc<Breaker>,
    probe: Option<Duration>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(State::Closed(Failures::default())))
    }
}

impl Breaker {
    /// Gives leave to ask; while it is half-open to one request only.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Leave, Open> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let leave = |probe| Leave { breaker: Arc::clone(self), probe };
        match *state {
            State::Closed(_) => Ok(leave(None)),
            State::Open { until, pause } if until <= now => {
                *state = State::HalfOpen;
                Ok(leave(Some(pause)))
            }
            State::Open { until, .. } => Err(Open { retry_after: whole_seconds(until - now) }),
            State::HalfOpen => Err(Open { retry_after: Duration::from_secs(1) }),
        }
    }

    fn set(&self, next: impl FnOnce(&mut State)) {
        next(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Leave {
    /// The endpoint answered, whatever it said.
    pub(super) fn answered(mut self) {
        let probe = self.probe.take();
        self.breaker.set(|state| match state {
            State::HalfOpen if probe.is_some() => {
                tracing::info!(target: super::TRACE, "the token endpoint answers again");
                *state = State::Closed(Failures::default());
            }
            State::Closed(failures) => *failures = Failures::default(),
            // An answer to a request from before it opened: the probe will tell.
            State::Open { .. } | State::HalfOpen => {}
        });
    }

    /// The endpoint did not answer as it should.
    pub(super) fn failed(mut self, fault: Fault<'_>) {
        let probe = self.probe.take();
        self.breaker.set(|state| match (probe, &mut *state) {
            (Some(pause), _) => *state = opened((pause * 2).min(LONGEST_PAUSE)),
            (None, State::Closed(failures)) => {
                if failures.add(fault) {
                    *state = opened(FIRST_PAUSE);
                }
            }
            (None, State::Open { .. } | State::HalfOpen) => {}
        });
    }
}

impl Drop for Leave {
    /// A probe that nobody waited for proves nothing, and the next request is one.
    fn drop(&mut self) {
        if let Some(pause) = self.probe {
            self.breaker.set(|state| *state = State::Open { until: Instant::now(), pause });
        }
    }
}

impl Failures {
    /// Counts one, and tells whether there are enough.
    fn add(&mut self, fault: Fault<'_>) -> bool {
        let now = Instant::now();
        if self.last.replace(now).is_some_and(|last| now - last > MEMORY) {
            *self = Self { last: Some(now), ..Self::default() };
        }
        match fault {
            Fault::Connection => self.connections += 1,
            Fault::Answer(Some(user)) if !self.users.contains(user) => self.users.push(user.clone()),
            Fault::Answer(_) => {}
        }
        self.connections.max(self.users.len()) >= ENOUGH
    }
}

fn opened(pause: Duration) -> State {
    tracing::error!(
        target: super::TRACE,
        seconds = pause.as_secs(),
        "the token endpoint does not work; it is not asked for a while, and tokens in the cache still serve",
    );
    State::Open { until: Instant::now() + pause, pause }
}

/// A header has no others, and zero would mean now.
fn whole_seconds(left: Duration) -> Duration {
    Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::testtenant::user_id;

    fn fail(breaker: &Arc<Breaker>, fault: Fault<'_>) {
        breaker.admit().unwrap().failed(fault);
    }

    fn broken() -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..ENOUGH {
            fail(&breaker, Fault::Connection);
        }
        breaker
    }

    fn wait(breaker: &Arc<Breaker>) -> Option<u64> {
        breaker.admit().err().map(|open| open.retry_after.as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_probes_and_closes() {
        let breaker = broken();
        assert_eq!(wait(&breaker), Some(5));
        advance(Duration::from_millis(4_500)).await;
        assert_eq!(wait(&breaker), Some(1), "rounded up");
        advance(Duration::from_millis(500)).await;

        let probe = breaker.admit().unwrap();
        assert_eq!(wait(&breaker), Some(1), "one probe at a time");
        probe.failed(Fault::Connection);
        assert_eq!(wait(&breaker), Some(10), "twice as long");
        for pause in [20, 40, 60, 60] {
            advance(LONGEST_PAUSE).await;
            fail(&breaker, Fault::Answer(None));
            assert_eq!(wait(&breaker), Some(pause));
        }
        advance(LONGEST_PAUSE).await;
        breaker.admit().unwrap().answered();
        assert_eq!(wait(&breaker), None);
        for _ in 1..ENOUGH {
            fail(&breaker, Fault::Connection);
        }
        assert_eq!(wait(&breaker), None, "it counts from the beginning again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_abandoned_leaves_its_place_to_the_next() {
        let breaker = broken();
        advance(FIRST_PAUSE).await;
        drop(breaker.admit().unwrap());
        breaker.admit().unwrap().failed(Fault::Connection);
        assert_eq!(wait(&breaker), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn one_users_failures_are_not_everybodys() {
        let breaker = Arc::new(Breaker::default());
        let users: Vec<_> = (0..ENOUGH).map(|number| user_id(&number.to_string())).collect();
        for _ in 0..100 {
            fail(&breaker, Fault::Answer(Some(&users[0])));
        }
        assert_eq!(wait(&breaker), None);
        for user in &users[1..] {
            assert_eq!(wait(&breaker), None);
            fail(&breaker, Fault::Answer(Some(user)));
        }
        assert_eq!(wait(&breaker), Some(5));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_or_a_pause_between_failures_ends_the_count() {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..20 {
            for _ in 1..ENOUGH {
                fail(&breaker, Fault::Connection);
            }
            breaker.admit().unwrap().answered();
        }
        for _ in 0..20 {
            fail(&breaker, Fault::Connection);
            advance(MEMORY + Duration::from_secs(1)).await;
        }
        assert_eq!(wait(&breaker), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_before_it_opened_changes_nothing_afterwards() {
        let breaker = Arc::new(Breaker::default());
        let (early, late) = (breaker.admit().unwrap(), breaker.admit().unwrap());
        for _ in 0..ENOUGH {
            fail(&breaker, Fault::Connection);
        }
        early.answered();
        late.failed(Fault::Connection);
        assert_eq!(wait(&breaker), Some(5));
    }
}
