//! Settings that a test makes for one user, or for everybody.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::place::Place;

/// Values by place and user; the empty name stands for everybody.
#[derive(Debug)]
pub(crate) struct PerUser<T>(Mutex<HashMap<(Place, String), T>>);

impl<T> Default for PerUser<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> PerUser<T> {
    /// Sets or clears what counts for a user.
    pub(crate) fn set(&self, place: Place, user: &str, value: Option<T>) {
        let key = (place, user.to_owned());
        match value {
            Some(value) => self.lock().insert(key, value),
            None => self.lock().remove(&key),
        };
    }

    /// Returns what counts for a user: its own before everybody's.
    pub(crate) fn get(&self, place: Place, user: &str) -> Option<T> {
        let values = self.lock();
        values.get(&(place, user.to_owned())).or_else(|| values.get(&(place, String::new()))).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Place, String), T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
