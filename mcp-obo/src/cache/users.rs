//! One cell per user who has tokens here, so that forgetting a user costs a hit one load and nothing else.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use mcp_auth_layer::principal::UserId;

use super::key::EntryKey;

/// Shared by all of a user's entries, flights and refusals. What began in an earlier epoch is void.
#[derive(Debug, Default)]
pub(crate) struct UserCell {
    epoch: AtomicU64,
    keys: Mutex<Vec<EntryKey>>,
}

impl UserCell {
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Remembers where a token of this user lies; `is_alive` finds those that have gone meanwhile.
    pub(super) fn note(&self, key: EntryKey, is_alive: impl Fn(&EntryKey) -> bool) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.contains(&key) {
            return;
        }
        // Amortised: the list is looked through only when it would have to grow.
        if keys.len() == keys.capacity() {
            keys.retain(is_alive);
        }
        keys.push(key);
    }
}

/// The users who have a cell.
#[derive(Debug, Default)]
pub(crate) struct Users(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    cells: HashMap<UserId, Weak<UserCell>>,
    sweep_at: usize,
}

impl Users {
    /// Returns the user's cell; there is never more than one alive.
    pub(crate) fn cell(&self, user: &UserId) -> Arc<UserCell> {
        let mut index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = index.cells.get(user).and_then(Weak::upgrade) {
            return cell;
        }
        index.sweep();
        let cell = Arc::new(UserCell::default());
        index.cells.insert(user.clone(), Arc::downgrade(&cell));
        cell
    }

    /// Ends the user's epoch, and returns where their tokens lay.
    pub(super) fn forget(&self, user: &UserId) -> Vec<EntryKey> {
        let index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a cell there is no entry, no flight and no refusal.
        let Some(cell) = index.cells.get(user).and_then(Weak::upgrade) else { return Vec::new() };
        drop(index);
        // First the epoch: from here on nothing from before is handed out, whatever becomes of the removal.
        cell.epoch.fetch_add(1, Ordering::AcqRel);
        std::mem::take(&mut *cell.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Index {
    /// Drops the names of users whose cells have gone, whenever their number has doubled.
    fn sweep(&mut self) {
        if self.cells.len() >= self.sweep_at {
            self.cells.retain(|_, cell| cell.strong_count() > 0);
            self.sweep_at = (self.cells.len() * 2).max(64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth_layer::tenant::TenantId;

    fn user(number: usize) -> UserId {
        UserId::new(TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap(), &number.to_string())
    }

    #[test]
    fn a_user_has_one_cell_while_anybody_holds_it() {
        let users = Users::default();
        let cell = users.cell(&user(1));
        assert!(Arc::ptr_eq(&cell, &users.cell(&user(1))));
        assert!(!Arc::ptr_eq(&cell, &users.cell(&user(2))));
        users.forget(&user(1));
        assert_eq!((cell.epoch(), users.cell(&user(2)).epoch()), (1, 0));
    }

    #[test]
    fn users_who_have_gone_leave_no_trace() {
        let users = Users::default();
        let kept = users.cell(&user(0));
        for number in 1..10_000 {
            users.cell(&user(number));
        }
        let index = users.0.lock().unwrap();
        assert!(index.cells.len() <= 64, "{} names are kept", index.cells.len());
        assert!(index.cells.contains_key(&user(0)));
        drop((index, kept));
    }
}
