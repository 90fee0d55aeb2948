//! What lies in the store: times, under names that say nothing.
//!
//! While keys are changed, replicas have the same keys in another order, or one more or less (see [`seal`](crate::seal)). So a
//! record is written under every key, in an order in which all agree. Any two replicas have a key in common, and under that
//! one of the two is the first.

use std::{iter::once, time::Duration};

use aws_lc_rs::rand::fill;
use bytes::Bytes;
use mcp_auth_layer::clock::UnixTime;

use crate::{
    seal::{KeyRing, Purpose},
    shared::{self, Guarded, StoreError},
};

/// What a record is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About<'a> {
    /// The code that begins a family was redeemed.
    Code { family: &'a str },
    /// A refresh token was used.
    Use { family: &'a str, sequence: u64 },
    /// All refresh tokens of a family are void.
    Ended { family: &'a str },
    /// All sessions of a user that began before are over.
    Forgotten { tenant: &'a str, object_id: &'a str },
}

impl About<'_> {
    const fn kind(self) -> char {
        match self {
            Self::Code { .. } => 'c',
            Self::Use { .. } => 'r',
            Self::Ended { .. } => 'e',
            Self::Forgotten { .. } => 'f',
        }
    }

    /// Returns the names, sorted.
    fn names(self, ring: &KeyRing) -> Vec<String> {
        let kind = self.kind();
        let mut data = vec![kind as u8];
        let mut add = |part: &[u8]| {
            // With the length in front no two lists of parts make the same text.
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part);
        };
        match self {
            Self::Code { family } | Self::Ended { family } => add(family.as_bytes()),
            Self::Use { family, sequence } => {
                add(family.as_bytes());
                add(&sequence.to_be_bytes());
            }
            Self::Forgotten { tenant, object_id } => {
                add(tenant.as_bytes());
                add(object_id.as_bytes());
            }
        }
        let (first, others) = ring.names(Purpose::Ledger, &data);
        let mut names: Vec<_> = once(first).chain(others).map(|digest| shared::name(kind, &digest)).collect();
        names.sort_unstable();
        names
    }
}

/// A record of one's own: a time, and what makes it another value than any other replica's.
///
/// The time is not sealed: how long a record has yet to live tells as much, and whoever may write there could as well take a
/// record away.
#[derive(Clone, Debug)]
pub(super) struct Record {
    names: Vec<String>,
    value: Bytes,
}

const TIME: usize = 8;
const TAG: usize = 8;

impl Record {
    pub(super) fn new(ring: &KeyRing, about: About<'_>, time: UnixTime) -> Self {
        let mut value = [0; TIME + TAG];
        let (first, tag) = value.split_at_mut(TIME);
        first.copy_from_slice(&time.as_secs().to_be_bytes());
        // aws-lc ends the process rather than return without entropy.
        fill(tag).expect("the operating system's random source works");
        Self { names: about.names(ring), value: Bytes::copy_from_slice(&value) }
    }

    /// Puts it where there is none; tells whether this was the first.
    ///
    /// What it has put under other keys before it came upon another's goes again.
    pub(super) async fn claim(&self, store: &Guarded, life: Duration) -> Result<bool, StoreError> {
        for (place, name) in self.names.iter().enumerate() {
            if !store.put_new(name, self.value.clone(), life).await? {
                self.remove(store, &self.names[..place]).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts it, whatever is there.
    pub(super) async fn put(&self, store: &Guarded, life: Duration) -> Result<(), StoreError> {
        for name in &self.names {
            store.put(name, self.value.clone(), life).await?;
        }
        Ok(())
    }

    /// Takes it back, and nothing that another has put there.
    pub(super) async fn take_back(&self, store: &Guarded) -> Result<(), StoreError> {
        self.remove(store, &self.names).await
    }

    async fn remove(&self, store: &Guarded, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            store.remove(name, self.value.clone()).await?;
        }
        Ok(())
    }
}

/// Reads the times that were recorded, under whatever key.
pub(super) async fn read(store: &Guarded, ring: &KeyRing, about: About<'_>) -> Result<Vec<UnixTime>, StoreError> {
    let mut times = Vec::new();
    for name in about.names(ring) {
        if let Some(value) = store.get(&name).await? {
            // What no replica has put there is no record, and it does not mean that there is none.
            times.push(time(&value).ok_or(StoreError::Foreign)?);
        }
    }
    Ok(times)
}

fn time(value: &[u8]) -> Option<UnixTime> {
    let (time, _) = value.split_first_chunk::<TIME>().filter(|(_, tag)| tag.len() == TAG)?;
    Some(UnixTime::from_secs(u64::from_be_bytes(*time)))
}
