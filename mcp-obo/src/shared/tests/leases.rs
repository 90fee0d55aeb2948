//! One exchange for all replicas.

use tokio::{task::JoinSet, time::Instant};

use super::{
    guarded::{Duty, Guarded},
    *,
};

#[tokio::test(start_paused = true)]
async fn twenty_cold_replicas_make_one_exchange() {
    let world = Arc::new(World::new());
    let mut flights = JoinSet::new();
    for _ in 0..20 {
        let world = Arc::clone(&world);
        flights.spawn(async move { world.fly(&world.replica()).await });
    }
    let begun = Instant::now();
    let tokens = flights.join_all().await;
    assert_eq!(tokens, ["token-1"; 20]);
    assert_eq!(world.exchanges(), 1);
    assert!(begun.elapsed() <= Duration::from_millis(100 + 150), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_dies_costs_the_others_their_patience_once() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    take_the_lease_and_die(&one).await;

    let begun = Instant::now();
    assert_eq!(world.fly(&other).await, "token-1");
    assert_eq!(begun.elapsed(), Duration::from_millis(3_000 + 100));
    assert_eq!(world.fly(&one).await, "token-1");
    assert_eq!(world.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_nobody_elses_and_wakes_those_who_wait() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    let (key, alice) = (key("a"), user("alice"));
    let refused = one.flight(&key, &alice, || async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Err::<Kept, _>("refused")
    });
    let begun = Instant::now();
    let (refused, token) = tokio::join!(refused, async {
        tokio::task::yield_now().await;
        world.fly(&other).await
    });
    assert_eq!(refused.unwrap_err(), "refused");
    assert_eq!(token, "token-1");
    assert!(begun.elapsed() <= Duration::from_millis(100 + 150 + 100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_gets_the_lease_late_finds_the_token_that_was_left() {
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    // As between a look that found nothing and the lease.
    let epoch = replica.0.epoch(&user("alice")).await.unwrap();
    let boarding = replica.0.board(&key("a"), &user("alice"), Wanted::Any, epoch).await;
    assert!(matches!(boarding, flight::Boarding::Landed(kept) if text(&kept) == "token-1"));
    let lease = world.store.values.get(&key("a").lease()).await.unwrap();
    assert!(lease.is_none(), "it is given back");
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_back_a_lease_that_has_passed_on() {
    let world = World::new();
    let store = Guarded::new(Arc::new(world.store.clone()), Duty::Cache);
    let (one, other) = (lease::Lease::of(&key("a")), lease::Lease::of(&key("a")));
    assert!(one.take(&store).await.unwrap());
    assert!(!other.take(&store).await.unwrap());
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(other.take(&store).await.unwrap());
    one.release(&store).await;
    assert!(other.is_taken(&store).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_outlasts_the_others_patience_stops_nobody() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    let (key, alice) = (key("a"), user("alice"));
    let slow = one.flight(&key, &alice, || world.exchange(Duration::from_secs(60)));
    let (slow, quick) = tokio::join!(slow, async {
        tokio::task::yield_now().await;
        world.fly(&other).await
    });
    let Ok(slow) = slow;
    assert_eq!((text(&slow.into_kept()), quick), ("token-1".into(), "token-2".into()));
}
