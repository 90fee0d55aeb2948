//! What is counted.

use std::{
    collections::BTreeMap,
    sync::{Mutex, atomic::AtomicU64},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::{store::Mood, *};

/// Keeps what a test counts.
#[derive(Debug, Default)]
struct Counts(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Counts {
    fn of(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).map_or(0, |count| count.load(SeqCst))
    }

    fn cell(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

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
