//! One more attempt after a fault that passes by itself.

use std::time::Duration;

use mcp_auth_layer::fetch::{FetchError, TransportFault};
use tokio::time::{Instant, Sleep, sleep};
use tower::{
    retry::Policy,
    util::rng::{HasherRng, Rng as _},
};

use crate::{
    answer::TokenAnswer,
    error::{ExchangeErrorKind, Failure},
    grant::TokenRequest,
};

/// Asks once more, between half a second and one and a half later.
///
/// The spread keeps replicas that failed together from coming back together. Asking for a token twice does no harm: the first
/// one, if there is one, is never used.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnceMore {
    attempt: Attempt,
    /// A second attempt that begins later could not be finished, and would fail for another reason than the first.
    latest: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    First,
    Second,
}

impl OnceMore {
    pub(super) const fn until(latest: Instant) -> Self {
        Self { attempt: Attempt::First, latest }
    }
}

const SHORTEST: Duration = Duration::from_millis(500);
const SPREAD: Duration = Duration::from_secs(1);

impl Policy<TokenRequest, TokenAnswer, Failure> for OnceMore {
    type Future = Sleep;

    fn retry(&mut self, _: &mut TokenRequest, outcome: &mut Result<TokenAnswer, Failure>) -> Option<Sleep> {
        let failure = outcome.as_ref().err()?;
        if std::mem::replace(&mut self.attempt, Attempt::Second) == Attempt::Second || !passes(failure) {
            return None;
        }
        let pause = SHORTEST + SPREAD.mul_f64(HasherRng::default().next_f64());
        (Instant::now() + pause <= self.latest).then(|| sleep(pause))
    }

    fn clone_request(&mut self, request: &TokenRequest) -> Option<TokenRequest> {
        Some(request.clone())
    }
}

/// Tells whether the fault is one that a second attempt may not meet.
///
/// Not where Entra named a time, not where the first attempt took all the patience there is, and not where somebody has to
/// do something first: a name, a firewall, a certificate.
fn passes(failure: &Failure) -> bool {
    if failure.kind != ExchangeErrorKind::Unavailable || failure.retry_after.is_some() {
        return false;
    }
    let fetch = failure.source.as_ref().and_then(|source| source.downcast_ref::<FetchError>());
    match fetch.map(FetchError::fault) {
        // Entra answered, and the answer was of no use.
        None => true,
        Some(fault) => matches!(fault, Some(TransportFault::Refused | TransportFault::Reset)),
    }
}
