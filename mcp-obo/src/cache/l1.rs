//! The tokens in this process's memory, bounded by bytes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mcp_auth_layer::{
    clock::{Clock, UnixTime},
    principal::UserId,
};
use moka::{
    Expiry,
    ops::compute::{CompResult, Op},
    sync::Cache,
};
use tower::util::rng::{HasherRng, Rng as _};

use super::{
    expiry::{renewed_from, usable_until},
    flights::Flights,
    key::{EntryKey, FlightKey},
    users::{UserCell, Users},
};
use crate::{access_token::AccessToken, answer::TokenAnswer, meter};

/// What an entry costs besides its token, measured with moka's bookkeeping included.
const OVERHEAD: usize = 1_200;

/// The cache of one exchange.
#[derive(Debug)]
pub(crate) struct TokenCache {
    entries: Cache<EntryKey, Arc<Entry>>,
    users: Users,
    flights: Arc<Flights>,
    clock: Arc<dyn Clock>,
    max_bytes: u64,
    departures: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    token: AccessToken,
    usable_until: UnixTime,
    /// For moka, which keeps time by itself, so that memory is given back.
    remaining: Duration,
    /// Seconds since the epoch from which on a hit has it renewed.
    renew_from: AtomicU64,
    epoch: u64,
    departure: Departure,
    user: Arc<UserCell>,
}

/// A token that is good now.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) token: AccessToken,
    pub(crate) renewal: Renewal,
}

/// Whether whoever got a token has to see to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    NotYet,
    /// Told to one hit only; the next one hears it when the renewal has had its time.
    Due,
}

/// How long a renewal has before another one begins.
const RENEWAL: Duration = Duration::from_secs(30);

/// When a request left, in order; a later one's token is the newer, whichever arrives first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Departure(u64);

impl TokenCache {
    pub(crate) fn new(max_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, entry: &Arc<Entry>| entry.weight())
            .expire_after(Remaining)
            .eviction_listener(|_, entry, _| meter::left(entry.weight()))
            .build();
        let departures = AtomicU64::new(0);
        Self { entries, users: Users::default(), flights: Arc::default(), clock, max_bytes, departures }
    }

    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(crate) fn flights(&self) -> &Arc<Flights> {
        &self.flights
    }

    pub(crate) fn user(&self, user: &UserId) -> Arc<UserCell> {
        self.users.cell(user)
    }

    pub(crate) fn depart(&self) -> Departure {
        Departure(self.departures.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns a token that is good now.
    ///
    /// moka expires entries by the monotonic clock; tokens end by the wall clock, which may jump, so it is asked every time.
    pub(crate) fn find(&self, key: &EntryKey) -> Option<AccessToken> {
        self.good(key, self.clock.now()).map(|entry| entry.token.clone())
    }

    /// Returns a token that is good now, and tells one of those who ask to renew it when its end is near.
    pub(crate) fn hit(&self, key: &EntryKey) -> Option<Hit> {
        let now = self.clock.now();
        let entry = self.good(key, now)?;
        Some(Hit { token: entry.token.clone(), renewal: entry.renewal(now) })
    }

    fn good(&self, key: &EntryKey, now: UnixTime) -> Option<Arc<Entry>> {
        let entry = self.entries.get(key)?;
        (entry.epoch == entry.user.epoch() && now < entry.usable_until).then_some(entry)
    }

    /// Keeps a token, unless its user was forgotten since it was asked for, or a newer one is there.
    pub(crate) fn keep(
        &self,
        key: &FlightKey,
        departure: Departure,
        answer: &TokenAnswer,
        assertion: UnixTime,
        user: &Arc<UserCell>,
    ) {
        let token = answer.access_token().clone();
        let usable_until = usable_until(token.expires_at(), answer.lifetime(), assertion);
        let now = self.clock.now();
        let remaining = now.until(usable_until);
        if remaining.is_zero() {
            return;
        }
        let spread = HasherRng::default().next_f64();
        let renew_from = renewed_from(now, usable_until, assertion, answer.renew_from(), spread);
        let renew_from = AtomicU64::new(renew_from.map_or(u64::MAX, UnixTime::as_secs));
        let user = Arc::clone(user);
        user.note(key.entry, |key| self.entries.contains_key(key));
        let entry = Arc::new(Entry { token, usable_until, remaining, renew_from, epoch: key.epoch, departure, user });
        let kept = self.entries.entry(key.entry).and_compute_with(|present| match present {
            Some(present) if present.value().is_newer_than(&entry) => Op::Nop,
            _ => Op::Put(Arc::clone(&entry)),
        });
        if matches!(kept, CompResult::Inserted(_) | CompResult::ReplacedWith(_)) {
            meter::entered(entry.weight());
        }
        // Forgotten since the request left: the entry is void already, and its text need not stay in memory.
        if key.epoch != entry.user.epoch() {
            self.remove(&key.entry, &entry.token);
        }
    }

    /// Removes this token and no other: whoever reports a spent token late must not cost the others a fresh one.
    pub(crate) fn remove(&self, key: &EntryKey, spent: &AccessToken) {
        self.entries.entry(*key).and_compute_with(|present| match present {
            Some(present) if present.value().token.is(spent) => Op::Remove,
            _ => Op::Nop,
        });
    }

    /// Removes what was there when the request left: Entra says that this user may no longer have it.
    pub(crate) fn revoke(&self, key: &EntryKey, departure: Departure) {
        self.entries.entry(*key).and_compute_with(|present| match present {
            Some(present) if present.value().departure < departure => Op::Remove,
            _ => Op::Nop,
        });
    }

    #[cfg(test)]
    pub(crate) fn weight(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.weighted_size()
    }

    /// Makes everything of a user void, requests under way included.
    pub(crate) fn forget(&self, user: &UserId) {
        for key in self.users.forget(user) {
            self.entries.invalidate(&key);
        }
    }
}

impl Entry {
    fn weight(&self) -> u32 {
        u32::try_from(self.token.expose_secret().len() + OVERHEAD).unwrap_or(u32::MAX)
    }

    fn renewal(&self, now: UnixTime) -> Renewal {
        let from = self.renew_from.load(Ordering::Relaxed);
        if now.as_secs() < from {
            return Renewal::NotYet;
        }
        let again = now.saturating_add(RENEWAL).as_secs();
        match self.renew_from.compare_exchange(from, again, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Renewal::Due,
            // Somebody else was told in this moment.
            Err(_) => Renewal::NotYet,
        }
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        self.departure > other.departure && self.epoch == self.user.epoch()
    }
}

struct Remaining;

impl Expiry<EntryKey, Arc<Entry>> for Remaining {
    fn expire_after_create(&self, _: &EntryKey, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        Some(entry.remaining)
    }

    // The default keeps the old entry's end.
    fn expire_after_update(
        &self,
        _: &EntryKey,
        entry: &Arc<Entry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.remaining)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Target,
        testtenant::{NOW, Tenant, granted, user_id},
    };
    use mcp_auth_layer::clock::FixedClock;

    /// A cache with one token of alice in it.
    async fn filled() -> (TokenCache, EntryKey) {
        let clock = Arc::new(FixedClock::at(UnixTime::from_secs(NOW)));
        let cache = TokenCache::new(1 << 20, clock);
        let alice = Tenant::granting().user("alice").await;
        let cell = cache.user(&user_id("alice"));
        let entry = EntryKey::new(alice.digest(), &Target::graph());
        let key = FlightKey { entry, claims: None, epoch: cell.epoch() };
        let answer = crate::answer::read(&granted(0), UnixTime::from_secs(NOW)).ok().unwrap();
        cache.keep(&key, cache.depart(), &answer, alice.expires_at(), &cell);
        assert!(cache.find(&entry).is_some());
        (cache, entry)
    }

    #[tokio::test]
    async fn an_entry_of_a_past_epoch_is_void_before_it_is_removed() {
        let (cache, entry) = filled().await;
        assert_eq!(cache.users.forget(&user_id("alice")), [entry]);
        assert!(cache.find(&entry).is_none());
        assert!(cache.weight() > 0, "nobody has removed it yet");
    }

    #[tokio::test]
    async fn a_forgotten_users_tokens_leave_the_memory() {
        let (cache, _) = filled().await;
        cache.forget(&user_id("alice"));
        assert_eq!(cache.weight(), 0);
    }
}
