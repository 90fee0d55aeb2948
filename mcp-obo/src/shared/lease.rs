//! The right to exchange for all replicas.

use std::time::Duration;

use bytes::Bytes;

use super::{guarded::Guarded, key::SharedKey, store::StoreError};

/// Longer than an exchange that is not lost, so that the lease outlives it; whoever waits has its own, shorter bound.
const LIFE: Duration = Duration::from_secs(10);

pub(super) struct Lease {
    name: String,
    /// Random, so that nobody gives back a lease that has passed to another.
    owner: [u8; 16],
}

impl Lease {
    pub(super) fn of(key: &SharedKey) -> Self {
        let mut owner = [0; 16];
        // aws-lc ends the process rather than return without entropy.
        aws_lc_rs::rand::fill(&mut owner).expect("the operating system's random source works");
        Self { name: key.lease(), owner }
    }

    pub(super) async fn take(&self, store: &Guarded) -> Result<bool, StoreError> {
        store.put_new(&self.name, self.value(), LIFE).await
    }

    pub(super) async fn is_taken(&self, store: &Guarded) -> Result<bool, StoreError> {
        Ok(store.get(&self.name).await?.is_some())
    }

    pub(super) async fn release(self, store: &Guarded) {
        // If it fails the lease ends by itself.
        let _ = store.remove(&self.name, self.value()).await;
    }

    /// How long to wait before looking again: 50 to 150 ms, so that replicas that began together do not look together.
    pub(super) fn interval() -> Duration {
        let mut random = [0];
        // Without chance the middle will do.
        let chance = aws_lc_rs::rand::fill(&mut random).map_or(128, |()| random[0]);
        Duration::from_millis(50 + u64::from(chance) * 100 / 255)
    }

    fn value(&self) -> Bytes {
        Bytes::copy_from_slice(&self.owner)
    }
}
