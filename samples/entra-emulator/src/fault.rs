//! Trouble that a test switches on.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// 429 with `Retry-After`, in seconds.
    Throttled(u32),
    /// 503 with Entra's or Graph's body.
    Unavailable,
    /// 500 with a page of HTML.
    Html,
    /// A body that ends in the middle.
    Truncated,
    /// An answer that comes after so many milliseconds.
    Slow(u64),
    /// Consent is missing (AADSTS65001).
    NoConsent,
    /// The client secret is refused (AADSTS7000215).
    BadSecret,
    /// Any other AADSTS code.
    Code(u32),
    /// Graph: 400 with an OData message.
    BadRequest,
    /// Graph: 401 without a challenge.
    Unauthorized,
    /// Graph: 403 without the role.
    Forbidden,
    /// Graph: 401 with a claims challenge, in the form that Graph really sends.
    Cae,
}

/// Where it goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// The exchange at the token endpoint.
    Exchange,
    /// Graph's message list.
    Graph,
    /// The key documents.
    Keys,
    /// The discovery documents.
    Discovery,
}

#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<HashMap<(Place, String), Fault>>);

impl Faults {
    /// Sets or clears a fault for a user, or with an empty name for everybody.
    pub(crate) fn set(&self, place: Place, user: &str, fault: Option<Fault>) {
        let mut faults = self.lock();
        match fault {
            Some(fault) => faults.insert((place, user.to_owned()), fault),
            None => faults.remove(&(place, user.to_owned())),
        };
    }

    pub(crate) fn get(&self, place: Place, user: &str) -> Option<Fault> {
        let faults = self.lock();
        faults.get(&(place, user.to_owned())).or_else(|| faults.get(&(place, String::new()))).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Place, String), Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits as long as a slow answer takes.
pub(crate) async fn delay(fault: Option<&Fault>) {
    if let Some(Fault::Slow(milliseconds)) = fault {
        tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
    }
}
