//! Trouble that a test switches on.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::watch;

use crate::{per_user::PerUser, place::Place};

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
    /// An answer that does not come until the fault is cleared or replaced.
    Hang,
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

/// The trouble that is switched on, and the requests that it holds back.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    switched: PerUser<Fault>,
    changed: watch::Sender<()>,
    held: watch::Sender<usize>,
}

impl Faults {
    /// Sets or clears a fault for a user, or with an empty name for everybody.
    pub(crate) fn set(&self, place: Place, user: &str, fault: Option<Fault>) {
        self.switched.set(place, user, fault);
        self.changed.send_replace(());
    }

    /// Waits as long as the trouble wants it; returns what else it wants.
    pub(crate) async fn meet(&self, place: Place, user: &str) -> Option<Fault> {
        self.meet_or(place, user, None).await
    }

    /// The same, with the trouble that counts where none is switched on.
    pub(crate) async fn meet_or(&self, place: Place, user: &str, standing: Option<Fault>) -> Option<Fault> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            match self.switched.get(place, user).or_else(|| standing.clone())? {
                Fault::Slow(milliseconds) => {
                    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                    return None;
                }
                Fault::Hang => {
                    let _held = Held::new(&self.held);
                    changed.changed().await.ok()?;
                }
                fault => return Some(fault),
            }
        }
    }

    /// Waits until so many requests are held back.
    pub(crate) async fn until_held(&self, count: usize) {
        // The sender lives as long as this does, so that waiting cannot fail.
        let _ = self.held.subscribe().wait_for(|held| *held >= count).await;
    }
}

/// Counts one request that is held back; also when its client goes away.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|held| *held += 1);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
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
