//! What is counted.

use super::{store::Mood, *};
use crate::testmeter::Counts;

#[tokio::test(start_paused = true)]
async fn hits_misses_garbage_and_failures_are_counted_apart() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let world = World::new();
    let replica = world.replica();
    world.fly(&replica).await;
    world.fly(&replica).await;
    let entry = key("a").entry();
    world.store.values.put(&entry, bytes::Bytes::from_static(b"x"), Duration::from_secs(9)).await.unwrap();
    found(&replica).await;
    world.fly(&replica).await;
    replica.forget(&user("alice")).await.unwrap();
    found(&replica).await;
    world.store.turn(Mood::Down);
    found(&replica).await;
    world.fly(&replica).await;
    for (name, count) in [
        ("mcp_obo_shared_lookups_total{result=absent}", 1),
        ("mcp_obo_shared_lookups_total{result=hit}", 1),
        ("mcp_obo_shared_lookups_total{result=garbage}", 2),
        ("mcp_obo_shared_lookups_total{result=forgotten}", 1),
        ("mcp_obo_shared_lookups_total{result=unknown}", 2),
        ("mcp_obo_shared_flights_total{role=holder}", 2),
        ("mcp_obo_shared_flights_total{role=alone}", 1),
        ("mcp_obo_shared_operations_total{result=unreachable}", 1),
        ("mcp_obo_shared_operations_total{result=paused}", 3),
        ("mcp_obo_shared_up{}", 0.0_f64.to_bits()),
    ] {
        assert_eq!(counts.of(name), count, "{name}: {counts:?}");
    }
}
