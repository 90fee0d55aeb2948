//! Several replicas behind one store: what one has exchanged, the others have.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::{
    BoxFuture,
    shared::{MemoryStore, StoreError},
    testlog,
    testtenant::{CLAIMS, refused},
};

fn ring() -> KeyRing {
    KeyRing::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

/// Replicas of one service, each with a memory of its own.
fn replicas(tenant: &Tenant, count: usize) -> Vec<Exchange> {
    let store = MemoryStore::default();
    (0..count).map(|_| tenant.exchange().with_shared(store.clone(), ring())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_one_replica_has_exchanged_the_others_have() {
    let tenant = Tenant::granting();
    let replicas = replicas(&tenant, 3);
    let (alice, again, bob) = (tenant.user("alice").await, tenant.user("alice").await, tenant.user("bob").await);
    for _ in 0..2 {
        for replica in &replicas {
            for (number, user) in [&alice, &again, &bob].into_iter().enumerate() {
                let token = replica.token(user, &graph()).await.unwrap();
                assert_eq!(token.expose_secret(), token_text(number));
                assert_eq!(token.expires_at().as_secs(), NOW + LIFE);
            }
        }
    }
    assert_eq!(tenant.exchanges(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_of_twenty_replicas_is_one_exchange() {
    let tenant = Tenant::answering_after(Duration::from_millis(300), |call| granted(call.number));
    let alice = tenant.user("alice").await;
    let calls: Vec<_> = replicas(&tenant, 20)
        .into_iter()
        .flat_map(|replica| std::iter::repeat_n(replica, 5))
        .map(|replica| {
            let alice = alice.clone();
            tokio::spawn(async move { replica.token(&alice, &graph()).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().expose_secret(), token_text(0));
    }
    assert_eq!(tenant.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_api_refused_is_nobodys_any_more() {
    let tenant = Tenant::granting();
    let [one, other] = &replicas(&tenant, 2)[..] else { unreachable!() };
    let alice = tenant.user("alice").await;
    let spent = one.token(&alice, &graph()).await.unwrap();
    one.invalidate(&alice, &graph(), &spent);
    assert_eq!(one.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    // A late report of the same spent token takes nothing from anybody.
    other.invalidate(&alice, &graph(), &spent);
    settle().await;
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_claims_request_is_answered_by_entra_and_its_token_shared() {
    let tenant = Tenant::granting();
    let [one, other] = &replicas(&tenant, 2)[..] else { unreachable!() };
    let alice = tenant.user("alice").await;
    one.token(&alice, &graph()).await.unwrap();
    assert_eq!(one.token_with_claims(&alice, &graph(), CLAIMS).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_user_has_nothing_in_the_store() {
    let tenant = Tenant::granting();
    let [one, other] = &replicas(&tenant, 2)[..] else { unreachable!() };
    let (alice, bob) = (tenant.user("alice").await, tenant.user("bob").await);
    for user in [&alice, &bob] {
        one.token(user, &graph()).await.unwrap();
    }
    one.forget_user(&user_id("alice"));
    settle().await;
    assert_eq!(other.token(&bob, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(2));
    assert_eq!(one.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(2));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_shared_and_ends_the_shared_token_of_a_renewal() {
    let tenant = Tenant::answering(|call| {
        let revoked = refused("invalid_grant", 50_173, json!({}));
        Box::pin(ready(if call.number == 0 { granted(0) } else { revoked }))
    });
    let [one, other] = &replicas(&tenant, 2)[..] else { unreachable!() };
    let alice = tenant.verified(json!({"oid": "alice", "scp": "access_as_user", "exp": NOW + 2 * LIFE})).await;
    one.token(&alice, &graph()).await.unwrap();
    tenant.clock.advance(Duration::from_secs(LIFE - 600));
    one.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(one.token(&alice, &graph()).await.unwrap_err().kind(), AssertionRefused);
    assert_eq!(other.token(&alice, &graph()).await.unwrap_err().kind(), AssertionRefused, "it asked for itself");
    assert_eq!(tenant.exchanges(), 3);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_shared_by_the_same_client_alone() {
    let tenant = Tenant::granting();
    let store = MemoryStore::default();
    let alice = tenant.user("alice").await;
    let plain = tenant.exchange().with_shared(store.clone(), ring());
    let capable = tenant.exchange().with_client_capabilities(&["cp1"]).with_shared(store.clone(), ring());
    let other_ring = tenant.exchange().with_shared(store.clone(), KeyRing::ephemeral());
    for (number, exchange) in [&plain, &capable, &other_ring].into_iter().enumerate() {
        assert_eq!(exchange.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(number));
    }
}

/// A store that hangs.
#[derive(Debug)]
struct Hung;

impl SharedStore for Hung {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        Box::pin(pending())
    }

    fn put<'a>(&'a self, _: &'a str, _: Bytes, _: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(pending())
    }

    fn put_new<'a>(&'a self, _: &'a str, _: Bytes, _: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(pending())
    }

    fn remove<'a>(&'a self, _: &'a str, _: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_costs_the_first_caller_a_moment_and_the_others_nothing() {
    let tenant = Tenant::granting();
    let exchange = tenant.exchange().with_shared(Hung, ring());
    assert_eq!(exchange.is_shared_store_up(), Some(true), "it was not asked yet");
    for (number, longest) in [(0, 250), (1, 0), (2, 0)] {
        let user = tenant.user(&number.to_string()).await;
        let begun = tokio::time::Instant::now();
        assert_eq!(exchange.token(&user, &graph()).await.unwrap().expose_secret(), token_text(number));
        assert!(begun.elapsed().as_millis() <= longest + 5, "{number}: {:?}", begun.elapsed());
    }
    assert_eq!(exchange.is_shared_store_up(), Some(false));
    assert_eq!(tenant.exchange().is_shared_store_up(), None);
}

/// A store that cannot be reached while it is down.
#[derive(Clone, Debug, Default)]
struct Mortal {
    values: MemoryStore,
    is_down: Arc<AtomicBool>,
}

impl Mortal {
    fn alive<'a, T: Send + 'a>(
        &self,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if self.is_down.load(SeqCst) { Box::pin(ready(Err(StoreError::Unreachable("down".into())))) } else { answer }
    }
}

impl SharedStore for Mortal {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        self.alive(self.values.get(name))
    }

    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        self.alive(self.values.put(name, value, life))
    }

    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.alive(self.values.put_new(name, value, life))
    }

    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.alive(self.values.remove(name, value))
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_was_down_is_told_of_a_forgotten_user_when_it_is_back() {
    let tenant = Tenant::granting();
    let store = Mortal::default();
    let [one, other] = [(); 2].map(|()| tenant.exchange().with_shared(store.clone(), ring()));
    let alice = tenant.user("alice").await;
    one.token(&alice, &graph()).await.unwrap();
    store.is_down.store(true, SeqCst);
    one.forget_user(&user_id("alice"));
    tokio::time::sleep(Duration::from_secs(600)).await;
    store.is_down.store(false, SeqCst);
    tokio::time::sleep(Duration::from_secs(60)).await;
    // Nobody has asked the replica that was told; and whoever asks the other is not served from before.
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(one.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1), "and is told once");
}

#[tokio::test(start_paused = true)]
async fn a_refused_renewal_ends_whatever_token_is_shared() {
    let tenant = Tenant::answering(|call| {
        let revoked = refused("invalid_grant", 50_173, json!({}));
        Box::pin(ready(if call.number < 2 { granted(call.number) } else { revoked }))
    });
    let store = Mortal::default();
    let [one, other] = [(); 2].map(|()| tenant.exchange().with_shared(store.clone(), ring()));
    let alice = tenant.verified(json!({"oid": "alice", "scp": "access_as_user", "exp": NOW + 2 * LIFE})).await;
    store.is_down.store(true, SeqCst);
    assert_eq!(one.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(0));
    store.is_down.store(false, SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1), "this one is shared");
    tenant.clock.advance(Duration::from_secs(LIFE - 600));
    one.token(&alice, &graph()).await.unwrap();
    settle().await;
    assert_eq!(one.token(&alice, &graph()).await.unwrap_err().kind(), AssertionRefused);
    // Also when the refusal is no longer remembered.
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(one.token(&alice, &graph()).await.unwrap_err().kind(), AssertionRefused);
    assert_eq!(tenant.exchanges(), 4);
}

#[tokio::test]
async fn that_nobody_tells_the_store_is_said() {
    let tenant = Tenant::granting();
    let [one, other] = &replicas(&tenant, 2)[..] else { unreachable!() };
    let alice = tenant.user("alice").await;
    one.token(&alice, &graph()).await.unwrap();
    let forgetter = one.clone();
    let forgetting = std::thread::spawn(move || {
        testlog::begin();
        forgetter.forget_user(&user_id("alice"));
        testlog::logged()
    });
    let log = forgetting.join().unwrap();
    assert!(log.contains("the shared store is not told of a forgotten user"), "{log}");
    // The store hears with her next request here.
    assert_eq!(one.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
    assert_eq!(other.token(&alice, &graph()).await.unwrap().expose_secret(), token_text(1));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_forgotten_again_and_again_in_an_outage_makes_no_crowd() {
    let tenant = Tenant::granting();
    let store = Mortal::default();
    let exchange = tenant.exchange().with_shared(store.clone(), ring());
    store.is_down.store(true, SeqCst);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..50 {
        exchange.forget_user(&user_id("alice"));
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tasks() - before, 1, "one insists for all");
    store.is_down.store(false, SeqCst);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tasks(), before, "until the store has heard");
}
