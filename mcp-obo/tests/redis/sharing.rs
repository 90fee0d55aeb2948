//! What replicas share.

use base64::prelude::*;
use mcp_obo::{KeyRing, RedisStore, shared::SharedStore};
use std::time::Duration;
use tokio::task::JoinSet;

use local_redis::Server;

use crate::replicas::{Service, key, text, user};

#[tokio::test]
async fn a_token_of_one_process_serves_another() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let (one, other) = (service.replica(&redis.url()), service.replica(&redis.url()));
    let token = service.token(&one, "a").await;
    assert_eq!(service.token(&other, "a").await, token);
    assert_eq!(service.exchanges(), 1);
    assert_eq!(service.token(&other, "b").await, "header.payload-2.signature", "another assertion");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_cold_replicas_make_one_exchange() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let mut flights = JoinSet::new();
    for _ in 0..20 {
        let (service, replica) = (service.clone(), service.replica(&redis.url()));
        flights.spawn(async move { service.token(&replica, "a").await });
    }
    let tokens = flights.join_all().await;
    assert_eq!(tokens, ["header.payload-1.signature"; 20]);
    assert_eq!(service.exchanges(), 1);
    assert!(redis.names().iter().all(|name| !name.contains(":l:")), "the lease is given back");
}

#[tokio::test]
async fn entries_end_by_themselves() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    service.token(&service.replica(&redis.url()), "a").await;
    let names = redis.names();
    assert_eq!(names.len(), 2, "the token, and the user's mark: {names:?}");
    for name in names {
        let (kind, longest) = if name.contains(":t:") { ("token", 3_300) } else { ("mark", 24 * 3_600) };
        let left: u64 = redis.ask(&["TTL", &name]).parse().unwrap();
        assert!((longest - 10..=longest).contains(&left), "{kind}: {left}");
    }
}

#[tokio::test]
async fn a_rotated_ring_keeps_old_entries_readable() {
    let Some(redis) = Server::start(&[]) else { return };
    let text = |seed: u8| BASE64_STANDARD.encode(std::array::from_fn::<u8, 32, _>(|place| seed ^ place as u8));
    let ring =
        |seeds: &[u8]| KeyRing::parse(&seeds.iter().map(|seed| text(*seed)).collect::<Vec<_>>().join(",")).unwrap();
    let [old, rotating, rotated] = [&[1][..], &[2, 1], &[2]].map(|seeds| {
        let service = Service::with_ring(ring(seeds));
        let replica = service.replica(&redis.url());
        (service, replica)
    });
    let token = old.0.token(&old.1, "a").await;
    assert_eq!(rotating.0.token(&rotating.1, "a").await, token);
    assert_eq!(rotating.0.exchanges(), 0);
    assert!(!rotated.0.is_shared(&rotated.1, "a").await, "the old key is gone");
}

#[tokio::test]
async fn a_user_is_forgotten_and_a_rejected_token_is_removed_for_all() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let (one, other) = (service.replica(&redis.url()), service.replica(&redis.url()));
    let spent = service.token(&one, "a").await;
    one.reject(&key("a"), &spent).await;
    assert!(other.find(&key("a"), &user()).await.is_none());

    service.token(&one, "a").await;
    assert!(other.find(&key("a"), &user()).await.is_some());
    one.forget(&user()).await.unwrap();
    assert!(other.find(&key("a"), &user()).await.is_none());
    let token = service.token(&other, "a").await;
    assert_eq!(one.find(&key("a"), &user()).await.as_ref().map(text), Some(token));
}

#[tokio::test]
async fn garbage_and_values_of_other_kinds_are_misses() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let replica = service.replica(&redis.url());
    service.token(&replica, "a").await;
    let names = redis.names();
    let find = |kind: &str| names.iter().find(|name| name.contains(kind)).unwrap().clone();
    let (token, mark) = (find(":t:"), find(":u:"));
    let megabyte = "x".repeat(100_000);
    for (name, command) in [
        ("text", &["SET", &token, "hello"][..]),
        ("empty", &["SET", &token, ""]),
        ("long", &["SET", &token, &megabyte]),
        ("longer than what is fetched", &["SETRANGE", &token, "1000000", "x"]),
        ("a list", &["LPUSH", &token, "x"]),
        ("a mark that is none", &["SET", &mark, "hello"]),
        ("a mark that is a list", &["LPUSH", &mark, "x"]),
    ] {
        let place = command[1];
        redis.ask(&["DEL", place]);
        redis.ask(command);
        assert!(replica.find(&key("a"), &user()).await.is_none(), "{name}");
        assert!(replica.is_up(), "{name}: the store works");
        let fresh = service.token(&replica, "a").await;
        assert_eq!(replica.find(&key("a"), &user()).await.as_ref().map(text), Some(fresh), "{name}");
    }
}

#[tokio::test]
async fn the_store_keeps_its_promises() {
    let Some(redis) = Server::start(&[]) else { return };
    let store = RedisStore::connect(&redis.url()).unwrap();
    let (one, other) = (bytes::Bytes::from_static(b"\0\xff one"), bytes::Bytes::from_static(b"other"));
    let minute = Duration::from_secs(60);
    assert_eq!(store.get("mcp-obo:x").await.unwrap(), None);
    assert!(store.put_new("mcp-obo:x", one.clone(), minute).await.unwrap());
    assert!(!store.put_new("mcp-obo:x", other.clone(), minute).await.unwrap());
    assert_eq!(store.get("mcp-obo:x").await.unwrap(), Some(one.clone()));
    assert!(!store.remove("mcp-obo:x", other.clone()).await.unwrap());
    store.put("mcp-obo:x", other.clone(), minute).await.unwrap();
    assert!(!store.remove("mcp-obo:x", one).await.unwrap());
    assert!(store.remove("mcp-obo:x", other.clone()).await.unwrap());
    assert!(!store.remove("mcp-obo:x", other.clone()).await.unwrap());
    store.put("mcp-obo:x", other, Duration::ZERO).await.unwrap();
}
