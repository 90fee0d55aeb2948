//! A user who is forgotten is forgotten by all.

use tokio::time::advance;

use super::{
    store::Mood::{Down, Well},
    *,
};

#[tokio::test(start_paused = true)]
async fn what_was_stored_before_is_served_by_no_replica_afterwards() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    world.fly(&one).await;
    let Ok(_) = one.flight(&key("b"), &user("bob"), || world.exchange(Duration::ZERO)).await;
    one.forget(&user("alice")).await.unwrap();
    for replica in [&one, &other] {
        assert_eq!(found(replica).await, None);
        assert!(replica.find(&key("b"), &user("bob")).await.is_some(), "nobody else is");
    }
    assert_eq!(world.fly(&other).await, "token-3");
    assert_eq!(found(&one).await.unwrap(), "token-3");
}

#[tokio::test(start_paused = true)]
async fn what_a_request_under_way_brings_is_void() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    let (token, forgotten) = tokio::join!(world.fly(&one), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.forget(&user("alice")).await
    });
    forgotten.unwrap();
    assert_eq!(token, "token-1", "it was asked for before");
    assert_eq!(found(&one).await, None);
    assert_eq!(found(&other).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_is_lost_revives_nothing() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    replica.forget(&user("alice")).await.unwrap();
    let (sealing, _) = world.ring.names(crate::seal::Purpose::SharedUser, &mark_data());
    let mark = key::mark(&sealing);
    let value = world.store.values.get(&mark).await.unwrap().expect("the mark lies where it is looked for");
    assert!(world.store.values.remove(&mark, value).await.unwrap());
    assert_eq!(found(&replica).await, None);
}

fn mark_data() -> Vec<u8> {
    let tenant = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    [&(tenant.len() as u64).to_be_bytes()[..], tenant.as_bytes(), b"alice"].concat()
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_is_garbage_is_replaced() {
    let world = World::new();
    let replica = world.replica();
    let (sealing, _) = world.ring.names(crate::seal::Purpose::SharedUser, &mark_data());
    let store = &world.store.values;
    store.put(&key::mark(&sealing), bytes::Bytes::from_static(b"hello"), Duration::from_secs(60)).await.unwrap();
    world.fly(&replica).await;
    assert_eq!(found(&replica).await.unwrap(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_told_is_told_before_it_is_believed() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    world.fly(&one).await;
    world.store.turn(Down);
    let told = one.forget(&user("alice"));
    assert!(told.await.is_err(), "the caller hears that others may still serve it");

    world.store.turn(Well);
    advance(Duration::from_secs(1)).await;
    assert_eq!(found(&other).await.unwrap(), "token-1", "the other was not reached");
    assert_eq!(found(&one).await, None);
    assert_eq!(found(&other).await, None, "now it was");
    world.fly(&other).await;
    assert_eq!(found(&one).await.unwrap(), "token-2", "told once, not every time");
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_is_outlasted() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    world.fly(&one).await;
    world.store.turn(Down);
    let (told, ()) = tokio::join!(one.forget(&user("alice")), async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        world.store.turn(Well);
    });
    told.unwrap();
    assert_eq!(found(&other).await, None);
}

#[tokio::test(start_paused = true)]
async fn replicas_in_the_middle_of_a_key_change_forget_together() {
    use base64::prelude::*;
    let key = |byte: u8| BASE64_STANDARD.encode(std::array::from_fn::<u8, 32, _>(|place| byte ^ place as u8));
    let world = World::new();
    let ring = |list: String| world.replica_with(KeyRing::parse(&list).unwrap());
    // The documented order: first behind, then in front.
    let (before, after) = (ring(format!("{},{}", key(1), key(2))), ring(format!("{},{}", key(2), key(1))));
    for (writer, forgetter) in [(&before, &after), (&after, &before)] {
        let token = world.fly(writer).await;
        assert_eq!(found(forgetter).await.unwrap(), token);
        forgetter.forget(&user("alice")).await.unwrap();
        assert_eq!((found(writer).await, found(forgetter).await), (None, None));
    }
}
