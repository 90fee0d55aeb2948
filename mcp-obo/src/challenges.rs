//! One challenge per token: a client that does not act on it must not be challenged for ever.
//!
//! A client that ignores what a challenge asks for comes back with the same token, and Entra answers such loops by throttling
//! (AADSTS50196). So a token gets each challenge once; whoever comes later with it gets the failure in the tool's own words,
//! which a person can read. Requests that were under way when the challenge went out get it too: a client that sends several
//! at a time would otherwise act on one answer and show the others to the user.

use std::time::Duration;

use mcp_auth_layer::{TokenDigest, VerifiedToken, reject::Rejection};
use moka::sync::Cache;
use tokio::time::Instant;

/// The challenges that were given.
#[derive(Debug)]
pub(crate) struct Challenges(Cache<Challenge, Instant>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Challenge {
    token: TokenDigest,
    reason: &'static str,
    claims: Option<Box<str>>,
}

const CAPACITY: u64 = 10_000;

/// Longer than most tokens live. A client that still sends the same one after that hears the challenge once more.
const MEMORY: Duration = Duration::from_secs(2 * 60 * 60);

impl Default for Challenges {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(MEMORY).build())
    }
}

impl Challenges {
    /// Tells whether a request of `arrived` may be answered by this challenge.
    pub(crate) fn may_answer(&self, user: &VerifiedToken, why: &Rejection, arrived: Instant) -> bool {
        self.0.get(&Challenge::of(user, why)).is_none_or(|given| arrived <= given)
    }

    /// Remembers that a request is answered by it.
    pub(crate) fn note(&self, user: &VerifiedToken, why: &Rejection) {
        self.0.get_with(Challenge::of(user, why), Instant::now);
    }
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
