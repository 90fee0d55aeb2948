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
async fn of_more_than_can_be_noted_nobody_is_served_from_before() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    world.fly(&one).await;
    // The store was told of none of them.
    let forget = |name: &str| drop(one.forget(&user(name)));
    (0..10_000).for_each(|number| forget(&number.to_string()));
    forget("alice");
    (0..10_000).for_each(|number| forget(&(10_000 + number).to_string()));
    assert_eq!(found(&one).await, None);
    assert_eq!(found(&other).await.unwrap(), "token-1", "the other was not reached");
    world.clock.advance(Duration::from_secs(361));
    assert_eq!(world.fly(&one).await, "token-2");
    assert_eq!(found(&one).await.unwrap(), "token-2", "what came afterwards is good");
}

#[tokio::test(start_paused = true)]
async fn nor_from_a_request_under_way_in_a_replica_whose_clock_is_ahead() {
    let world = World::new();
    let one = world.replica();
    let ahead = FixedClock::at(UnixTime::from_secs(NOW + 300));
    let other = Shared::new(world.store.clone(), world.ring.clone(), Arc::new(ahead.clone()));
    let takes = Duration::from_secs(20);
    let exchange = async || {
        let token = world.exchange(takes).await;
        world.clock.advance(takes);
        ahead.advance(takes);
        token
    };
    let (asked, alice) = (key("a"), user("alice"));
    let flight = other.flight(&asked, &alice, exchange);
    let (landed, ()) = tokio::join!(flight, async {
        tokio::time::sleep(takes / 2).await;
        (0..10_000).for_each(|number| drop(one.forget(&user(&number.to_string()))));
        drop(one.forget(&alice));
    });
    assert_eq!(text(&landed.unwrap().into_kept()), "token-1");
    assert_eq!(found(&one).await, None, "it was asked for before");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_old_keeps_nobody_from_being_noted() {
    let world = World::new();
    let one = world.replica();
    (0..10_000).for_each(|number| drop(one.forget(&user(&number.to_string()))));
    advance(Duration::from_secs(48 * 60 * 60)).await;
    world.fly(&one).await;
    drop(one.forget(&user("bob")));
    assert_eq!(found(&one).await.unwrap(), "token-1", "there was room for him, so nobody else is concerned");
}

#[test]
fn one_at_a_time_insists_and_leaves_no_order_to_nobody() {
    let (forgotten, now) = (spent::Forgotten::new(), UnixTime::from_secs(NOW));
    let (alice, first) = (user("alice"), forgotten.note(&user("alice"), now));
    let mut duty = forgotten.insist(&alice).unwrap();
    assert!(forgotten.insist(&alice).is_none(), "somebody has it");
    assert!(!duty.is_over());
    // A later order, whose giver has no runtime and tells nobody.
    let last = forgotten.note(&alice, now);
    forgotten.settle(&alice, first);
    assert!(!duty.is_over(), "it insists on that one, too");
    forgotten.settle(&alice, last);
    assert!(duty.is_over());
    let again = forgotten.insist(&alice).unwrap();
    drop(duty);
    assert!(forgotten.insist(&alice).is_none(), "the end of the first takes it from nobody");
    drop(again);
    assert!(forgotten.insist(&alice).is_some(), "a task that ends early gives it back");
}

#[tokio::test(start_paused = true)]
async fn an_order_stands_until_the_store_has_heard_it_or_nothing_from_before_is_alive() {
    let (forgotten, now) = (spent::Forgotten::new(), UnixTime::from_secs(NOW));
    let (first, last) = (forgotten.note(&user("alice"), now), forgotten.note(&user("alice"), now));
    forgotten.settle(&user("alice"), first);
    assert_eq!(forgotten.order(&user("alice")), Some(last));
    forgotten.settle(&user("alice"), last);
    assert_eq!(forgotten.order(&user("alice")), None);
    let bobs = forgotten.note(&user("bob"), now);
    assert_eq!(forgotten.order(&user("bob")), Some(bobs));
    advance(Duration::from_secs(48 * 60 * 60)).await;
    assert_eq!(forgotten.order(&user("bob")), None);
}

#[tokio::test(start_paused = true)]
async fn who_is_noted_already_needs_no_more_room() {
    let forgotten = spent::Forgotten::new();
    let note = |number: u32| forgotten.note(&user(&number.to_string()), UnixTime::from_secs(NOW));
    assert_eq!((0..10_000).map(note).max(), Some(10_000));
    assert_eq!(forgotten.order(&user("7")), Some(8));
    assert_eq!((note(7), forgotten.order(&user("7"))), (10_001, Some(10_001)));
    assert_eq!(forgotten.void_until(), UnixTime::from_secs(0), "nobody else is concerned");
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
