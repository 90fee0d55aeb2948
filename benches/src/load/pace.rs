//! Which request is next, and when it is due.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{
        Mutex,
        mpsc::{self, UnboundedReceiver},
    },
    time,
};

use super::{End, Load, PATIENCE, order::Drawn, outcome::Tally};

/// The sequence of all requests, which the connections share.
#[derive(Debug)]
pub(super) struct Pace {
    order: Drawn,
    next: AtomicU64,
    interval: Option<Duration>,
    /// Requests that are due by the schedule, if there is one.
    due: Option<Mutex<UnboundedReceiver<Instant>>>,
    begin: Instant,
    counted_from: Instant,
    end: End,
}

/// A request that may leave.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) caller: Option<usize>,
    /// From when its time counts.
    pub(super) due: Instant,
}

impl Pace {
    pub(super) fn begin(load: &Load, order: Drawn) -> Self {
        let begin = Instant::now();
        let interval = load.rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        Self {
            order,
            next: AtomicU64::new(0),
            interval,
            due: interval.map(|interval| Mutex::new(schedule(begin, interval, load.end))),
            begin,
            counted_from: begin + load.warm,
            end: load.end,
        }
    }

    /// Waits until a request is due; none is after the end.
    pub(super) async fn turn(&self) -> Option<Turn> {
        let due = match &self.due {
            Some(due) => due.lock().await.recv().await?,
            None => Instant::now(),
        };
        self.take(due).map(|number| Turn { caller: self.order.caller(number), due })
    }

    fn take(&self, due: Instant) -> Option<u64> {
        let number = match self.end {
            End::After(span) if due >= self.begin + span => return None,
            End::After(_) => self.next.fetch_add(1, Ordering::Relaxed),
            End::Requests(most) => self.next.fetch_add(1, Ordering::Relaxed).min(most),
        };
        (self.end != End::Requests(number)).then_some(number)
    }

    /// Tells whether a request counts that was due then and answered now.
    pub(super) fn counts(&self, due: Instant, answered: Instant) -> bool {
        match (self.end, self.interval) {
            // By the schedule: however late the answer was.
            (_, Some(_)) | (End::Requests(_), None) => due >= self.counted_from,
            (End::After(span), None) => answered >= self.counted_from && answered < self.begin + span,
        }
    }

    /// Returns from when on no answer counts, so that what it costs must not count either; none where all do.
    pub(super) fn closes(&self) -> Option<time::Instant> {
        match (self.end, self.interval) {
            (End::After(span), None) => Some((self.begin + span).into()),
            (End::After(_), Some(_)) | (End::Requests(_), _) => None,
        }
    }

    /// Returns when to give up what is still under way.
    pub(super) fn cutoff(&self) -> Option<time::Instant> {
        match self.end {
            End::After(span) => Some((self.begin + span + PATIENCE).into()),
            End::Requests(_) => None,
        }
    }

    /// Returns the time in which requests counted.
    pub(super) fn counted(&self) -> Duration {
        match self.end {
            End::After(span) => (self.begin + span).saturating_duration_since(self.counted_from),
            End::Requests(_) => self.counted_from.elapsed(),
        }
    }

    /// Returns how many requests were due by the schedule and have no answer.
    pub(super) fn unanswered(&self, tally: &Tally) -> u64 {
        match (self.end, self.interval) {
            (End::After(_), Some(interval)) => {
                let due = self.counted().as_nanos() / interval.as_nanos().max(1);
                u64::try_from(due).unwrap_or(u64::MAX).saturating_sub(tally.answered() + 1)
            }
            _ => 0,
        }
    }
}

/// Tells when each request is due, at that time: on a thread, because Tokio's timer is late by up to a millisecond, and one that
/// looks at the clock all the time takes the processor from others. The kernel may be late by some 50 µs.
fn schedule(begin: Instant, interval: Duration, end: End) -> UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let due = move |number| begin + interval.mul_f64(as_f64(number));
    let is_over = move |number| match end {
        End::After(span) => due(number) >= begin + span,
        End::Requests(most) => number >= most,
    };
    thread::spawn(move || {
        for due in (0..).take_while(|number| !is_over(*number)).map(due) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if sender.send(due).is_err() {
                return;
            }
        }
    });
    receiver
}

#[allow(clippy::cast_precision_loss, reason = "requests are fewer than 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Order;

    #[test]
    fn what_answers_cost_counts_as_long_as_answers_do() {
        let second = Duration::from_secs(1);
        for (name, end, rate, closes) in [
            ("as fast as answers come", End::After(second), None, true),
            ("by the schedule", End::After(second), Some(1.0), false),
            ("so many", End::Requests(0), None, false),
        ] {
            let mut load = Load::of("http://127.0.0.1/".parse().unwrap());
            (load.end, load.rate) = (end, rate);
            let pace = Pace::begin(&load, Order::InTurn.drawn(0));
            assert_eq!(pace.closes().is_some(), closes, "{name}");
            let late = pace.begin + 2 * second;
            assert_eq!(pace.counts(pace.begin, late), !closes, "{name}");
        }
    }
}
