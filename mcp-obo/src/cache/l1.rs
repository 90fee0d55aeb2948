//! The tokens in this process's memory, bounded by bytes.

#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
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
use tokio::{runtime::Handle, task::spawn_blocking, time::sleep};
use tower::util::rng::{HasherRng, Rng as _};

use super::{
    expiry::{renewed_from, usable_until},
    flights::Flights,
    forgotten::{Departure, Forgotten, Sweep, Swept, UserTag},
    hasher::OwnBytes,
    key::EntryKey,
};
use crate::{access_token::AccessToken, answer::TokenAnswer, meter};

/// What an entry costs besides its token: 375 bytes, measured with moka's bookkeeping included, and a fifth more for what has
/// left the cache and is not given back yet.
const OVERHEAD: usize = 450;

/// How many entries are looked through at once, which takes less than a millisecond; for more a thread of its own is worth it.
const FEW: u64 = 1_000;

/// How many times as long as a look through the entries takes nobody looks again, so that a service that forgets all the time
/// does not look all the time.
const REST: u32 = 9;

/// How long a renewal has before another one begins.
const RENEWAL: Duration = Duration::from_secs(30);

/// The cache of one exchange.
#[derive(Debug)]
pub(crate) struct TokenCache {
    entries: Cache<EntryKey, Entry, OwnBytes>,
    forgotten: Arc<Forgotten>,
    flights: Arc<Flights>,
    clock: Arc<dyn Clock>,
    max_bytes: u64,
}

/// A token as it is kept; moka holds it in place, so the token's own allocation is the only one.
#[derive(Clone, Debug)]
struct Entry {
    token: AccessToken,
    usable_until: UnixTime,
    departure: Departure,
    user: UserTag,
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

impl TokenCache {
    pub(crate) fn new(max_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, entry: &Entry| entry.weight())
            .expire_after(Remaining(Arc::clone(&clock)))
            .eviction_listener(|_, entry, _| meter::left(entry.weight()))
            .build_with_hasher(OwnBytes::default());
        let forgotten = Arc::new(Forgotten::new());
        let flights = Arc::new(Flights::new(Arc::clone(&forgotten)));
        Self { entries, forgotten, flights, clock, max_bytes }
    }

    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(crate) fn flights(&self) -> &Arc<Flights> {
        &self.flights
    }

    pub(crate) fn forgotten(&self) -> &Arc<Forgotten> {
        &self.forgotten
    }

    /// Returns a token that is good now.
    ///
    /// moka expires entries by the monotonic clock; tokens end by the wall clock, which may jump, so it is asked every time.
    pub(crate) fn find(&self, key: &EntryKey) -> Option<AccessToken> {
        // moka counts every question, and judges by it who may stay: a miss asks three times, and must not weigh as three.
        if !self.entries.contains_key(key) {
            return None;
        }
        self.good(key, self.clock.now())
    }

    /// Returns a token that is good now, and tells one of those who ask to renew it when its end is near.
    pub(crate) fn hit(&self, key: &EntryKey) -> Option<Hit> {
        let now = self.clock.now();
        let token = self.good(key, now)?;
        let renewal = if token.is_due(now, RENEWAL) { Renewal::Due } else { Renewal::NotYet };
        Some(Hit { token, renewal })
    }

    fn good(&self, key: &EntryKey, now: UnixTime) -> Option<AccessToken> {
        let unswept = self.forgotten.unswept();
        let found = self.entries.get(key)?;
        let entry = if found.departure >= unswept { found } else { self.not_void(key)? };
        if now < entry.usable_until { Some(entry.token) } else { None }
    }

    /// Looks once more, while nobody is forgotten and no sweep ends.
    ///
    /// What was found before may have been swept meanwhile, and with it the table's reason to call it void.
    fn not_void(&self, key: &EntryKey) -> Option<Entry> {
        let table = self.forgotten.table();
        self.entries.get(key).filter(|entry| !table.has_voided(entry.user, entry.departure))
    }

    /// Keeps a token, unless its user was forgotten since it was asked for, or a newer one is there.
    pub(crate) fn keep(
        &self,
        key: &EntryKey,
        departure: Departure,
        answer: &TokenAnswer,
        assertion: UnixTime,
        user: UserTag,
    ) {
        let token = answer.access_token().clone();
        let usable_until = usable_until(token.expires_at(), answer.lifetime(), assertion);
        let now = self.clock.now();
        if usable_until <= now {
            return;
        }
        let spread = HasherRng::default().next_f64();
        token.renew_from(renewed_from(now, usable_until, assertion, answer.renew_from(), spread));
        self.put(key, Entry { token, usable_until, departure, user });
    }

    fn put(&self, key: &EntryKey, entry: Entry) {
        // moka takes nothing then, and says that it did.
        if self.max_bytes == 0 {
            return;
        }
        let weight = entry.weight();
        // Until it is in its place nobody is forgotten, so whoever sweeps for a forgotten user finds it.
        let table = self.forgotten.table();
        if !table.admits(entry.user, entry.departure) {
            return;
        }
        let is_kept = if self.entries.contains_key(key) {
            let kept = self.entries.entry(*key).and_compute_with(|present| match present {
                Some(present) if present.value().departure > entry.departure => Op::Nop,
                _ => Op::Put(entry),
            });
            matches!(kept, CompResult::Inserted(_) | CompResult::ReplacedWith(_))
        } else {
            // To compare with nothing would count as a question. Two who find the place empty at once bring tokens that are
            // both good; where the older one is kept, and was not what the API had asked for, it asks once more.
            self.entries.insert(*key, entry);
            true
        };
        drop(table);
        if is_kept {
            meter::entered(weight);
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

    /// Makes everything of a user void, requests under way included, and sees to it that their tokens leave the memory.
    pub(crate) fn forget(self: &Arc<Self>, user: &UserId) {
        let Some(sweep) = self.forgotten.forget(user) else { return };
        match Handle::try_current() {
            Ok(runtime) if self.entries.entry_count() > FEW => {
                runtime.spawn(Arc::clone(self).sweep_in_the_background(sweep));
            }
            _ => self.sweep_at_once(sweep),
        }
    }

    fn sweep_at_once(&self, mut sweep: Sweep) {
        while sweep.done(self.remove_forgotten()) == Swept::NotAll {}
    }

    async fn sweep_in_the_background(self: Arc<Self>, mut sweep: Sweep) {
        loop {
            let (cache, began) = (Arc::clone(&self), Instant::now());
            // It fails when the runtime goes down, and the memory with it.
            let Ok(unswept) = spawn_blocking(move || cache.remove_forgotten()).await else { return };
            if sweep.done(unswept) == Swept::All {
                return;
            }
            sleep(began.elapsed() * REST).await;
        }
    }

    /// Removes what is void, and returns up to which forgetting that was looked for.
    fn remove_forgotten(&self) -> Departure {
        let unswept = self.forgotten.unswept();
        for (key, entry) in &self.entries {
            if entry.departure < unswept && self.forgotten.has_voided(entry.user, entry.departure) {
                self.remove(&key, &entry.token);
            }
        }
        // What was removed stays in moka's queues until then.
        self.entries.run_pending_tasks();
        unswept
    }
}

impl Entry {
    fn weight(&self) -> u32 {
        u32::try_from(self.token.expose_secret().len() + OVERHEAD).unwrap_or(u32::MAX)
    }
}

/// When moka, which keeps time by itself, gives an entry's memory back.
struct Remaining(Arc<dyn Clock>);

impl Remaining {
    fn of(&self, entry: &Entry) -> Duration {
        self.0.now().until(entry.usable_until)
    }
}

impl Expiry<EntryKey, Entry> for Remaining {
    fn expire_after_create(&self, _: &EntryKey, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(self.of(entry))
    }

    // The default keeps the old entry's end.
    fn expire_after_update(&self, _: &EntryKey, entry: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(self.of(entry))
    }
}
