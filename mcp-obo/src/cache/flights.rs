//! One request to Entra at a time for the same thing, however many wait for it.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use tracing::Instrument as _;

use super::{
    forgotten::{Departure, Forgotten, UserTag},
    key::FlightKey,
};
use crate::{
    access_token::AccessToken,
    error::{ExchangeError, ExchangeErrorKind, Failure},
};

/// A token, or why there is none.
pub(crate) type Outcome = Result<AccessToken, ExchangeError>;

/// The requests that are under way.
///
/// Each is a task of its own, so a caller that goes away neither stops nor restarts it. (moka's own coalescing hands a
/// cancelled caller's work to the next one, who begins again: 246 requests where one would do.)
#[derive(Debug)]
pub(crate) struct Flights {
    running: Mutex<HashMap<FlightKey, Ticket>>,
    forgotten: Arc<Forgotten>,
}

/// A place from which to wait for a request's end.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    outcome: watch::Receiver<Option<Outcome>>,
    departure: Departure,
}

/// What became of the wish for a request.
#[derive(Debug)]
pub(crate) enum Boarding {
    /// It was settled while the caller looked for it.
    Settled(Outcome),
    /// One was under way.
    Joined(Ticket),
    /// One begins now.
    Begun(Ticket),
}

impl Boarding {
    /// Tells when the request left; nothing left where it was settled.
    pub(crate) const fn departure(&self) -> Option<Departure> {
        match self {
            Self::Settled(_) => None,
            Self::Joined(ticket) | Self::Begun(ticket) => Some(ticket.departure),
        }
    }

    pub(crate) async fn outcome(self) -> Outcome {
        match self {
            Self::Settled(outcome) => outcome,
            Self::Joined(ticket) | Self::Begun(ticket) => ticket.landing().await,
        }
    }
}

impl Ticket {
    async fn landing(mut self) -> Outcome {
        let seen = self.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        // Without an outcome the task died: it panicked, or the runtime is going down.
        seen.unwrap_or_else(|| Err(Failure::new(ExchangeErrorKind::Unavailable).because(Lost).into()))
    }
}

/// The task that carried the request ended without a result.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request was abandoned")]
struct Lost;

impl Flights {
    pub(super) fn new(forgotten: Arc<Forgotten>) -> Self {
        Self { running: Mutex::default(), forgotten }
    }

    /// Joins the request, or begins it unless `settled` knows better.
    ///
    /// `settled` is asked under the same lock under which requests leave, after they have left their result: whoever sees no
    /// request under way sees what it brought. Nobody who comes after the user was forgotten joins a request from before.
    pub(crate) fn board<F>(
        self: &Arc<Self>,
        key: FlightKey,
        user: UserTag,
        settled: impl FnOnce() -> Option<Outcome>,
        request: impl FnOnce(Departure) -> F,
    ) -> Boarding
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut running = self.running();
        if let Some(ticket) = running.get(&key)
            && self.forgotten.admits(user, ticket.departure)
        {
            return Boarding::Joined(ticket.clone());
        }
        if let Some(outcome) = settled() {
            return Boarding::Settled(outcome);
        }
        let (sender, receiver) = watch::channel(None);
        let departure = self.forgotten.depart();
        let ticket = Ticket { outcome: receiver, departure };
        running.insert(key.clone(), ticket.clone());
        drop(running);
        let seat = Seat { flights: Arc::clone(self), key, departure };
        let request = request(departure);
        let flight = async move {
            let outcome = request.await;
            // First off the list: whoever hears of the token may report it spent at once, and must not be handed it again.
            drop(seat);
            sender.send_replace(Some(outcome));
        };
        tokio::spawn(flight.in_current_span());
        Boarding::Begun(ticket)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<FlightKey, Ticket>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a request off the list when its task ends, also by a panic.
struct Seat {
    flights: Arc<Flights>,
    key: FlightKey,
    departure: Departure,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut running = self.flights.running();
        // Another one has its place if the user was forgotten meanwhile.
        if running.get(&self.key).is_some_and(|flight| flight.departure == self.departure) {
            running.remove(&self.key);
        }
    }
}
