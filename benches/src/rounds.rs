//! Measures several works in turn, so that whatever disturbs the machine disturbs them alike.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::scale::Scale;

/// Several works that are to be compared.
///
/// Each is given a number of operations and does that many. First it is found out how many fill a time slice; then all have
/// one slice each, round after round, each time another one first; what counts is the median of the rounds.
#[allow(missing_debug_implementations, reason = "made of closures")]
pub struct Rounds<'a> {
    works: Vec<(String, Work<'a>)>,
    rounds: usize,
    slice: Duration,
    clock: Clock,
}

type Work<'a> = Box<dyn FnMut(u64) + 'a>;

/// What one work took.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// As it was added.
    pub name: String,
    /// Nanoseconds per operation: the median of the rounds.
    pub ns: f64,
    /// The width of the middle half of the rounds, as a share of the median.
    pub spread: f64,
}

#[derive(Clone, Copy)]
enum Clock {
    Cpu,
    Wall,
}

impl<'a> Rounds<'a> {
    /// Measures nothing yet.
    ///
    /// # Defaults
    /// 21 rounds of 20 ms each (smoke: 3 of 0.5 ms), by the processor time of the calling thread, where the system counts it.
    #[must_use]
    pub fn new(scale: Scale) -> Self {
        let slice = scale.pick(Duration::from_millis(20), Duration::from_micros(500));
        Self { works: Vec::new(), rounds: scale.pick(21, 3), slice, clock: Clock::Cpu }
    }

    /// Measures wall time, for work that more than the calling thread does, and in longer slices.
    #[must_use]
    pub fn by_wall(mut self) -> Self {
        self.clock = Clock::Wall;
        self.slice *= 5;
        self
    }

    /// Adds a work, which does as many operations as it is told.
    pub fn add(&mut self, name: impl Into<String>, work: impl FnMut(u64) + 'a) {
        self.works.push((name.into(), Box::new(work)));
    }

    /// Adds a work that awaits; a runtime of the calling thread runs it.
    pub fn add_async(&mut self, runtime: &'a Runtime, name: impl Into<String>, mut work: impl AsyncFnMut(u64) + 'a) {
        self.add(name, move |operations| runtime.block_on(work(operations)));
    }

    /// Measures all works, and returns them as they were added.
    #[must_use]
    pub fn run(mut self) -> Vec<Measured> {
        let (clock, slice) = (self.clock, self.slice);
        let sizes: Vec<_> = self.works.iter_mut().map(|(_, work)| clock.operations_in(slice, work)).collect();
        let mut times = vec![Vec::with_capacity(self.rounds); self.works.len()];
        for round in 0..self.rounds {
            for turn in 0..self.works.len() {
                let at = (round + turn) % self.works.len();
                times[at].push(clock.of(sizes[at], &mut self.works[at].1) / sizes[at] as f64);
            }
        }
        self.works.into_iter().zip(times).map(|((name, _), times)| Measured::of(name, times)).collect()
    }
}

/// Returns the middle one, or what is between the middle two.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}

impl Measured {
    fn of(name: String, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[(times.len() - 1) * share / 4];
        Self { name, ns: at(2), spread: (at(3) - at(1)) / at(2) }
    }
}

impl Clock {
    /// Returns how many operations fill the slice; also warms what is to be measured.
    fn operations_in(self, slice: Duration, work: &mut Work<'_>) -> u64 {
        let mut operations = 1;
        loop {
            // The shorter of two: one moment in which something else had the processor must not make all slices short.
            let took = self.of(operations, work).min(self.of(operations, work));
            let wanted = slice.as_nanos() as f64;
            if took >= wanted / 2.0 {
                return ((operations as f64 * wanted / took) as u64).max(1);
            }
            operations *= 2;
        }
    }

    fn of(self, operations: u64, work: &mut Work<'_>) -> f64 {
        match self {
            Self::Cpu => {
                let before = cpu_time();
                work(operations);
                (cpu_time() - before).as_nanos() as f64
            }
            Self::Wall => {
                let before = Instant::now();
                work(operations);
                before.elapsed().as_nanos() as f64
            }
        }
    }
}

/// Returns the processor time of this thread.
///
/// # Panics
/// When the system says that a thread has run for less than no time.
#[cfg(target_os = "linux")]
#[must_use]
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().expect("the time a thread has run is not negative")
}

/// Returns the time that passes, where the system does not count a thread's.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn cpu_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, hint::black_box};

    use tokio::runtime::Builder;

    use super::*;

    fn spin(operations: u64, length: u64) {
        for round in 0..operations * length {
            black_box(round);
        }
    }

    #[test]
    fn ten_times_the_work_takes_many_times_as_long() {
        let mut rounds = Rounds::new(Scale::Smoke);
        rounds.add("short", |operations| spin(operations, 100));
        rounds.add("long", |operations| spin(operations, 1_000));
        let measured = rounds.run();
        assert_eq!(measured.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["short", "long"]);
        let ratio = measured[1].ns / measured[0].ns;
        assert!((3.0..30.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_work_that_awaits_does_all_of_its_operations() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (asked, done) = (Cell::new(0), Cell::new(0));
        let mut rounds = Rounds::new(Scale::Smoke);
        rounds.add_async(&runtime, "yields", async |operations| {
            asked.set(asked.get() + operations);
            for _ in 0..operations {
                tokio::task::yield_now().await;
                done.set(done.get() + 1);
            }
        });
        assert!(rounds.run()[0].ns > 0.0);
        assert_eq!(asked.get(), done.get());
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (name, values, expected) in
            [("one", vec![3.0], 3.0), ("odd", vec![9.0, 1.0, 2.0], 2.0), ("even", vec![4.0, 1.0, 2.0, 9.0], 3.0)]
        {
            assert!((median(&values) - expected).abs() < 1e-9, "{name}");
        }
    }

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        let measured = Measured::of("one".to_owned(), vec![3.0, 1.0, 900.0, 2.0, 4.0]);
        assert_eq!((measured.ns, measured.spread), (3.0, 2.0 / 3.0));
    }
}
