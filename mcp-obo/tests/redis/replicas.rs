//! Replicas of a service, and the exchanges that they make.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use mcp_auth_layer::{
    clock::{FixedClock, UnixTime},
    principal::UserId,
    tenant::TenantId,
};
use mcp_obo::{
    KeyRing, RedisStore,
    shared::{Kept, KeyParts, Landed, Shared, SharedKey},
};
use secrecy::ExposeSecret;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
pub(crate) const CLIENT: &str = "5f1c2f6e-6f0d-4b52-a6a4-93b8b7e0c0de";
pub(crate) const OBJECT: &str = "2c9d1a40-7be1-4d0f-9f0e-3f5a0c6b7d21";

/// Long enough for an exchange to be waited for.
pub(crate) const EXCHANGE: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) struct Service {
    ring: KeyRing,
    exchanges: Arc<AtomicUsize>,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::with_ring(KeyRing::ephemeral())
    }

    pub(crate) fn with_ring(ring: KeyRing) -> Self {
        Self { ring, exchanges: Arc::default() }
    }

    /// A replica with a connection of its own.
    pub(crate) fn replica(&self, url: &str) -> Shared {
        self.replica_on(RedisStore::connect(url).unwrap())
    }

    pub(crate) fn replica_on(&self, store: RedisStore) -> Shared {
        let clock = Arc::new(FixedClock::at(UnixTime::from_secs(NOW)));
        Shared::new(store, self.ring.clone(), clock)
    }

    pub(crate) fn exchanges(&self) -> usize {
        self.exchanges.load(SeqCst)
    }

    /// The token for this assertion, wherever it comes from.
    pub(crate) async fn token(&self, replica: &Shared, assertion: &str) -> String {
        let exchange = async || {
            let number = self.exchanges.fetch_add(1, SeqCst) + 1;
            tokio::time::sleep(EXCHANGE).await;
            Ok::<_, Infallible>(hour(&format!("header.payload-{number}.signature")))
        };
        let Ok(landed) = replica.flight(&key(assertion), &user(), exchange).await;
        text(&landed.into_kept())
    }

    /// Whether the token for this assertion came from the store.
    pub(crate) async fn is_shared(&self, replica: &Shared, assertion: &str) -> bool {
        let exchange = async || Ok::<_, Infallible>(hour("another"));
        matches!(replica.flight(&key(assertion), &user(), exchange).await, Ok(Landed::Shared(_)))
    }
}

pub(crate) fn user() -> UserId {
    UserId::new(TenantId::parse(TENANT).unwrap(), OBJECT)
}

pub(crate) fn key(assertion: &str) -> SharedKey {
    SharedKey::new(&KeyParts {
        authority: "https://login.microsoftonline.com/token",
        tenant: TENANT,
        client_id: CLIENT,
        assertion,
        scope: "https://graph.microsoft.com/.default",
        capabilities: &[],
    })
}

pub(crate) fn hour(token: &str) -> Kept {
    let at = |secs| UnixTime::from_secs(NOW + secs);
    Kept::new(token.into(), at(3_600), Duration::from_secs(3_600), at(3_300))
}

pub(crate) fn text(kept: &Kept) -> String {
    kept.token().expose_secret().to_owned()
}
