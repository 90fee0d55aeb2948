//! The way to a token: look, and exchange for all.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mcp_auth_layer::{
    clock::{Clock, UnixTime},
    principal::UserId,
};
use secrecy::ExposeSecret;
use tokio::time::{sleep, timeout};

use super::{
    gate::PAUSE,
    guarded::{Duty, Guarded},
    kept::{Kept, LONGEST_LIFE},
    key::SharedKey,
    lease::Lease,
    meter::{self, Lookup, Role},
    spent::{Fingerprint, Forgotten, Spent},
    store::{SharedStore, StoreError},
    users::{Epoch, Marks},
};
use crate::seal::KeyRing;

/// How long another replica's exchange is waited for: longer than almost every exchange takes, and short enough to bear.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often a store that fails is told to forget a user.
const FORGET_TRIES: u32 = 3;

/// How often a store that cannot be reached is told of a forgotten user.
const INSISTENCE: Duration = Duration::from_secs(30);

/// A token, and where it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Landed {
    /// Another replica, or an earlier run of this one, had it.
    Shared(Kept),
    /// This call has exchanged for it.
    Exchanged(Kept),
}

impl Landed {
    /// Returns the token, wherever it came from.
    #[must_use]
    pub fn into_kept(self) -> Kept {
        match self {
            Self::Shared(kept) | Self::Exchanged(kept) => kept,
        }
    }
}

/// Which of the tokens for a request will do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Any,
    LaterThan(UnixTime),
}

pub(super) struct Pool {
    pub(super) store: Guarded,
    pub(super) ring: KeyRing,
    pub(super) spent: Spent,
    pub(super) forgotten: Forgotten,
    clock: Arc<dyn Clock>,
}

/// What a look has shown.
struct Seen {
    /// What a token that is asked for now is stored with.
    epoch: Epoch,
    kept: Result<Kept, Lookup>,
}

/// How a request without a token goes on.
pub(super) enum Boarding {
    Landed(Kept),
    Exchange { role: Role, epoch: Option<Epoch>, lease: Option<Lease> },
}

impl Boarding {
    const fn alone(role: Role, epoch: Option<Epoch>) -> Self {
        Self::Exchange { role, epoch, lease: None }
    }
}

impl Pool {
    pub(super) fn new(store: Arc<dyn SharedStore>, ring: KeyRing, clock: Arc<dyn Clock>) -> Self {
        Self { store: Guarded::new(store, Duty::Cache), ring, spent: Spent::new(), forgotten: Forgotten::new(), clock }
    }

    pub(super) async fn find(&self, key: &SharedKey, user: &UserId, wanted: Wanted) -> Option<Kept> {
        count(self.look(key, user, wanted).await).ok()?.kept.ok()
    }

    pub(super) async fn fly<E, F>(
        &self,
        key: &SharedKey,
        user: &UserId,
        wanted: Wanted,
        exchange: impl FnOnce() -> F,
    ) -> Result<Landed, E>
    where
        F: Future<Output = Result<Kept, E>>,
    {
        let epoch = match count(self.look(key, user, wanted).await) {
            Ok(Seen { kept: Ok(kept), .. }) => return Ok(Landed::Shared(kept)),
            Ok(Seen { epoch, .. }) => Some(epoch),
            Err(_) => None,
        };
        let boarding = match epoch {
            Some(epoch) => self.board(key, user, wanted, epoch).await,
            None => Boarding::alone(Role::Alone, None),
        };
        match boarding {
            Boarding::Landed(kept) => {
                meter::flight(Role::Joined);
                Ok(Landed::Shared(kept))
            }
            Boarding::Exchange { role, epoch, lease } => {
                meter::flight(role);
                let outcome = self.exchange(key, epoch, exchange).await;
                // Also after a refusal: the others need not wait for what will not come.
                if let Some(lease) = lease {
                    lease.release(&self.store).await;
                }
                outcome.map(Landed::Exchanged)
            }
        }
    }

    /// Exchanges, and stores what comes of it for the epoch in which it was asked for.
    pub(super) async fn exchange<E, F>(
        &self,
        key: &SharedKey,
        epoch: Option<Epoch>,
        exchange: impl FnOnce() -> F,
    ) -> Result<Kept, E>
    where
        F: Future<Output = Result<Kept, E>>,
    {
        let kept = exchange().await?;
        if let Some(epoch) = epoch {
            self.keep(key, epoch, &kept).await;
        }
        Ok(kept)
    }

    pub(super) async fn epoch(&self, user: &UserId) -> Result<Epoch, StoreError> {
        Ok(self.epochs(user).await?.0)
    }

    /// Removes the entry if this token is in it.
    pub(super) async fn remove(&self, key: &SharedKey, spent: Fingerprint) {
        self.remove_if(key, |present| present == spent).await;
    }

    /// Removes the entry, and takes for spent what is in it.
    pub(super) async fn withdraw(&self, key: &SharedKey) {
        let spend = |present| {
            self.spent.note(key, present);
            true
        };
        self.remove_if(key, spend).await;
    }

    async fn remove_if(&self, key: &SharedKey, is_spent: impl FnOnce(Fingerprint) -> bool + Send) {
        let name = key.entry();
        let Ok(Some(sealed)) = self.store.get(&name).await else { return };
        let kept = Kept::peek(&self.ring, key, &sealed);
        if kept.is_some_and(|kept| is_spent(Fingerprint::of(kept.token().expose_secret()))) {
            // By its sealed text, which no other has: what a replica puts there meanwhile stays. A store that fails here
            // leaves the token to others, who will find out in the same way.
            let _ = self.store.remove(&name, sealed).await;
        }
    }

    pub(super) fn order_to_forget(&self, user: &UserId) -> u64 {
        self.forgotten.note(user, self.clock.now())
    }

    pub(super) async fn forget(&self, user: &UserId, order: u64) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let told = self.tell_forgotten(user, order).await;
            tries += 1;
            if told.is_ok() || tries == FORGET_TRIES {
                return told;
            }
            sleep(PAUSE).await;
        }
    }

    /// Tells a store that did not hear, as long as any order stands; one task does for all orders about a user.
    pub(super) async fn insist_on_forgetting(&self, user: &UserId) {
        let Some(mut duty) = self.forgotten.insist(user) else { return };
        while !duty.is_over() {
            sleep(INSISTENCE).await;
            if let Some(order) = self.forgotten.order(user) {
                // Whether it heard shows in the order.
                let _ = self.tell_forgotten(user, order).await;
            }
        }
    }

    pub(super) async fn tell_forgotten(&self, user: &UserId, order: u64) -> Result<(), StoreError> {
        Marks::of(user, &self.ring).renew(&self.store).await?;
        self.forgotten.settle(user, order);
        Ok(())
    }

    /// Takes the lease, or waits for who has it.
    pub(super) async fn board(&self, key: &SharedKey, user: &UserId, wanted: Wanted, epoch: Epoch) -> Boarding {
        let lease = Lease::of(key);
        match lease.take(&self.store).await {
            Ok(true) => {}
            Ok(false) => return self.wait(key, user, wanted, epoch, &lease).await,
            Err(_) => return Boarding::alone(Role::Alone, Some(epoch)),
        }
        // Between the look and the lease another may have had it, and left a token.
        match self.look(key, user, wanted).await {
            Ok(Seen { kept: Ok(kept), .. }) => {
                lease.release(&self.store).await;
                Boarding::Landed(kept)
            }
            Ok(Seen { epoch, .. }) => Boarding::Exchange { role: Role::Holder, epoch: Some(epoch), lease: Some(lease) },
            Err(_) => Boarding::alone(Role::Alone, Some(epoch)),
        }
    }

    async fn wait(&self, key: &SharedKey, user: &UserId, wanted: Wanted, epoch: Epoch, lease: &Lease) -> Boarding {
        let looking = async {
            loop {
                sleep(Lease::interval()).await;
                // The lease first: its holder leaves the token before it goes, so who sees no lease sees the token.
                let is_taken = lease.is_taken(&self.store).await?;
                let seen = self.look(key, user, wanted).await?;
                match seen.kept {
                    Ok(kept) => return Ok(Boarding::Landed(kept)),
                    Err(_) if is_taken => {}
                    Err(_) => return Ok::<_, StoreError>(Boarding::alone(Role::Left, Some(seen.epoch))),
                }
            }
        };
        match timeout(PATIENCE, looking).await {
            Ok(Ok(boarding)) => boarding,
            Ok(Err(_)) => Boarding::alone(Role::Alone, Some(epoch)),
            Err(_) => Boarding::alone(Role::Overdue, Some(epoch)),
        }
    }

    async fn look(&self, key: &SharedKey, user: &UserId, wanted: Wanted) -> Result<Seen, StoreError> {
        let name = key.entry();
        let (epochs, entry) = tokio::join!(self.epochs(user), self.store.get(&name));
        let (epoch, epochs) = epochs?;
        let sealed = match entry {
            Err(StoreError::Foreign) => Ok(Some(Bytes::new())),
            other => other,
        }?;
        let kept = sealed.ok_or(Lookup::Absent).and_then(|sealed| {
            let opened = Kept::open(&self.ring, key, &epochs, self.forgotten.void_until(), self.clock.now(), &sealed);
            let kept = opened.map_err(Lookup::Unusable)?;
            self.judge(key, wanted, kept)
        });
        Ok(Seen { epoch, kept })
    }

    fn judge(&self, key: &SharedKey, wanted: Wanted, kept: Kept) -> Result<Kept, Lookup> {
        match wanted {
            _ if self.spent.has(key, kept.token().expose_secret()) => Err(Lookup::Spent),
            Wanted::LaterThan(time) if kept.expires_at() <= time => Err(Lookup::Absent),
            _ => Ok(kept),
        }
    }

    /// The epoch for new tokens, and all that count.
    async fn epochs(&self, user: &UserId) -> Result<(Epoch, Vec<Epoch>), StoreError> {
        // The store was not told yet: until it is, everything of this user in it is void.
        if let Some(order) = self.forgotten.order(user) {
            self.tell_forgotten(user, order).await?;
        }
        Marks::of(user, &self.ring).read(&self.store).await
    }

    async fn keep(&self, key: &SharedKey, epoch: Epoch, kept: &Kept) {
        let now = self.clock.now();
        let life = now.until(kept.usable_until()).min(LONGEST_LIFE);
        if let Some(sealed) = kept.seal(&self.ring, key, epoch, now) {
            // Without it the others exchange by themselves; the failure is counted where it happened.
            let _ = self.store.put(&key.entry(), sealed.into(), life).await;
        }
    }
}

fn count(seen: Result<Seen, StoreError>) -> Result<Seen, StoreError> {
    meter::lookup(match &seen {
        Ok(Seen { kept: Ok(_), .. }) => Lookup::Hit,
        Ok(Seen { kept: Err(miss), .. }) => *miss,
        Err(_) => Lookup::Unknown,
    });
    seen
}
