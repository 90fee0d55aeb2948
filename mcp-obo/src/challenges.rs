//! One challenge per token: a client that does not act on it must not be challenged for ever.
//!
//! A client that ignores what a challenge asks for comes back with the same token, and Entra answers such loops by throttling
//! (AADSTS50196). So a token gets each challenge once; whoever comes later with it gets the failure in the tool's own words,
//! which a person can read. Requests that were under way when the challenge went out get it too: a client that sends several
//! at a time would otherwise act on one answer and show the others to the user.
//!
//! Claims that a downstream API writes may have a time in them, so that each is a challenge of its own. A client that acts on
//! challenges has another token after the first; so a token gets a few of them and no more.

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use mcp_auth_layer::{TokenDigest, VerifiedToken, reject::Rejection};
use moka::sync::Cache;
use tokio::time::Instant;

/// The challenges that were given.
#[derive(Debug)]
pub(crate) struct Challenges {
    given: Cache<Challenge, Instant>,
    /// How many different ones each token was given.
    counts: Cache<TokenDigest, Arc<AtomicUsize>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Challenge {
    token: TokenDigest,
    reason: &'static str,
    claims: Option<Box<str>>,
}

/// More than the policies of all APIs that one tool calls.
const MOST: usize = 8;

const CAPACITY: u64 = 10_000;

/// Longer than most tokens live. A client that still sends the same one after that hears the challenge once more.
const MEMORY: Duration = Duration::from_secs(2 * 60 * 60);

impl Default for Challenges {
    fn default() -> Self {
        Self { given: bounded(), counts: bounded() }
    }
}

impl Challenges {
    /// Tells whether a request of `arrived` may be answered by this challenge.
    pub(crate) fn may_answer(&self, user: &VerifiedToken, why: &Rejection, arrived: Instant) -> bool {
        let is_one_too_many = || self.counts.get(&user.digest()).is_some_and(|count| count.load(Relaxed) >= MOST);
        self.given.get(&Challenge::of(user, why)).map_or_else(|| !is_one_too_many(), |given| arrived <= given)
    }

    /// Remembers that a request is answered by it.
    pub(crate) fn note(&self, user: &VerifiedToken, why: &Rejection) {
        if self.given.entry(Challenge::of(user, why)).or_insert_with(Instant::now).is_fresh() {
            self.counts.get_with(user.digest(), Arc::default).fetch_add(1, Relaxed);
        }
    }
}

fn bounded<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder().max_capacity(CAPACITY).time_to_live(MEMORY).build()
}

impl Challenge {
    fn of(user: &VerifiedToken, why: &Rejection) -> Self {
        let claims = match why {
            Rejection::StepUp { claims } => Some(claims.as_str().into()),
            _ => None,
        };
        Self { token: user.digest(), reason: why.reason(), claims }
    }
}
