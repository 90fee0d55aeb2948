//! Tokens that all replicas of a service share, so that one exchange serves them all.
//!
//! [`Exchange::with_shared`](crate::Exchange::with_shared) puts a store between the cache of the process and Entra. It is asked
//! only when the process has no token, and nothing about it can make a request fail: whatever the store does, the worst is one
//! more exchange. A store is `RedisStore` (feature `redis`), or whatever implements [`SharedStore`].
//!
//! # What is in the store
//! | name | value | life |
//! |---|---|---|
//! | `mcp-obo:1:t:`+ 64 hex digits, a SHA-256 of authority, tenant, client, assertion, scopes and capabilities | the token and its times, sealed (AES-256-GCM) and bound to its name | while the token may be used, at most 48 hours |
//! | `mcp-obo:1:u:`+ 64 hex digits, an HMAC of tenant and user under the ring | 16 random bytes | 24 hours |
//! | `mcp-obo:1:l:`+ the digits of the token | 16 random bytes | 10 seconds, mostly much less |
//!
//! Nothing there can be read, nor tested for a known user, without the [`KeyRing`]. Who can *write* there can
//! take tokens away, bring back what was there before (a forgotten user's tokens, too, until their end), make each miss wait
//! its three seconds, and nothing else: a value that another place or key has sealed does not open. So the store's own password
//! and TLS are worth having all the same.
//!
//! # Sizing
//! An entry's value is the token and 90 bytes, a mark's is 16 bytes, and every name has 76. With Redis 7.0's bookkeeping a
//! token of 2,000 bytes takes 2,680 bytes and a mark 152 (`MEMORY USAGE`, which `tests/redis/sizing.rs` watches): 2.8 kB for
//! a user with one target, 2.8 GB for a million at once. Leases do not add up. Use `maxmemory-policy volatile-ttl` or
//! `noeviction`; whatever is evicted is exchanged for again, and no eviction brings back what was forgotten.
//!
//! # Outages
//! An operation may take 250 ms. After a failure the store is not asked for a second, then one caller goes first; so an
//! outage costs one caller a second 250 ms at most, and everybody else nothing. A store that answers, and only refuses to
//! write, is read from as before. The log tells the beginning and the end, the [counters](meter) the rest. Hits in the process
//! never ask the store.
//!
//! # One exchange for all replicas
//! Who finds no token takes the lease and exchanges. Who finds the lease taken looks again every 50 to 150 ms, until the token
//! is there, the lease has gone without one (the exchange was refused, which concerns one user and is not shared), or three
//! seconds have passed; in the last two cases it exchanges by itself. A holder that dies costs the others those three seconds,
//! once.
//!
//! # Forgetting a user
//! [`Exchange::forget_user`](crate::Exchange::forget_user) voids everything of a user in the store at once, and what requests
//! under way in any replica will put there. It does not reach into the memory of other replicas: what these hold already they
//! use until its end. If the store cannot be reached, this replica takes nothing of that user from it until it has been told,
//! the log says that others may, and it is told again every half minute. So it goes for 10,000 users: where more
//! are not told yet, be it because they are forgotten faster than it hears, this replica can only take nothing of anybody from it
//! that was stored before. What the store has not heard ends with the process: after a restart during an outage forget
//! again whom you forgot in it.
//!
//! A store that comes back with what it held some time ago has not heard of what was forgotten since: tokens of that time
//! are good again until their end. So let it write nothing to disk, and after a fail-over to a server that lagged behind, forget
//! again whom you forgot in the last moments.
//!
//! # Changing keys
//! See [`seal`](crate::seal). With the new key first and the old one behind it, every entry stays readable.

mod flight;
mod gate;
mod guarded;
mod kept;
mod key;
mod lease;
mod memory;
pub mod meter;
mod spent;
mod store;
#[cfg(test)]
mod tests;
mod users;

use std::{fmt, future::Future, sync::Arc};

use mcp_auth_layer::{
    clock::{Clock, UnixTime},
    principal::UserId,
};

pub use self::{
    memory::MemoryStore,
    store::{SharedStore, StoreError},
};
// Nobody's but the tests against a real Redis, which stand outside of the crate.
#[doc(hidden)]
pub use self::{
    flight::Landed,
    kept::Kept,
    key::{KeyParts, SharedKey},
};
use self::{
    flight::{Pool, Wanted},
    meter::Role,
    spent::Fingerprint,
};
#[cfg(feature = "proxy")]
pub(crate) use self::{
    guarded::{Duty, Guarded},
    key::name,
};
use crate::{boxed::BoxFuture, seal::KeyRing};

/// The tokens that replicas share.
///
/// Cloning is cheap, and clones are one. Making it asks nothing of the store.
#[doc(hidden)]
#[derive(Clone)]
pub struct Shared(Arc<Pool>);

impl Shared {
    /// Shares tokens through this store, sealed under this ring.
    #[must_use]
    pub fn new(store: impl SharedStore, ring: KeyRing, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Pool::new(Arc::new(store), ring, clock)))
    }

    /// Returns a token that some replica has stored and that is good now.
    pub async fn find(&self, key: &SharedKey, user: &UserId) -> Option<Kept> {
        self.0.find(key, user, Wanted::Any).await
    }

    /// Returns a shared token, or exchanges for one that all share.
    ///
    /// One replica exchanges and the others wait a little.
    ///
    /// # Errors
    /// The exchange's. The store causes none.
    pub async fn flight<E, F>(&self, key: &SharedKey, user: &UserId, exchange: impl FnOnce() -> F) -> Result<Landed, E>
    where
        F: Future<Output = Result<Kept, E>>,
    {
        self.0.fly(key, user, Wanted::Any, exchange).await
    }

    /// Does the same for a token that ends later than this, which is for refreshing one early.
    ///
    /// # Errors
    /// The exchange's. The store causes none.
    pub async fn refresh<E, F>(
        &self,
        key: &SharedKey,
        user: &UserId,
        later_than: UnixTime,
        exchange: impl FnOnce() -> F,
    ) -> Result<Landed, E>
    where
        F: Future<Output = Result<Kept, E>>,
    {
        self.0.fly(key, user, Wanted::LaterThan(later_than), exchange).await
    }

    /// Exchanges whatever is stored, and stores the outcome in its place; for a request with claims.
    ///
    /// # Errors
    /// The exchange's. The store causes none.
    pub async fn renew<E, F>(&self, key: &SharedKey, user: &UserId, exchange: impl FnOnce() -> F) -> Result<Kept, E>
    where
        F: Future<Output = Result<Kept, E>>,
    {
        let epoch = self.0.epoch(user).await.ok();
        meter::flight(Role::Renewal);
        self.0.exchange(key, epoch, exchange).await
    }

    /// Takes away a token that the downstream API has refused, and no other.
    ///
    /// It counts from the call on in this process; the future tells the store.
    #[must_use = "the store is told by the future"]
    pub fn reject(&self, key: &SharedKey, spent: &str) -> BoxFuture<'static, ()> {
        let spent = Fingerprint::of(spent);
        self.0.spent.note(key, spent);
        let (pool, key) = (Arc::clone(&self.0), *key);
        Box::pin(async move { pool.remove(&key, spent).await })
    }

    /// Takes away whatever token is stored, because Entra grants none any more; another replica's may lie there.
    ///
    /// This one counts as spent from the call on in this process, another when the store has shown it to the future.
    #[must_use = "the store is told by the future"]
    pub(crate) fn withdraw(&self, key: &SharedKey, spent: &str) -> BoxFuture<'static, ()> {
        self.0.spent.note(key, Fingerprint::of(spent));
        let (pool, key) = (Arc::clone(&self.0), *key);
        Box::pin(async move { pool.withdraw(&key).await })
    }

    /// Voids everything that any replica has stored of a user.
    ///
    /// So will be what requests under way bring. It counts from the call on in this process; the future tells the store, and
    /// tries three times.
    ///
    /// # Errors
    /// [`StoreError`] when the store was not told: other replicas may still take the user's tokens from it.
    #[must_use = "the store is told by the future"]
    pub fn forget(&self, user: &UserId) -> BoxFuture<'static, Result<(), StoreError>> {
        let order = self.0.order_to_forget(user);
        let (pool, user) = (Arc::clone(&self.0), user.clone());
        Box::pin(async move { pool.forget(&user, order).await })
    }

    /// Does the same, and tells a store that fails every half minute until it has heard, from whomever.
    ///
    /// It ends in any case, when nothing from before the order can be alive.
    #[must_use = "the store is told by the future"]
    pub(crate) fn forget_in_the_end(&self, user: &UserId) -> BoxFuture<'static, ()> {
        let order = self.0.order_to_forget(user);
        let (pool, user) = (Arc::clone(&self.0), user.clone());
        Box::pin(async move {
            let Err(error) = pool.forget(&user, order).await else { return };
            tracing::error!(%error, "other replicas may still use a forgotten user's tokens");
            pool.insist_on_forgetting(&user).await;
        })
    }

    /// Tells whether the store answered when it was last asked.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.store.is_open()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("store", &self.0.store).field("ring", &self.0.ring).finish_non_exhaustive()
    }
}
