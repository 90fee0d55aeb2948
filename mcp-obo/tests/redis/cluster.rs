//! A cluster, if only of one node.

use std::time::{Duration, Instant};

use local_redis::Server;

use crate::replicas::Service;

fn cluster() -> Option<Server> {
    let redis = Server::start(&["--cluster-enabled", "yes"])?;
    join(&redis);
    Some(redis)
}

fn join(redis: &Server) {
    let added = redis.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    assert!(added == "OK" || added.contains("already busy"), "{added}");
    let begun = Instant::now();
    while !redis.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn replicas_share_through_a_cluster_and_outlive_it() {
    let Some(mut redis) = cluster() else { return };
    let url = format!("redis+cluster://127.0.0.1:{}", redis.port());
    let service = Service::new();
    let (one, other) = (service.replica(&url), service.replica(&url));
    let token = service.token(&one, "a").await;
    assert_eq!(service.token(&other, "a").await, token);
    assert_eq!(service.exchanges(), 1);

    redis.kill();
    for _ in 0..3 {
        service.token(&one, "a").await;
    }
    redis.run();
    join(&redis);
    let begun = Instant::now();
    while !service.is_shared(&one, "b").await {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is never shared again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
