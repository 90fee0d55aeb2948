//! What a store that fails costs.

use tokio::time::{Instant, advance};

use super::{
    store::Mood::{Down, Full, Hung, Odd, Well},
    *,
};
use crate::testlog;

#[tokio::test(start_paused = true)]
async fn no_mood_of_the_store_fails_a_request() {
    for mood in [Down, Hung, Full, Odd] {
        let world = World::new();
        let replica = world.replica();
        world.store.turn(mood);
        for number in 1..=3 {
            assert_eq!(world.fly(&replica).await, format!("token-{number}"), "{mood:?}");
        }
        world.store.turn(Well);
        advance(Duration::from_secs(1)).await;
        let token = world.fly(&replica).await;
        assert_eq!(found(&world.replica()).await, Some(token), "{mood:?}: shared again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hung_store_costs_one_request_a_second_a_quarter_of_one() {
    let world = World::new();
    let replica = world.replica();
    world.store.turn(Hung);
    let took = async || {
        let begun = Instant::now();
        world.fly(&replica).await;
        begun.elapsed().as_millis()
    };
    // The first one asks for mark and entry at once.
    assert_eq!(took().await, 250 + 100);
    assert_eq!(world.store.asked(), 2);
    assert_eq!([took().await, took().await], [100, 100]);
    assert_eq!(world.store.asked(), 0);
    assert!(!replica.is_up());
    advance(Duration::from_millis(800)).await;
    assert_eq!(took().await, 250 + 100);
    assert_eq!(world.store.asked(), 1, "the first one after a pause goes alone");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_at_any_later_step_costs_no_more() {
    for step in 1..=6 {
        let world = World::new();
        let replica = world.replica();
        let begun = Instant::now();
        let flight = world.fly(&replica);
        tokio::pin!(flight);
        let hang = async {
            // Every step of a cold flight is one or two operations.
            while world.store.asked_so_far() < step {
                tokio::task::yield_now().await;
            }
            world.store.turn(Hung);
        };
        let (token, ()) = tokio::join!(flight, hang);
        assert_eq!(token, "token-1", "after {step}");
        assert!(begun.elapsed() <= Duration::from_millis(250 + 100 + 250), "after {step}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_store_fails() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    take_the_lease_and_die(&one).await;
    let begun = Instant::now();
    let (token, ()) = tokio::join!(world.fly(&other), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.store.turn(Down);
    });
    assert_eq!(token, "token-1");
    assert!(begun.elapsed() <= Duration::from_millis(500 + 150 + 100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_when_it_begins_and_when_it_ends() {
    testlog::begin();
    let world = World::new();
    let replica = world.replica();
    world.store.turn(Down);
    for _ in 0..100 {
        world.fly(&replica).await;
    }
    world.store.turn(Well);
    for _ in 0..200 {
        world.fly(&replica).await;
        advance(Duration::from_millis(100)).await;
    }
    let log = testlog::logged();
    assert_eq!(log.matches("the shared token cache fails").count(), 1, "{log}");
    assert_eq!(log.matches("the shared token cache works again").count(), 1, "{log}");
    assert!(log.contains("refused"), "{log}");
    assert!(!log.contains("token-"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_not_taken_again_from_a_store_that_kept_it() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    world.store.turn(Down);
    replica.reject(&key("a"), "token-1").await;
    world.store.turn(Well);
    advance(Duration::from_secs(1)).await;
    assert_eq!(found(&replica).await, None);
    assert_eq!(world.fly(&replica).await, "token-2");
    assert_eq!(found(&replica).await.unwrap(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn of_several_tokens_that_were_rejected_in_an_outage_none_is_taken_again() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    world.store.turn(Down);
    for number in 1..=3 {
        replica.reject(&key("a"), &format!("token-{number}")).await;
        assert_eq!(world.fly(&replica).await, format!("token-{}", number + 1), "the store has none of these");
    }
    world.store.turn(Well);
    advance(Duration::from_secs(1)).await;
    assert_eq!(found(&replica).await, None, "the first one lies there");
}

#[test]
fn of_more_rejected_tokens_than_are_known_the_last_ones_are() {
    let (spent, asked) = (spent::Spent::new(), key("a"));
    for number in 0..20_000 {
        spent.note(&asked, Fingerprint::of(&format!("token-{number}")));
    }
    for number in [10_500, 15_000, 19_999] {
        assert!(spent.has(&asked, &format!("token-{number}")), "{number}");
    }
    assert!(!spent.has(&asked, "token-0"));
}

#[tokio::test(start_paused = true)]
async fn garbage_in_the_store_is_a_miss_that_is_written_over() {
    let world = World::new();
    let replica = world.replica();
    let values = &world.store.values;
    let sealed = {
        world.fly(&replica).await;
        values.get(&key("a").entry()).await.unwrap().unwrap()
    };
    for (name, garbage) in [
        ("nothing", Vec::new()),
        ("text", b"hello".to_vec()),
        ("a changed byte", [&sealed[..sealed.len() - 1], &[!sealed[sealed.len() - 1]]].concat()),
        ("a megabyte", vec![7; 1 << 20]),
    ] {
        values.put(&key("a").entry(), garbage.into(), Duration::from_secs(60)).await.unwrap();
        assert_eq!(found(&replica).await, None, "{name}");
        let before = world.exchanges();
        let token = world.fly(&replica).await;
        assert_eq!(world.exchanges(), before + 1, "{name}");
        assert_eq!(found(&replica).await.unwrap(), token, "{name}");
    }
}
