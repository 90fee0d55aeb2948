//! A Redis that dies, comes back, or hangs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use mcp_obo::{RedisStore, shared::Shared};
use tokio::task::JoinSet;

use local_ports::ClosedPort;
use local_redis::Server;

use crate::replicas::{EXCHANGE, Service, key, user};

/// What a busy machine may add. The exact times are shown by the tests of the module, where time stands still.
const SLACK: Duration = Duration::from_secs(2);

/// Asks until the store is used again, which takes a second or two.
async fn until_shared(service: &Service, replica: &Shared) {
    let begun = Instant::now();
    while !service.is_shared(replica, "recovered").await {
        assert!(begun.elapsed() < Duration::from_secs(10), "it is never shared again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_and_restarting_under_load_loses_no_request() {
    let Some(mut redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for caller in 0..20 {
        let (service, is_over, answered) = (service.clone(), Arc::clone(&is_over), Arc::clone(&answered));
        let replica = service.replica(&redis.url());
        callers.spawn(async move {
            let mut slowest = Duration::ZERO;
            for call in 0.. {
                if is_over.load(SeqCst) {
                    break;
                }
                let begun = Instant::now();
                // Half of them share assertions with others.
                let assertion = format!("{}-{}", caller % 10, call / 2);
                assert!(service.token(&replica, &assertion).await.starts_with("header."));
                slowest = slowest.max(begun.elapsed());
                answered.fetch_add(1, SeqCst);
            }
            slowest
        });
    }
    let more = async |count: usize| {
        let aim = answered.load(SeqCst) + count;
        while answered.load(SeqCst) < aim {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    more(100).await;
    for _ in 0..3 {
        redis.kill();
        more(200).await;
        redis.run();
        more(200).await;
    }
    let fresh = service.replica(&redis.url());
    until_shared(&service, &fresh).await;
    is_over.store(true, SeqCst);
    let slowest = callers.join_all().await.into_iter().max().unwrap();
    // Waiting for another replica has its own bound, and ends when the store fails.
    assert!(slowest < Duration::from_secs(3) + EXCHANGE + SLACK, "{slowest:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_nothing_to_speak_of() {
    let service = Service::new();
    let nobody = ClosedPort::new();
    let replica = service.replica(&format!("redis://{}", nobody.address()));
    for _ in 0..3 {
        let begun = Instant::now();
        service.token(&replica, "a").await;
        assert!(begun.elapsed() < EXCHANGE + SLACK, "{:?}", begun.elapsed());
    }
    assert!(!replica.is_up());
    assert_eq!(service.exchanges(), 3);
}

#[tokio::test]
async fn a_server_that_comes_later_is_found() {
    let Some(mut redis) = Server::start(&[]) else { return };
    redis.kill();
    let service = Service::new();
    let replica = service.replica(&redis.url());
    assert!(!service.is_shared(&replica, "a").await);
    redis.run();
    until_shared(&service, &replica).await;
}

#[tokio::test]
async fn a_hung_server_costs_now_and_then_a_time_out_and_no_request() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let replica = service.replica(&redis.url());
    service.token(&replica, "a").await;
    redis.hang();
    let timed = async || {
        let begun = Instant::now();
        service.token(&replica, "a").await;
        begun.elapsed()
    };
    // One of them waits for the server, and the gate keeps the others from it.
    let mut took = Vec::new();
    for _ in 0..10 {
        took.push(timed().await);
    }
    assert!(took.iter().all(|took| *took < EXCHANGE + Duration::from_millis(250) + SLACK), "{took:?}");
    let all = took.iter().sum::<Duration>();
    assert!(all < EXCHANGE * 10 + Duration::from_millis(250) * 2 + SLACK, "{took:?}");
    redis.wake();
    until_shared(&service, &replica).await;
}

#[tokio::test]
async fn connections_that_are_replaced_are_closed() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let replica = service.replica(&redis.url());
    for _ in 0..3 {
        service.token(&replica, "a").await;
        redis.hang();
        service.token(&replica, "b").await;
        redis.wake();
        until_shared(&service, &replica).await;
    }
    let begun = Instant::now();
    // The replica's, and the one that asks.
    while redis.ask(&["CLIENT", "LIST"]).lines().count() > 2 {
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", redis.ask(&["CLIENT", "LIST"]));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_hangs_before_the_first_connection_costs_no_more() {
    let Some(redis) = Server::start(&[]) else { return };
    redis.hang();
    let service = Service::new();
    let replica = service.replica(&redis.url());
    let begun = Instant::now();
    service.token(&replica, "a").await;
    assert!(begun.elapsed() < EXCHANGE + Duration::from_millis(250) + SLACK, "{:?}", begun.elapsed());
    redis.wake();
    until_shared(&service, &replica).await;
}

#[tokio::test]
async fn a_holder_that_dies_delays_the_others_by_their_patience() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let (one, other) = (service.replica(&redis.url()), service.replica(&redis.url()));
    let (key, user) = (key("a"), user());
    let dying = one.flight(&key, &user, std::future::pending::<Result<mcp_obo::shared::Kept, ()>>);
    assert!(tokio::time::timeout(Duration::from_millis(200), dying).await.is_err());
    let begun = Instant::now();
    service.token(&other, "a").await;
    let took = begun.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(3) + EXCHANGE + SLACK).contains(&took), "{took:?}");
    assert!(service.is_shared(&one, "a").await);
}

#[tokio::test]
async fn a_full_server_serves_what_it_has() {
    let Some(redis) = Server::start(&["--maxmemory-policy", "noeviction"]) else { return };
    let service = Service::new();
    let replica = service.replica(&redis.url());
    service.token(&replica, "a").await;
    assert_eq!(redis.ask(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    assert!(service.is_shared(&replica, "a").await);
    assert!(!service.is_shared(&replica, "b").await);
    assert!(service.is_shared(&replica, "a").await, "a refusal to write shuts nobody out");
    assert_eq!(redis.ask(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
    service.token(&replica, "b").await;
    assert!(service.is_shared(&replica, "b").await);
}

#[test]
fn making_a_store_needs_no_runtime_and_connects_to_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["redis", "rediss", "redis+cluster", "rediss+cluster"] {
        let _store = RedisStore::connect(&format!("{scheme}://{address}")).unwrap();
    }
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
