//! Remembers refusals for a short while, so that a caller who repeats a failing call does not repeat it at Entra.
//!
//! Asked only when there is no token. A refusal counts for the assertion, or for the user, that it was given to, and never
//! for anybody else: one user's outage is not everybody's. Two things alone count for all users of a tenant: that Entra
//! refuses this service's own credential, and that it throttles the whole tenant, which has an error of its own.

use std::{hash::Hash, sync::Arc, time::Duration};

use mcp_auth_layer::tenant::TenantId;
use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};
use tokio::time::Instant;

use crate::{
    aadsts,
    cache::{Departure, FlightKey, Forgotten, UserKey, UserTag},
    error::{
        ExchangeError,
        ExchangeErrorKind::{
            self, AssertionExpired, AssertionRefused, BlockedByPolicy, ClientCredential, Configuration, Consent,
            NoDelegatedScope, NoUser, NotAUser, StepUp, Throttled, Unavailable, UndeclaredTarget,
        },
    },
    meter,
};

const CAPACITY: u64 = 10_000;

/// AADSTS90055: too many requests of the tenant as a whole.
const TENANT_THROTTLED: u32 = 90_055;

/// Longer than any window, so that nothing stays for want of traffic.
const LONGEST: Duration = Duration::from_secs(60 * 60 + 1);

/// The refusals of one exchange.
#[derive(Debug)]
pub(crate) struct Refusals {
    by_request: Cache<FlightKey, Refused>,
    by_user: Cache<UserKey, Refused>,
    by_tenant: Cache<TenantId, Refused>,
    forgotten: Arc<Forgotten>,
}

#[derive(Clone, Debug)]
struct Refused {
    error: ExchangeError,
    until: Instant,
    /// Whose it is, and since when; a tenant's is nobody's, and no user's end is its end.
    user: Option<(UserTag, Departure)>,
}

impl Refused {
    fn counts(&self, forgotten: &Forgotten) -> bool {
        self.user.is_none_or(|(user, departure)| forgotten.admits(user, departure))
    }

    /// Returns the error while its window is open.
    fn repeat(self, now: Instant) -> Option<ExchangeError> {
        let left = self.until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        // Whole seconds, rounded up: a header has no others.
        let whole = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
        Some(if self.error.retry_after().is_some() { self.error.with_retry_after(whole) } else { self.error })
    }
}

impl Refusals {
    pub(crate) fn new(forgotten: Arc<Forgotten>) -> Self {
        Self { by_request: bounded(), by_user: bounded(), by_tenant: bounded(), forgotten }
    }

    /// Finds a refusal that still counts, with the time that is left of it.
    pub(crate) fn find(&self, request: &FlightKey, user: &UserKey) -> Option<ExchangeError> {
        let now = Instant::now();
        let repeat = |refused: Refused| if refused.counts(&self.forgotten) { refused.repeat(now) } else { None };
        (self.by_tenant.get(user.tenant()).and_then(repeat))
            .or_else(|| self.by_user.get(user).and_then(repeat))
            .or_else(|| self.by_request.get(request).and_then(repeat))
    }

    /// Remembers a refusal as long as its kind is worth it.
    pub(crate) fn note(
        &self,
        request: &FlightKey,
        user: &UserKey,
        departure: (UserTag, Departure),
        error: &ExchangeError,
    ) {
        // Nobody was asked: whoever comes next finds out by himself whether that is still so.
        if error.is_of_breaker() {
            return;
        }
        let Some(window) = window(error.kind(), error.retry_after()) else { return };
        let refused = |user| Refused { error: error.clone(), until: Instant::now() + window, user };
        let own = || refused(Some(departure));
        match error.kind() {
            ClientCredential if is_known_of_the_app(error) => {
                self.remember(&self.by_tenant, user.tenant().clone(), refused(None));
            }
            Throttled if error.aadsts_code() == Some(TENANT_THROTTLED) => {
                self.remember(&self.by_tenant, user.tenant().clone(), refused(None));
            }
            // Entra throttles people, not tokens; a fresh token does not make it answer.
            Throttled | Unavailable | ClientCredential => self.remember(&self.by_user, user.clone(), own()),
            _ => self.remember(&self.by_request, request.clone(), own()),
        }
    }

    /// Of two that count the longer one stays: a passing fault must not end the time that Entra named to somebody at that moment.
    fn remember<K: Hash + Eq + Send + Sync + 'static>(&self, refusals: &Cache<K, Refused>, key: K, refused: Refused) {
        // Of a user who was forgotten since: nobody would hear it, and another's place is not to be taken by it.
        if !refused.counts(&self.forgotten) {
            return;
        }
        let until = refused.until;
        let outlasts = |present: &Refused| present.until > until && present.counts(&self.forgotten);
        let remembered = refusals.entry(key).and_compute_with(|present| match present {
            Some(present) if outlasts(present.value()) => Op::Nop,
            _ => Op::Put(refused),
        });
        if matches!(remembered, CompResult::Inserted(_) | CompResult::ReplacedWith(_)) {
            meter::refusal_entered();
        }
    }
}

/// Tells whether the refusal is plainly the app's: `invalid_client` comes with numbers about the user's token, too, and with such
/// a token one user could have everybody refused.
fn is_known_of_the_app(error: &ExchangeError) -> bool {
    let is_of_app = |code| aadsts::find(code).is_some_and(|known| known.kind == ClientCredential);
    error.aadsts_code().is_none_or(is_of_app)
}

fn bounded<K: Hash + Eq + Send + Sync + 'static>() -> Cache<K, Refused> {
    let left = |_, _, _| meter::refusal_left();
    Cache::builder().max_capacity(CAPACITY).time_to_live(LONGEST).eviction_listener(left).build()
}

/// How long a refusal is repeated without asking again; nothing for what was never asked.
fn window(kind: ExchangeErrorKind, retry_after: Option<Duration>) -> Option<Duration> {
    let secs = Duration::from_secs;
    Some(match kind {
        NotAUser | NoUser | UndeclaredTarget | NoDelegatedScope => return None,
        Throttled => retry_after.unwrap_or(secs(30)),
        // Without a number one second: enough to stop a stampede, too short for anybody to notice afterwards.
        Unavailable => retry_after.unwrap_or(secs(1)),
        // Cured by people, who try again as soon as they think they have.
        ClientCredential => secs(5),
        Consent | BlockedByPolicy | Configuration => secs(15),
        // Only a new assertion, which is another key, can change these.
        StepUp | AssertionRefused | AssertionExpired => secs(60),
    })
}
