//! What somebody who reads Redis learns.

use base64::prelude::*;
use mcp_obo::RedisStore;

use local_redis::Server;

use crate::replicas::{CLIENT, OBJECT, Service, TENANT, key, user};

const PASSWORD: &str = "hunter2-not-for-logs";

/// All ways in which a text might lie there.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let guid: Vec<u8> = text.replace('-', "").into_bytes();
    let raw: Option<Vec<u8>> = (guid.len() == 32)
        .then(|| guid.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect());
    let mut all = vec![
        text.into(),
        text.to_uppercase().into(),
        hex.to_uppercase().into(),
        hex.into(),
        BASE64_STANDARD_NO_PAD.encode(text).into(),
        BASE64_URL_SAFE_NO_PAD.encode(text).into(),
        guid,
    ];
    all.extend(raw);
    all
}

#[tokio::test]
async fn nothing_of_users_and_tokens_can_be_read() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let replica = service.replica(&redis.url());
    let assertion = "assertion-header.assertion-payload.assertion-signature";
    let token = service.token(&replica, assertion).await;
    // With a lease that is held, and a user who was forgotten once.
    replica.forget(&user()).await.unwrap();
    service.token(&replica, assertion).await;
    let (key, user) = (key("held"), user());
    let held = replica.flight(&key, &user, std::future::pending::<Result<mcp_obo::shared::Kept, ()>>);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(100), held).await.is_err());

    let names = redis.names();
    for kind in [":t:", ":u:", ":l:"] {
        assert!(names.iter().any(|name| name.contains(kind)), "{kind} in {names:?}");
    }
    let mut all = redis.dump();
    for name in &names {
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(&redis.cli(&["GET", name]).stdout);
    }
    let contains = |needle: &[u8]| all.windows(needle.len()).any(|window| window == needle);
    assert!(contains(names[0].as_bytes()), "the dump is looked through rightly");
    for secret in [&token, assertion, "payload", "assertion-signature", TENANT, OBJECT, CLIENT, "graph.microsoft.com"] {
        for spelling in spellings(secret) {
            assert!(!contains(&spelling), "{secret} as {}", String::from_utf8_lossy(&spelling));
        }
    }
}

#[tokio::test]
async fn a_password_opens_the_server_and_shows_nowhere() {
    let Some(redis) = Server::start(&["--requirepass", PASSWORD]) else { return };
    let address = format!("127.0.0.1:{}", redis.port());
    let service = Service::new();
    let store = RedisStore::connect(&format!("redis://:{PASSWORD}@{address}")).unwrap();
    assert!(!format!("{store:?}").contains(PASSWORD), "{store:?}");
    let replica = service.replica_on(store);
    service.token(&replica, "a").await;
    assert!(service.is_shared(&replica, "a").await);

    for (name, url) in [
        ("none", format!("redis://{address}")),
        ("a wrong one", format!("redis://:{PASSWORD}x@{address}")),
        ("an unknown user", format!("redis://{PASSWORD}:{PASSWORD}@{address}")),
    ] {
        use mcp_obo::shared::SharedStore as _;
        use std::error::Error as _;
        let store = RedisStore::connect(&url).unwrap();
        let error = store.get("mcp-obo:x").await.unwrap_err();
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        assert_eq!(source, "user or password is wrong or missing", "{name}: {error:?}");
        assert!(!format!("{error} {error:?} {source} {store:?}").contains(PASSWORD), "{name}");
        // And the service goes on without it.
        assert!(!service.is_shared(&service.replica_on(store), "a").await, "{name}");
    }
}

#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_all() {
    let Some(redis) = Server::start(&[]) else { return };
    let rights = "on >secret ~mcp-obo:* +getrange +set +eval +get +del +ping +client|setinfo";
    let arguments: Vec<_> = ["ACL", "SETUSER", "mcp-obo"].into_iter().chain(rights.split(' ')).collect();
    // Redis 7.2 knows the subcommand, which the client uses to introduce itself; earlier ones need no right to refuse it.
    if redis.ask(&arguments) != "OK" {
        assert_eq!(redis.ask(&arguments[..arguments.len() - 1]), "OK");
    }
    let service = Service::new();
    let replica = service.replica(&format!("redis://mcp-obo:secret@127.0.0.1:{}", redis.port()));
    let token = service.token(&replica, "a").await;
    assert!(service.is_shared(&replica, "a").await);
    replica.reject(&key("a"), &token).await;
    replica.forget(&user()).await.unwrap();
    assert!(redis.names().iter().all(|name| name.contains(":u:")), "{:?}", redis.names());
}
