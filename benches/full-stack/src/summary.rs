//! Outcomes of several rounds, as one figure each.

use std::time::Duration;

use benches::{load::Outcome, rounds::median};

use crate::Failure;

/// Tells the least and the most.
pub(crate) fn range(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("from {least:.2} to {most:.2}")
}

/// Returns the median of what `figure` reads off each outcome.
pub(crate) fn of(outcomes: &[Outcome], figure: impl Fn(&Outcome) -> f64) -> f64 {
    median(&outcomes.iter().map(figure).collect::<Vec<_>>())
}

/// Writes a time in milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Refuses an outcome in which anything failed: then nothing that was measured means anything.
pub(crate) fn sound(outcome: Outcome) -> Result<Outcome, Failure> {
    match &outcome.first_error {
        Some(error) => Err(format!("{} of {} requests failed: {error}", outcome.errors, outcome.requests).into()),
        None if outcome.requests == 0 => Err("no request was answered".into()),
        None => Ok(outcome),
    }
}
