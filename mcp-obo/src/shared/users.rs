//! Marks in the store that make everything of a user void at once, in every replica.
//!
//! A user's mark is random. A token is stored with the mark that stood when it was asked for, and is good only while that
//! mark stands. Forgetting a user puts another mark: nothing from before is taken any more, and neither is what a request
//! under way will bring. A mark that was lost, by eviction or its end, costs exchanges and revives nothing.

use std::{fmt, time::Duration};

use bytes::Bytes;
use mcp_auth_layer::principal::UserId;

use super::{guarded::Guarded, key, store::StoreError};
use crate::seal::{KeyRing, Purpose};

/// Long against a session, so that few tokens lose their mark; short against the memory that users who are gone take.
const MARK_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A mark's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch([u8; Self::LENGTH]);

impl Epoch {
    pub(super) const LENGTH: usize = 16;

    pub(super) const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    fn random() -> Self {
        let mut bytes = [0; Self::LENGTH];
        // aws-lc ends the process rather than return without entropy.
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system's random source works");
        Self(bytes)
    }

    fn value(self) -> Bytes {
        Bytes::copy_from_slice(&self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Epoch(..)")
    }
}

/// Where the marks of a user lie: one per key of the ring.
///
/// Per key, because the mark's name is a keyed digest: who reads the store must not be able to test it for users he knows.
#[derive(Debug)]
pub(super) struct Marks {
    sealing: String,
    others: Vec<String>,
}

impl Marks {
    pub(super) fn of(user: &UserId, ring: &KeyRing) -> Self {
        let (tenant, object) = (user.tenant().as_str(), user.object_id());
        let data = [&(tenant.len() as u64).to_be_bytes()[..], tenant.as_bytes(), object.as_bytes()].concat();
        let (sealing, others) = ring.names(Purpose::SharedUser, &data);
        Self { sealing: key::mark(&sealing), others: others.map(|digest| key::mark(&digest)).collect() }
    }

    /// Returns the epoch for new tokens, whose mark is made if there is none, and all epochs that count.
    pub(super) async fn read(&self, store: &Guarded) -> Result<(Epoch, Vec<Epoch>), StoreError> {
        let first = match read(store, &self.sealing).await? {
            Some(epoch) => epoch,
            None => make(store, &self.sealing).await?,
        };
        let mut epochs = vec![first];
        for name in &self.others {
            // A mark that is gone voids what an old key has sealed.
            epochs.extend(read(store, name).await?);
        }
        Ok((first, epochs))
    }

    /// Puts other marks: whatever was stored before, or asked for before, is void.
    pub(super) async fn renew(&self, store: &Guarded) -> Result<(), StoreError> {
        for name in std::iter::once(&self.sealing).chain(&self.others) {
            store.put(name, Epoch::random().value(), MARK_LIFE).await?;
        }
        Ok(())
    }
}

/// Makes a user's mark, unless another replica has just done so.
async fn make(store: &Guarded, name: &str) -> Result<Epoch, StoreError> {
    let epoch = Epoch::random();
    if store.put_new(name, epoch.value(), MARK_LIFE).await? {
        return Ok(epoch);
    }
    if let Some(other) = read(store, name).await? {
        return Ok(other);
    }
    // Something that is no mark, which must not keep the user without one.
    store.put(name, epoch.value(), MARK_LIFE).await.map(|()| epoch)
}

/// Reads a mark; a value of another kind or length is none.
async fn read(store: &Guarded, name: &str) -> Result<Option<Epoch>, StoreError> {
    match store.get(name).await {
        Ok(value) => Ok(value.and_then(|value| value.as_ref().try_into().ok()).map(Epoch)),
        Err(StoreError::Foreign) => Ok(None),
        Err(error) => Err(error),
    }
}
