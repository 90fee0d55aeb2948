//! What was redeemed, used and ended, in a store that all replicas reach.
//!
//! Codes and refresh tokens say by themselves what they are good for, and cannot say that they were used. With a store they are
//! good once; without one every method here lets everything pass.
//!
//! | name | when | value | life |
//! |---|---|---|---|
//! | `mcp-obo:1:c:`… | a code is redeemed | the time | the code's |
//! | `mcp-obo:1:r:`… | a refresh token is used first | the time | to the end of its session |
//! | `mcp-obo:1:e:`… | a session is ended | the time | to the end of that session |
//! | `mcp-obo:1:f:`… | a user is forgotten | the time | 90 days, the longest session |
//!
//! Names end with an HMAC under the ring. What the store does not answer is refused, and never passed.

mod held;
mod records;
#[cfg(test)]
pub(super) mod tests;

use std::{sync::Arc, time::Duration};

use mcp_auth_layer::{
    clock::{Clock, UnixTime},
    principal::UserId,
};

pub(super) use self::held::Held;
use self::records::{About, Record, read};
use super::{
    code,
    error::{OAuthCode, OAuthError},
    lasting::CLOCKS,
    session::{LONGEST, Session},
};
use crate::{
    seal::KeyRing,
    shared::{Duty, Guarded, SharedStore, StoreError},
};

/// For so long after its first use a refresh token may be used again: programs refresh in parallel, and lose answers.
const GRACE: Duration = Duration::from_secs(60);

/// When a client may ask again after the store has failed.
const RETRY: Duration = Duration::from_secs(2);

/// The ledger, or none.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Option<Arc<Books>>);

#[derive(Debug)]
struct Books {
    store: Guarded,
    ring: KeyRing,
    clock: Arc<dyn Clock>,
}

/// Why something is not good any more, or cannot be looked up.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was used before; everything that came of it is ended now.
    UsedBefore,
    /// The session was ended, or its user forgotten.
    Over,
    Store(StoreError),
}

/// A session, by what may have ended it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun<'a> {
    pub(super) family: &'a str,
    pub(super) tenant: &'a str,
    pub(super) object_id: &'a str,
    pub(super) signed_in: u64,
}

impl Ledger {
    pub(super) fn new(store: Arc<dyn SharedStore>, ring: KeyRing, clock: Arc<dyn Clock>) -> Self {
        Self(Some(Arc::new(Books { store: Guarded::new(store, Duty::Ledger), ring, clock })))
    }

    /// Tells whether the store did lately what it was asked; nothing where there is none.
    pub(super) fn is_up(&self) -> Option<bool> {
        self.0.as_ref().map(|books| books.store.is_well())
    }

    /// Tells whether there is one.
    pub(super) const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Records that the code which begins a family is redeemed; a second time ends the family (RFC 6749 section 4.1.2).
    pub(super) async fn redeem(&self, family: &str, ends: UnixTime) -> Result<Held, Fault> {
        let Some(books) = &self.0 else { return Ok(Held::nothing()) };
        let record = Record::new(&books.ring, About::Code { family }, books.clock.now());
        match Held::first(books, record, code::LIFE + CLOCKS).await? {
            Some(held) => Ok(held),
            None => Err(books.used_before(family, ends).await),
        }
    }

    /// Records that a refresh token is used, if its session lasts; a use too late after the first ends the family.
    pub(super) async fn refresh(&self, session: &Session) -> Result<Held, Fault> {
        let Some(books) = &self.0 else { return Ok(Held::nothing()) };
        let (family, ends) = (&*session.family, UnixTime::from_secs(session.ends));
        self.check(session.begun()).await?;
        let about = About::Use { family, sequence: session.sequence };
        let (now, life) = (books.clock.now(), books.life(ends));
        // A record that another request has just taken back is not there when it is looked for.
        for _ in 0..3 {
            if let Some(held) = Held::first(books, Record::new(&books.ring, about, now), life).await? {
                return Ok(held);
            }
            match read(&books.store, &books.ring, about).await?.into_iter().min() {
                Some(first) if first.until(now) <= GRACE => {
                    return Ok(Held::later(books, Record::new(&books.ring, about, first), life));
                }
                Some(_) => return Err(books.used_before(family, ends).await),
                None => {}
            }
        }
        Err(Fault::Store(StoreError::Foreign))
    }

    /// Passes a session that nobody has ended.
    pub(super) async fn check(&self, session: Begun<'_>) -> Result<(), Fault> {
        let Some(books) = &self.0 else { return Ok(()) };
        let Begun { family, tenant, object_id, signed_in } = session;
        let (ended, forgotten) = tokio::try_join!(
            read(&books.store, &books.ring, About::Ended { family }),
            read(&books.store, &books.ring, About::Forgotten { tenant, object_id }),
        )?;
        // By a clock that is ahead a session seems to have begun after its user was forgotten.
        let is_older = |forgotten: UnixTime| UnixTime::from_secs(signed_in) <= forgotten.saturating_add(CLOCKS);
        if ended.is_empty() && !forgotten.into_iter().any(is_older) { Ok(()) } else { Err(Fault::Over) }
    }

    /// Ends a family: no refresh token of it is good any more.
    pub(super) async fn end(&self, family: &str, ends: UnixTime) -> Result<(), StoreError> {
        let Some(books) = &self.0 else { return Ok(()) };
        books.end(family, ends).await
    }

    /// Ends every session of a user that has begun.
    pub(super) async fn forget(&self, user: &UserId) -> Result<(), StoreError> {
        let Some(books) = &self.0 else { return Ok(()) };
        let about = About::Forgotten { tenant: user.tenant().as_str(), object_id: user.object_id() };
        let record = Record::new(&books.ring, about, books.clock.now());
        record.put(&books.store, LONGEST + CLOCKS).await
    }
}

impl Books {
    async fn end(&self, family: &str, ends: UnixTime) -> Result<(), StoreError> {
        let record = Record::new(&self.ring, About::Ended { family }, self.clock.now());
        record.put(&self.store, self.life(ends)).await
    }

    /// Ends a family of which something was used twice.
    async fn used_before(&self, family: &str, ends: UnixTime) -> Fault {
        match self.end(family, ends).await {
            Ok(()) => Fault::UsedBefore,
            Err(error) => Fault::Store(error),
        }
    }

    /// How long a record must live to outlast, by any replica's clock, what it is about.
    fn life(&self, ends: UnixTime) -> Duration {
        self.clock.now().until(ends) + CLOCKS
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::UsedBefore => Self::new(OAuthCode::InvalidGrant, "it was used before; sign in again"),
            Fault::Over => Self::new(OAuthCode::InvalidGrant, "the session was ended; sign in again"),
            // Never `invalid_grant`, on which clients drop what they have.
            Fault::Store(error) => {
                tracing::warn!(target: "mcp_obo::proxy", %error, "a client was sent away, for the ledger cannot be asked");
                let text = "the server cannot look into its records now; try again";
                Self { retry_after: Some(RETRY), ..Self::new(OAuthCode::TemporarilyUnavailable, text) }
            }
        }
    }
}
