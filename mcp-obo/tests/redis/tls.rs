//! TLS to Redis.

use std::error::Error as _;

use local_redis::TlsServer;
use mcp_obo::{
    RedisStore,
    shared::{SharedStore as _, StoreError},
};

use crate::replicas::Service;

#[tokio::test]
async fn an_added_ca_is_trusted_and_an_unknown_one_is_not() {
    let Some(tls) = TlsServer::start() else { return };
    let url = tls.url();
    let service = Service::new();
    let trusting = || RedisStore::connect(&url).unwrap().with_root_certificates(tls.ca().as_bytes()).unwrap();
    let (one, other) = (service.replica_on(trusting()), service.replica_on(trusting()));
    let token = service.token(&one, "a").await;
    assert_eq!(service.token(&other, "a").await, token);
    assert_eq!(service.exchanges(), 1);

    for (name, store) in [
        ("the system's CAs alone", RedisStore::connect(&url).unwrap()),
        ("another name", {
            let url = url.replace("localhost", "127.0.0.1");
            RedisStore::connect(&url).unwrap().with_root_certificates(tls.ca().as_bytes()).unwrap()
        }),
    ] {
        let error = store.get("mcp-obo:x").await.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable(_)), "{name}: {error:?}");
        assert_eq!(error.source().unwrap().to_string(), "the server's certificate is not trusted", "{name}");
    }
}
