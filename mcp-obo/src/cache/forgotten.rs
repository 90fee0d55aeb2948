//! Who was forgotten, and what is from before that.
//!
//! Whatever leaves for a user's sake, a token, a request or a refusal, bears the number of its departure. Forgetting a user
//! draws a number from the same row: what departed before it is void. So nobody who was never forgotten costs anything here.
//!
//! A hit asks only while forgotten tokens may still be in the cache. [`Table::admits`] is asked under the lock under which a
//! token is put there, so after a look through the whole cache that began later none is left, and none comes back.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use mcp_auth_layer::principal::UserId;

use super::hasher::OwnBytes;

/// How many forgettings are known one by one; half a megabyte at most.
///
/// Of one that is older only its number is known, and what departed before it is void, whoever's it is. In the cache nothing
/// is, by then; it ends requests that were under way all that time, and refusals that are as old.
const KNOWN: usize = 10_000;

/// A user in 64 bits, under a secret of this process.
///
/// Two users may share one, by a chance of 1 in 2^64: then forgetting the one costs the other an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UserTag(u64);

impl fmt::Debug for UserTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserTag(..)")
    }
}

/// When something left, in order; a later one's token is the newer, whichever arrives first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Departure(u64);

impl Departure {
    /// Before all others.
    const NONE: Self = Self(0);
}

/// The forgotten users of one cache.
#[derive(Debug)]
pub(crate) struct Forgotten {
    secret: RandomState,
    /// The last forgetting of which something may still be in the cache; zero where there is none.
    unswept: AtomicU64,
    table: RwLock<Table>,
}

/// The forgettings, in order.
#[derive(Debug)]
pub(super) struct Table {
    last: AtomicU64,
    by_user: HashMap<UserTag, Departure, OwnBytes>,
    in_order: VecDeque<(UserTag, Departure)>,
    most: usize,
    /// The latest that is no longer known by its user.
    unknown: Departure,
    /// The latest of these that was not swept when it had to make room.
    lost: Departure,
    /// Up to here nothing is left in the cache.
    swept: Departure,
    is_being_swept: bool,
}

/// The duty to look through the cache; one at a time has it.
#[derive(Debug)]
pub(super) struct Sweep {
    forgotten: Arc<Forgotten>,
    is_over: bool,
}

/// Whether there is more to sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    All,
    /// Others were forgotten meanwhile.
    NotAll,
}

impl Forgotten {
    pub(crate) fn new() -> Self {
        Self::knowing(KNOWN)
    }

    fn knowing(most: usize) -> Self {
        let table = Table {
            last: AtomicU64::new(0),
            by_user: HashMap::default(),
            in_order: VecDeque::new(),
            most,
            unknown: Departure::NONE,
            lost: Departure::NONE,
            swept: Departure::NONE,
            is_being_swept: false,
        };
        Self { secret: RandomState::new(), unswept: AtomicU64::new(0), table: RwLock::new(table) }
    }

    pub(crate) fn tag(&self, user: &UserId) -> UserTag {
        UserTag(self.secret.hash_one(user))
    }

    /// Draws a number: higher than that of every forgetting from before, lower than that of every later one.
    pub(crate) fn depart(&self) -> Departure {
        // Under the lock, so that no forgetting has its number already and is not in the table yet.
        self.table().next()
    }

    /// Tells whether what departed for this user then still counts.
    pub(crate) fn admits(&self, user: UserTag, departure: Departure) -> bool {
        self.table().admits(user, departure)
    }

    /// Returns from when on a departure proves that a token in the cache is good; to be asked before the token is looked up.
    ///
    /// Afterwards would be too late: the token might be found before it is swept, and all be swept when this is asked.
    pub(super) fn unswept(&self) -> Departure {
        Departure(self.unswept.load(Ordering::Acquire))
    }

    /// Tells the one who sweeps whether a token in the cache is a forgotten user's.
    ///
    /// Anybody else must look for the token under the same lock: when a sweep has ended, its users may leave the table.
    pub(super) fn has_voided(&self, user: UserTag, departure: Departure) -> bool {
        self.table().has_voided(user, departure)
    }

    pub(super) fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_mut(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes void all that departed for this user, and returns the duty to sweep unless somebody has it.
    pub(super) fn forget(self: &Arc<Self>, user: &UserId) -> Option<Sweep> {
        let tag = self.tag(user);
        let mut table = self.table_mut();
        let number = table.forget(tag);
        self.unswept.store(number.0, Ordering::Release);
        let is_being_swept = std::mem::replace(&mut table.is_being_swept, true);
        drop(table);
        (!is_being_swept).then(|| Sweep { forgotten: Arc::clone(self), is_over: false })
    }
}

impl Table {
    pub(super) fn admits(&self, user: UserTag, departure: Departure) -> bool {
        departure >= self.of(user).max(self.unknown)
    }

    /// Tells whether a token that is in the cache now is a forgotten user's.
    pub(super) fn has_voided(&self, user: UserTag, departure: Departure) -> bool {
        departure < self.of(user).max(self.lost)
    }

    fn next(&self) -> Departure {
        Departure(self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn of(&self, user: UserTag) -> Departure {
        self.by_user.get(&user).copied().unwrap_or(Departure::NONE)
    }

    fn forget(&mut self, user: UserTag) -> Departure {
        let number = self.next();
        self.by_user.insert(user, number);
        self.in_order.push_back((user, number));
        if self.in_order.len() > self.most {
            self.make_room();
        }
        number
    }

    fn make_room(&mut self) {
        let Some((user, number)) = self.in_order.pop_front() else { return };
        // A later forgetting of the same user makes void all that this one did.
        if self.of(user) > number {
            return;
        }
        self.by_user.remove(&user);
        self.unknown = number;
        if number > self.swept {
            self.lost = number;
        }
    }
}

impl Sweep {
    /// Says that what was void is gone, as far as it was forgotten when `unswept` was asked for.
    pub(super) fn done(&mut self, unswept: Departure) -> Swept {
        let mut table = self.forgotten.table_mut();
        table.swept = table.swept.max(unswept);
        if table.lost <= table.swept {
            table.lost = Departure::NONE;
        }
        if self.forgotten.unswept() > table.swept {
            return Swept::NotAll;
        }
        self.forgotten.unswept.store(0, Ordering::Release);
        table.is_being_swept = false;
        self.is_over = true;
        Swept::All
    }
}

impl Drop for Sweep {
    /// Where it ended early, with its runtime or by a panic, the next forgetting begins another one.
    fn drop(&mut self) {
        if !self.is_over {
            self.forgotten.table_mut().is_being_swept = false;
        }
    }
}
