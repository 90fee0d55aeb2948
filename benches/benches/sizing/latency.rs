//! How long a hit takes as the users grow in number.

use std::{collections::HashMap, hint::black_box, sync::Arc};

use benches::{
    DOWNSTREAM_TOKEN,
    rounds::{cpu_time, median},
};
use mcp_auth_layer::{TokenDigest, VerifiedToken};
use mcp_obo::{Exchange, Target};

use crate::crowd::{self, Crowd};

/// The least that could hold the tokens, for comparison.
type Map = HashMap<TokenDigest, Arc<str>>;

/// Nanoseconds of a hit, the median of several rounds, by the processor time of this thread: what else runs must not look like a
/// cache that slows down.
pub(crate) struct Latency {
    pub(crate) users: usize,
    /// All users in turn: nothing of the one who comes is in the processor's caches.
    pub(crate) in_turn: f64,
    /// One user, while the others are silent.
    pub(crate) one: f64,
    /// All users in turn, in a map with the same keys and tokens.
    pub(crate) map: f64,
}

impl Crowd {
    /// Measures caches of several sizes, round by round, so that a slow moment of the machine meets them all.
    pub(crate) async fn latencies(&self, caches: &[(usize, &Exchange)], rounds: usize, hits: usize) -> Vec<Latency> {
        let maps: Vec<_> = caches.iter().map(|(users, _)| self.map(*users)).collect();
        let mut samples = vec![[const { Vec::new() }; 3]; caches.len()];
        for _ in 0..rounds {
            for (((users, exchange), map), samples) in caches.iter().zip(&maps).zip(&mut samples) {
                samples[0].push(self.hits(exchange, *users, hits).await);
                samples[1].push(self.hits(exchange, 1, hits).await);
                samples[2].push(self.lookups(map, *users, hits));
            }
        }
        let medians = samples.into_iter().map(|samples| samples.map(|samples| median(&samples)));
        let sizes = caches.iter().map(|(users, _)| *users);
        sizes.zip(medians).map(|(users, [in_turn, one, map])| Latency { users, in_turn, one, map }).collect()
    }

    async fn hits(&self, exchange: &Exchange, users: usize, hits: usize) -> f64 {
        let graph = Target::graph();
        let before = cpu_time();
        for caller in self.in_turn(users, hits) {
            crowd::hit(exchange, caller, &graph).await;
        }
        (cpu_time() - before).as_nanos() as f64 / hits as f64
    }

    fn lookups(&self, map: &Map, users: usize, hits: usize) -> f64 {
        let before = cpu_time();
        for caller in self.in_turn(users, hits) {
            black_box(map.get(&caller.digest()).cloned());
        }
        (cpu_time() - before).as_nanos() as f64 / hits as f64
    }

    fn map(&self, users: usize) -> Map {
        let token = || Arc::from("t".repeat(DOWNSTREAM_TOKEN));
        self.callers[..users].iter().map(|caller| (caller.digest(), token())).collect()
    }

    /// Visits all users, in no order that a cache likes: the stride is prime to every size.
    fn in_turn(&self, users: usize, hits: usize) -> impl Iterator<Item = &VerifiedToken> {
        (1..=hits).map(move |turn| &self.callers[turn * 7_919 % users])
    }
}
