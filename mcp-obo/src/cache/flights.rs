//! One request to Entra at a time for the same thing, however many wait for it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use tracing::Instrument as _;

use super::key::FlightKey;
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
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<FlightKey, Ticket>>);

/// A place from which to wait for a request's end.
#[derive(Clone, Debug)]
pub(crate) struct Ticket(watch::Receiver<Option<Outcome>>);

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
    pub(crate) async fn outcome(self) -> Outcome {
        match self {
            Self::Settled(outcome) => outcome,
            Self::Joined(ticket) | Self::Begun(ticket) => ticket.landing().await,
        }
    }
}

impl Ticket {
    async fn landing(mut self) -> Outcome {
        let seen = self.0.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        // Without an outcome the task died: it panicked, or the runtime is going down.
        seen.unwrap_or_else(|| Err(Failure::new(ExchangeErrorKind::Unavailable).because(Lost).into()))
    }
}

/// The task that carried the request ended without a result.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request was abandoned")]
struct Lost;

impl Flights {
    /// Joins the request, or begins it unless `settled` knows better.
    ///
    /// `settled` is asked under the same lock under which requests leave, after they have left their result: whoever sees no
    /// request under way sees what it brought.
    pub(crate) fn board<F>(
        self: &Arc<Self>,
        key: FlightKey,
        settled: impl FnOnce() -> Option<Outcome>,
        request: impl FnOnce() -> F,
    ) -> Boarding
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ticket) = running.get(&key) {
            return Boarding::Joined(ticket.clone());
        }
        if let Some(outcome) = settled() {
            return Boarding::Settled(outcome);
        }
        let (sender, receiver) = watch::channel(None);
        let ticket = Ticket(receiver);
        running.insert(key.clone(), ticket.clone());
        drop(running);
        let departure = Departure { flights: Arc::clone(self), key };
        let request = request();
        let flight = async move {
            let _departure = departure;
            sender.send_replace(Some(request.await));
        };
        tokio::spawn(flight.in_current_span());
        Boarding::Begun(ticket)
    }
}

/// Takes a request off the list when its task ends, also by a panic.
struct Departure {
    flights: Arc<Flights>,
    key: FlightKey,
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
