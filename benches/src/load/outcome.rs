//! What came of a run.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::Cost;

/// What one connection, or all together, have seen.
#[derive(Debug, Default)]
pub(super) struct Tally {
    nanos: Vec<u64>,
    errors: u64,
    bytes: u64,
    first_error: Option<String>,
}

impl Tally {
    pub(super) fn count(&mut self, took: Duration, answer: &Result<u64, String>) {
        match answer {
            Ok(bytes) => {
                self.bytes += bytes;
                self.nanos.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
            Err(error) => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| error.clone());
            }
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
        self.errors += other.errors;
        self.bytes += other.bytes;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// Counts requests that were due and of which nothing was heard.
    pub(super) fn lose(&mut self, requests: u64) {
        if requests > 0 {
            self.errors += requests;
            self.first_error.get_or_insert_with(|| "requests were due and not answered in time".to_owned());
        }
    }

    pub(super) fn answered(&self) -> u64 {
        self.nanos.len() as u64 + self.errors
    }

    pub(super) fn outcome(mut self, counted: Duration, costs: Vec<Cost>) -> Outcome {
        self.nanos.sort_unstable();
        let at = |percent: usize| {
            let index = (self.nanos.len() * percent).div_ceil(100).saturating_sub(1);
            Duration::from_nanos(self.nanos.get(index).copied().unwrap_or_default())
        };
        Outcome {
            requests: self.nanos.len() as u64,
            errors: self.errors,
            seconds: counted,
            p50: at(50),
            p90: at(90),
            p99: at(99),
            slowest: at(100),
            bytes: self.bytes,
            costs,
            first_error: self.first_error,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// Requests that were answered well.
    pub requests: u64,
    /// Requests that were not.
    pub errors: u64,
    /// The time in which they counted.
    pub seconds: Duration,
    /// Half of the answers took no longer.
    pub p50: Duration,
    /// Nine of ten answers took no longer.
    pub p90: Duration,
    /// 99 of 100 answers took no longer.
    pub p99: Duration,
    /// No answer took longer.
    pub slowest: Duration,
    /// Bytes of all good answers' bodies.
    pub bytes: u64,
    /// What the watched processes used.
    pub costs: Vec<Cost>,
    /// What the first error was.
    pub first_error: Option<String>,
}

impl Outcome {
    /// Returns the good answers per second.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "requests are fewer than 2^52")]
    pub fn rps(&self) -> f64 {
        self.requests as f64 / self.seconds.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Returns the processor time that a watched process took per request, in microseconds.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "requests are fewer than 2^52")]
    pub fn cpu_us(&self, cost: &Cost) -> f64 {
        cost.cpu.as_secs_f64() * 1e6 / (self.requests + self.errors).max(1) as f64
    }

    /// Returns how many hundredths of one processor a watched process took: near 100 it was what held the rate.
    #[must_use]
    pub fn busy(&self, cost: &Cost) -> f64 {
        100.0 * cost.cpu.as_secs_f64() / self.seconds.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Writes it as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let ms = |time: Duration| rounded(time.as_secs_f64() * 1e3);
        let cost = |cost: &Cost| json!({"pid": cost.pid, "cpu_us_per_request": rounded(self.cpu_us(cost)), "busy_percent": rounded(self.busy(cost)), "rss_mb": rounded(cost.rss_mb), "peak_rss_mb": rounded(cost.peak_rss_mb)});
        json!({
            "requests": self.requests, "errors": self.errors, "seconds": rounded(self.seconds.as_secs_f64()),
            "rps": rounded(self.rps()), "p50_ms": ms(self.p50), "p90_ms": ms(self.p90), "p99_ms": ms(self.p99),
            "max_ms": ms(self.slowest), "bytes": self.bytes, "processes": self.costs.iter().map(cost).collect::<Vec<_>>(),
            "first_error": self.first_error,
        })
    }
}

/// To a thousandth.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_answers_that_were_seen() {
        let mut tally = Tally::default();
        for ms in (1..=200).rev() {
            tally.count(Duration::from_millis(ms), &Ok(10));
        }
        let outcome = tally.outcome(Duration::from_secs(2), Vec::new());
        let seen = [outcome.p50, outcome.p90, outcome.p99, outcome.slowest].map(|time| time.as_millis());
        assert_eq!((seen, outcome.rps(), outcome.bytes), ([100, 180, 198, 200], 100.0, 2_000));
    }

    #[test]
    fn failures_have_no_time_but_count() {
        let mut tally = Tally::default();
        tally.count(Duration::from_secs(1), &Err("status 401".to_owned()));
        tally.lose(2);
        let outcome = tally.outcome(Duration::from_secs(1), Vec::new());
        assert_eq!((outcome.requests, outcome.errors, outcome.p99), (0, 3, Duration::ZERO));
        assert_eq!(outcome.first_error.as_deref(), Some("status 401"));
    }
}
