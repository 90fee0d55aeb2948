//! Replicas that share a store, and what becomes of them when it fails.

mod forgetting;
mod leases;
#[cfg(feature = "metrics")]
mod metered;
mod outages;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use mcp_auth_layer::{
    clock::{Clock, FixedClock, UnixTime},
    principal::UserId,
    tenant::TenantId,
};
use secrecy::ExposeSecret;

use super::*;
use crate::teststore::{self as store, Faulty};

const NOW: u64 = 1_800_000_000;

fn user(name: &str) -> UserId {
    UserId::new(TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap(), name)
}

fn key(assertion: &str) -> SharedKey {
    SharedKey::new(&KeyParts {
        authority: "https://login.example/token",
        tenant: "tenant",
        client_id: "client",
        assertion,
        scope: "api://x/.default",
        capabilities: &[],
    })
}

fn hour(token: &str) -> Kept {
    let at = |secs| UnixTime::from_secs(NOW + secs);
    Kept::new(token.into(), at(3_600), Duration::from_secs(3_600), at(3_300))
}

/// A store, and the ring and clock of those who share it.
struct World {
    store: Faulty,
    ring: KeyRing,
    clock: FixedClock,
    exchanges: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        let clock = FixedClock::at(UnixTime::from_secs(NOW));
        Self { store: Faulty::default(), ring: KeyRing::ephemeral(), clock, exchanges: Arc::default() }
    }

    fn replica(&self) -> Shared {
        self.replica_with(self.ring.clone())
    }

    fn replica_with(&self, ring: KeyRing) -> Shared {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Shared::new(self.store.clone(), ring, clock)
    }

    /// An exchange of alice that takes a while, is counted, and brings a token with its number.
    async fn exchange(&self, takes: Duration) -> Result<Kept, Infallible> {
        let number = self.exchanges.fetch_add(1, SeqCst) + 1;
        tokio::time::sleep(takes).await;
        Ok(hour(&format!("token-{number}")))
    }

    fn exchanges(&self) -> usize {
        self.exchanges.load(SeqCst)
    }

    /// Alice's flight in this replica, with an exchange of 100 ms.
    async fn fly(&self, replica: &Shared) -> String {
        let takes = Duration::from_millis(100);
        let Ok(landed) = replica.flight(&key("a"), &user("alice"), || self.exchange(takes)).await;
        text(&landed.into_kept())
    }
}

fn text(kept: &Kept) -> String {
    kept.token().expose_secret().to_owned()
}

/// As a process that ends in the middle of an exchange.
async fn take_the_lease_and_die(replica: &Shared) {
    let (key, alice) = (key("a"), user("alice"));
    let flight = replica.flight(&key, &alice, std::future::pending::<Result<Kept, Infallible>>);
    assert!(tokio::time::timeout(Duration::from_millis(1), flight).await.is_err());
}

async fn found(replica: &Shared) -> Option<String> {
    replica.find(&key("a"), &user("alice")).await.as_ref().map(text)
}

#[tokio::test(start_paused = true)]
async fn one_replicas_token_serves_the_others() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    assert_eq!(found(&one).await, None);
    assert_eq!(world.fly(&one).await, "token-1");
    assert_eq!(world.fly(&other).await, "token-1");
    assert_eq!(found(&other).await.unwrap(), "token-1");
    assert_eq!(world.exchanges(), 1);
    // Another assertion, or another user with the same one, is another matter.
    assert!(other.find(&key("b"), &user("alice")).await.is_none());
    assert!(other.find(&key("a"), &user("bob")).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_shared_until_it_may_be_used_no_more() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    world.clock.advance(Duration::from_secs(3_299));
    assert!(found(&replica).await.is_some());
    world.clock.advance(Duration::from_secs(1));
    assert!(found(&replica).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_entry_leaves_the_store_when_the_token_may_be_used_no_more() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    tokio::time::advance(Duration::from_secs(3_299)).await;
    assert!(found(&replica).await.is_some());
    tokio::time::advance(Duration::from_secs(1)).await;
    // The wall clock stands still in this test; only the store has let go of it.
    assert!(found(&replica).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_never_reads_and_takes_the_place_of_what_was_there() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    world.fly(&one).await;
    let Ok(kept) = one.renew(&key("a"), &user("alice"), || world.exchange(Duration::ZERO)).await;
    assert_eq!(text(&kept), "token-2");
    assert_eq!(found(&other).await.unwrap(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_takes_another_replicas_newer_token_and_no_older_one() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    let at = |secs| UnixTime::from_secs(NOW + secs);
    let refresh = async |later_than| {
        replica.refresh(&key("a"), &user("alice"), later_than, || world.exchange(Duration::ZERO)).await
    };
    assert!(matches!(refresh(at(3_599)).await, Ok(Landed::Shared(kept)) if text(&kept) == "token-1"));
    assert!(matches!(refresh(at(3_600)).await, Ok(Landed::Exchanged(kept)) if text(&kept) == "token-2"));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_taken_from_all_and_a_newer_one_from_nobody() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    world.fly(&one).await;
    one.reject(&key("a"), "token-1").await;
    assert_eq!(found(&other).await, None);
    assert_eq!(world.fly(&one).await, "token-2");
    other.reject(&key("a"), "token-1").await;
    assert_eq!(found(&one).await.unwrap(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_ring_with_a_new_first_key_reads_what_the_old_one_wrote() {
    let key = |byte: u8| {
        use base64::prelude::*;
        BASE64_STANDARD.encode(std::array::from_fn::<u8, 32, _>(|place| byte ^ place as u8))
    };
    let ring = |keys: &[u8]| KeyRing::parse(&keys.iter().map(|byte| key(*byte)).collect::<Vec<_>>().join(",")).unwrap();
    let world = World::new();
    let [old, rotating, rotated] = [&[1][..], &[2, 1], &[2]].map(|keys| world.replica_with(ring(keys)));
    world.fly(&old).await;
    assert_eq!(found(&rotating).await.unwrap(), "token-1", "the old key opens");
    assert_eq!(found(&rotated).await, None, "the old key is gone");
    assert_eq!(world.fly(&rotated).await, "token-2");
    assert_eq!(found(&rotating).await.unwrap(), "token-2", "the new key opens");
}

#[test]
fn debug_shows_no_secret() {
    let world = World::new();
    let shown = format!("{:?} {:?} {:?}", world.replica(), hour("hunter2"), key("hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("KeyRing { keys: 1, .. }"), "{shown}");
}
