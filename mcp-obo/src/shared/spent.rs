//! What this process knows better than the store, which may not have been told.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use mcp_auth_layer::{clock::UnixTime, principal::UserId};
use moka::{policy::EvictionPolicy, sync::Cache};
use tokio::time::Instant;

use super::{
    kept::{CLOCK_SKEW, LONGEST_LIFE},
    key::SharedKey,
};

/// Enough for an outage in which everybody is busy; 4 MB at most.
const CAPACITY: usize = 10_000;

/// Longer than any request to Entra takes, the wait for another replica's before it included.
const UNDER_WAY: Duration = Duration::from_secs(60);

/// A token by its digest: enough to know it again, and nothing to use.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(token: &str) -> Self {
        let digest = digest(&SHA256, token.as_bytes());
        Self(digest.as_ref().try_into().expect("a SHA-256 digest has 32 bytes"))
    }
}

/// Tokens that the downstream API has refused; without them a store that fails to forget would hand them out again.
///
/// Each by itself: one that was refused later, and was never stored, must not bring back the one that still lies there.
pub(super) struct Spent(Cache<(SharedKey, Fingerprint), ()>);

impl Spent {
    pub(super) fn new() -> Self {
        // The latest stay: by moka's own rule a full cache takes in nothing that was not asked for before.
        let latest = EvictionPolicy::lru();
        Self(Cache::builder().max_capacity(CAPACITY as u64).eviction_policy(latest).time_to_live(LONGEST_LIFE).build())
    }

    pub(super) fn note(&self, key: &SharedKey, spent: Fingerprint) {
        self.0.insert((*key, spent), ());
    }

    pub(super) fn has(&self, key: &SharedKey, token: &str) -> bool {
        self.0.get(&(*key, Fingerprint::of(token))).is_some()
    }
}

/// Users of whom the store has not been told that they are forgotten.
pub(super) struct Forgotten(Mutex<Orders>);

struct Orders {
    last: u64,
    by_user: HashMap<UserId, Order>,
    /// For whom somebody goes on telling the store.
    insisted_on: HashSet<UserId>,
    /// Until when none of them ends, so that a full map is not looked through for every order.
    settled_until: Option<Instant>,
    void_until: UnixTime,
}

#[derive(Clone, Copy)]
struct Order {
    number: u64,
    given: Instant,
}

impl Order {
    /// Tells whether anything from before it can be alive.
    fn counts(&self) -> bool {
        self.given.elapsed() < LONGEST_LIFE
    }
}

impl Orders {
    fn make_room(&mut self) {
        if self.settled_until.is_some_and(|end| Instant::now() < end) {
            return;
        }
        self.by_user.retain(|_, order| order.counts());
        self.settled_until = self.by_user.values().map(|order| order.given + LONGEST_LIFE).min();
    }
}

impl Forgotten {
    pub(super) fn new() -> Self {
        let void_until = UnixTime::from_secs(0);
        Self(Mutex::new(Orders {
            last: 0,
            by_user: HashMap::new(),
            insisted_on: HashSet::new(),
            settled_until: None,
            void_until,
        }))
    }

    /// Notes an order to forget, and returns its number.
    ///
    /// Where there is no room for it, everything that was stored before it is void, whoever's it is.
    pub(super) fn note(&self, user: &UserId, now: UnixTime) -> u64 {
        let mut orders = self.orders();
        orders.last += 1;
        let order = Order { number: orders.last, given: Instant::now() };
        if orders.by_user.len() >= CAPACITY {
            orders.make_room();
        }
        if orders.by_user.len() < CAPACITY || orders.by_user.contains_key(user) {
            orders.by_user.insert(user.clone(), order);
        } else {
            // By the clocks of those who store; what was asked for by now may still be under way to them.
            orders.void_until = orders.void_until.max(now.saturating_add(CLOCK_SKEW + UNDER_WAY));
        }
        order.number
    }

    pub(super) fn order(&self, user: &UserId) -> Option<u64> {
        self.orders().by_user.get(user).filter(|order| order.counts()).map(|order| order.number)
    }

    /// Takes on to tell the store of this user, unless somebody has.
    pub(super) fn insist<'a>(&'a self, user: &'a UserId) -> Option<Insistence<'a>> {
        let is_first = self.orders().insisted_on.insert(user.clone());
        is_first.then(|| Insistence { forgotten: self, user, is_held: true })
    }

    /// Until when nothing that was stored is taken.
    pub(super) fn void_until(&self) -> UnixTime {
        self.orders().void_until
    }

    /// The store was told by this order; a later one stands.
    pub(super) fn settle(&self, user: &UserId, number: u64) {
        let mut orders = self.orders();
        if orders.by_user.get(user).is_some_and(|order| order.number == number) {
            orders.by_user.remove(user);
        }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to tell the store until no order stands; one at a time has it for a user.
pub(super) struct Insistence<'a> {
    forgotten: &'a Forgotten,
    user: &'a UserId,
    is_held: bool,
}

impl Insistence<'_> {
    /// Gives the duty back where no order stands, so that whoever gives one from now on takes it.
    pub(super) fn is_over(&mut self) -> bool {
        let mut orders = self.forgotten.orders();
        self.is_held = orders.by_user.get(self.user).is_some_and(Order::counts);
        if !self.is_held {
            orders.insisted_on.remove(self.user);
        }
        !self.is_held
    }
}

impl Drop for Insistence<'_> {
    /// Where the task ended early, the next one takes over.
    fn drop(&mut self) {
        if self.is_held {
            self.forgotten.orders().insisted_on.remove(self.user);
        }
    }
}
