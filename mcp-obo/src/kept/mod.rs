//! One value that ends: made once for all who want it, and made again before its end.
//!
//! For what belongs to the service and not to a user, so that there is one of it: an assertion, a token of its own identity.
//! `credential::fresh` keeps many values that have no maker of their own.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mcp_auth_layer::clock::UnixTime;
use tokio::{sync::watch, time::Instant};
use tracing::Instrument as _;

use crate::boxed::BoxFuture;

/// A value with its end.
#[derive(Clone)]
pub(crate) struct Lease<T> {
    pub(crate) value: T,
    /// From here on it still serves, while another is made.
    pub(crate) renew_at: UnixTime,
    /// From here on it no longer serves.
    pub(crate) ends_at: UnixTime,
}

impl<T> Lease<T> {
    /// Gives a value to those who wait for it and to nobody afterwards.
    pub(crate) fn once(value: T, now: UnixTime) -> Self {
        Self { value, renew_at: now, ends_at: now }
    }

    /// Gives a value that ends at `end` the margins of one that is made by asking somebody.
    pub(crate) fn until(value: T, end: UnixTime, now: UnixTime) -> Self {
        let left = now.until(end);
        let renew_at = end.saturating_sub(EARLY.min(left / 2)).max(now.saturating_add(PAUSE));
        Self { value, renew_at, ends_at: end.saturating_sub(MARGIN.min(left / 4)) }
    }
}

/// Why the value could not be made, and how long that stays true without another look.
#[derive(Clone, Debug)]
pub(crate) struct Lapse<E> {
    pub(crate) error: E,
    pub(crate) pause: Duration,
}

impl<E> From<E> for Lapse<E> {
    fn from(error: E) -> Self {
        Self { error, pause: PAUSE_AFTER_ERROR }
    }
}

/// The making ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfinished {
    #[error("no answer within {} s", after.as_secs())]
    Late { after: Duration },
    /// The task panicked, or the runtime is going down.
    #[error("the request was abandoned")]
    Abandoned,
}

pub(crate) type Made<T, E> = Result<Lease<T>, Lapse<E>>;

/// How long before its end a value is made again.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// How long before its end it is no longer handed out: it still has to travel.
const MARGIN: Duration = Duration::from_secs(60);
/// How long a value that came near its end is left alone: whoever made it has no better one yet.
const PAUSE: Duration = Duration::from_secs(10);
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);
/// For makers who have none of their own: one that never ended would be the last one.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);

/// Keeps one value. Clones share it.
pub(crate) struct Kept<T, E>(Arc<Inner<T, E>>);

type Maker<T, E> = dyn Fn(UnixTime) -> BoxFuture<'static, Made<T, E>> + Send + Sync;
type Ticket<T, E> = watch::Receiver<Option<Result<T, E>>>;

struct Inner<T, E> {
    make: Box<Maker<T, E>>,
    deadline: Duration,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    lease: Option<Lease<T>>,
    flight: Option<Ticket<T, E>>,
    lapse: Option<(E, Instant)>,
    /// How often a value from elsewhere took the place of what was there.
    puts: u64,
}

impl<T, E> Kept<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: From<Unfinished> + Clone + Send + Sync + 'static,
{
    /// Makes nothing yet; `make` is asked for a value at a time.
    pub(crate) fn new<F>(make: impl Fn(UnixTime) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Made<T, E>> + Send + 'static,
    {
        Self::within(DEADLINE, make)
    }

    /// The same, for a maker who may need longer, such as one who waits for a person.
    pub(crate) fn within<F>(deadline: Duration, make: impl Fn(UnixTime) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Made<T, E>> + Send + 'static,
    {
        let make = Box::new(move |now| Box::pin(make(now)) as BoxFuture<'static, Made<T, E>>);
        let state = Mutex::new(State { lease: None, flight: None, lapse: None, puts: 0 });
        Self(Arc::new(Inner { make, deadline, state }))
    }

    /// Returns a value that is good at `now`, and sees to it that there will be one later.
    pub(crate) async fn get(&self, now: UnixTime) -> Result<T, E> {
        let ticket = match self.look(now) {
            Ok(known) => return known,
            Err(ticket) => ticket,
        };
        landing(ticket).await
    }

    /// Takes what was made elsewhere in place of what is there.
    pub(crate) fn put(&self, lease: Lease<T>) {
        let mut state = self.state();
        state.lease = Some(lease);
        state.lapse = None;
        state.puts += 1;
    }

    /// Tells whether this is the value that is there.
    pub(crate) fn holds(&self, is_it: impl FnOnce(&T) -> bool) -> bool {
        self.state().lease.as_ref().is_some_and(|lease| is_it(&lease.value))
    }

    /// Drops the value if it is the one that somebody refused.
    pub(crate) fn spend(&self, is_spent: impl FnOnce(&T) -> bool) {
        let mut state = self.state();
        if state.lease.as_ref().is_some_and(|lease| is_spent(&lease.value)) {
            state.lease = None;
        }
    }

    /// Answers at once, or says whom to wait for.
    fn look(&self, now: UnixTime) -> Result<Result<T, E>, Ticket<T, E>> {
        let mut state = self.state();
        let value = state.lease.as_ref().filter(|lease| now < lease.ends_at).map(|lease| lease.value.clone());
        let is_due = state.lease.as_ref().is_none_or(|lease| lease.renew_at <= now);
        let lapse = state.lapse.as_ref().filter(|(_, until)| Instant::now() < *until).map(|(error, _)| error.clone());
        match (value, &state.flight, lapse) {
            (Some(value), flight, lapse) => {
                if is_due && flight.is_none() && lapse.is_none() {
                    self.depart(&mut state, now);
                }
                Ok(Ok(value))
            }
            (None, Some(flight), _) => Err(flight.clone()),
            (None, None, Some(error)) => Ok(Err(error)),
            (None, None, None) => Err(self.depart(&mut state, now)),
        }
    }

    /// Begins to make a value, in a task of its own: a caller that goes away neither stops nor restarts it.
    fn depart(&self, state: &mut State<T, E>, now: UnixTime) -> Ticket<T, E> {
        let (sender, ticket) = watch::channel(None);
        state.flight = Some(ticket.clone());
        let arrival = Arrival(self.clone());
        let (making, puts) = ((self.0.make)(now), state.puts);
        let deadline = self.0.deadline;
        let flight = async move {
            let made = tokio::time::timeout(deadline, making).await;
            let made = made.unwrap_or_else(|_| Err(E::from(Unfinished::Late { after: deadline }).into()));
            let outcome = arrival.0.settle(made, puts);
            drop(arrival);
            sender.send_replace(Some(outcome));
        };
        tokio::spawn(flight.in_current_span());
        ticket
    }

    fn settle(&self, made: Made<T, E>, puts: u64) -> Result<T, E> {
        let mut state = self.state();
        // What was put meanwhile is newer, and knows of a challenge that this one does not.
        if let Some(lease) = state.lease.as_ref().filter(|_| state.puts != puts) {
            return Ok(lease.value.clone());
        }
        match made {
            Ok(lease) => {
                state.lapse = None;
                Ok(state.lease.insert(lease).value.clone())
            }
            Err(Lapse { error, pause }) => {
                state.lapse = Some((error.clone(), Instant::now() + pause));
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.0.lock()
    }
}

impl<T, E> Inner<T, E> {
    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off when its task ends, also by a panic.
struct Arrival<T, E>(Kept<T, E>);

impl<T, E> Drop for Arrival<T, E> {
    fn drop(&mut self) {
        self.0.0.lock().flight = None;
    }
}

impl<T, E> Clone for Kept<T, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Prints nothing of the value.
impl<T, E> fmt::Debug for Kept<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(..)")
    }
}

async fn landing<T: Clone, E: From<Unfinished> + Clone>(mut ticket: Ticket<T, E>) -> Result<T, E> {
    let seen = ticket.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
    seen.unwrap_or_else(|| Err(Unfinished::Abandoned.into()))
}
