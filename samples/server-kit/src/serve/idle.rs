//! When a connection has asked for nothing for too long.
//!
//! hyper's own timeouts begin with the first line of a request: it waits without end for a peer that says nothing, or only the
//! beginning of HTTP/2, and for one that keeps HTTP/2 open by answering pings. And its timeout for a head also ends whoever is
//! idle between two requests, which races with a reverse proxy that uses the connection again. So connections are watched here.
//!
//! A request ends with the head of its answer: whoever reads the rest too slowly is idle, or one could keep a place by reading
//! nothing. The servers here have the whole body by then; one that streams for longer would be cut off.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{self, Instant},
};

/// The first request, and any while places are scarce, must be there by then.
pub(super) const SHORT: Duration = Duration::from_secs(10);

/// Longer than reverse proxies keep a connection that they do not use: 60 s with nginx, and with AWS' load balancers.
///
/// Who ends it must be they: a request that crosses the end of its connection is their caller's 502.
const LONG: Duration = Duration::from_secs(120);

/// The places of all connections, of which each has taken one.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
}

/// What a connection has asked for.
#[derive(Clone, Default)]
pub(super) struct Work(Arc<Mutex<Asked>>);

struct Asked {
    under_way: usize,
    /// Since when nothing is under way.
    idle_since: Instant,
    is_new: bool,
}

/// A request that is under way, until it is dropped.
pub(super) struct Share(Work);

impl Places {
    pub(super) fn new(all: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(all)), all }
    }

    pub(super) fn free(&self) -> &Arc<Semaphore> {
        &self.free
    }

    /// Tells whether so few are free that nobody may keep one for later.
    fn are_scarce(&self) -> bool {
        self.free.available_permits() < self.all / 4
    }
}

impl Default for Asked {
    fn default() -> Self {
        Self { under_way: 0, idle_since: Instant::now(), is_new: true }
    }
}

impl Work {
    pub(super) fn begin(&self) -> Share {
        let mut asked = self.asked();
        (asked.under_way, asked.is_new) = (asked.under_way + 1, false);
        drop(asked);
        Share(self.clone())
    }

    /// Returns until when the connection may stay as it is.
    fn deadline(&self, places: &Places) -> Instant {
        let asked = self.asked();
        match asked.under_way {
            0 if asked.is_new || places.are_scarce() => asked.idle_since + SHORT,
            0 => asked.idle_since + LONG,
            _ => Instant::now() + LONG,
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut asked = self.0.asked();
        asked.under_way -= 1;
        asked.idle_since = Instant::now();
    }
}

/// Ends when a connection has asked for nothing in time.
///
/// It looks at the connection now and then, and not at every request.
pub(super) async fn ended(work: Work, places: Places) {
    loop {
        let (deadline, now) = (work.deadline(&places), Instant::now());
        if deadline <= now {
            return;
        }
        // Meanwhile places may have become scarce.
        time::sleep_until(deadline.min(now + SHORT)).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::OwnedSemaphorePermit;

    use super::*;

    fn taken(places: &Places, many: u32) -> OwnedSemaphorePermit {
        Arc::clone(places.free()).try_acquire_many_owned(many).unwrap()
    }

    async fn seconds(work: &Work, places: &Places) -> u64 {
        let begun = Instant::now();
        ended(work.clone(), places.clone()).await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_asked_may_be_idle_for_longer_while_there_is_room() {
        for (name, has_asked, taken_places, expected) in [
            ("new", false, 1, 10),
            ("new, scarce", false, 8, 10),
            ("asked", true, 1, 120),
            ("asked, a quarter is free", true, 6, 120),
            ("asked, scarce", true, 7, 10),
        ] {
            let (work, places) = (Work::default(), Places::new(8));
            let _taken = taken(&places, taken_places);
            if has_asked {
                drop(work.begin());
            }
            assert_eq!(seconds(&work, &places).await, expected, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_idle_leaves_soon_after_places_become_scarce() {
        let (work, places) = (Work::default(), Places::new(8));
        drop(work.begin());
        let crowd = async {
            time::sleep(Duration::from_secs(35)).await;
            taken(&places, 8)
        };
        let (seconds, _crowd) = tokio::join!(seconds(&work, &places), crowd);
        assert_eq!(seconds, 40);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_keeps_a_connection_and_its_end_begins_the_time() {
        let (work, places) = (Work::default(), Places::new(8));
        let _taken = taken(&places, 8);
        let (first, second) = (work.begin(), work.begin());
        let requests = async {
            time::sleep(Duration::from_secs(300)).await;
            drop(first);
            time::sleep(Duration::from_secs(300)).await;
            drop(second);
        };
        let (seconds, ()) = tokio::join!(seconds(&work, &places), requests);
        assert!((610..=620).contains(&seconds), "{seconds}");
    }
}
