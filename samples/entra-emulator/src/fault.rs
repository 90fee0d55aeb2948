//! Trouble that a test switches on.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::Deserialize;

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// 429 with `Retry-After`, in seconds.
    Throttled(u32),
    /// 429 with `Retry-After` as an HTTP date, so many seconds ahead of the tenant's clock.
    ThrottledUntil(u32),
    /// 429 with `Retry-After` and a page of HTML.
    ThrottledPage(u32),
    /// 503 with Entra's or Graph's body.
    Unavailable,
    /// 500 with a page of HTML.
    Html,
    /// A body that ends in the middle.
    Truncated,
    /// A connection that ends without an answer.
    Reset,
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
    /// Graph: the same, to capable clients only, until a token comes whose request presented the claims.
    CaeUntilMet,
}

/// Where it goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// The exchange at the token endpoint.
    Exchange,
    /// Code redemption and refresh at the token endpoint.
    SignIn,
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

/// When to come again, in either form of RFC 9110 section 10.2.3.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RetryAfter {
    Seconds(u32),
    /// A time on the tenant's clock.
    Date(i64),
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => seconds.fmt(f),
            Self::Date(time) => {
                let time = Timestamp::from_second(*time).unwrap_or(Timestamp::UNIX_EPOCH);
                time.strftime("%a, %d %b %Y %H:%M:%S GMT").fmt(f)
            }
        }
    }
}

/// Waits as long as a slow answer takes.
pub(crate) async fn delay(fault: Option<&Fault>) {
    if let Some(Fault::Slow(milliseconds)) = fault {
        tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
    }
}
