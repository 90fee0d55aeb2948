//! Sessions whose uses all replicas know of, by a Redis between them.

use std::sync::Arc;

use entra_emulator::{Config, Emulator};
use local_redis::Server;
use serde_json::{Value, json};

use crate::support::{
    Fixture,
    person::{Person, REDIRECT, SignedIn, error, location, query},
};

/// By what name clients know both replicas; nobody listens there.
const BASE: &str = "http://127.0.0.1:9";

struct Pair {
    redis: Server,
    emulator: Arc<Emulator>,
    replicas: [Fixture; 2],
}

impl Pair {
    /// Starts two replicas; nothing where no Redis is installed.
    async fn up() -> Option<Self> {
        let redis = Server::start(&[])?;
        let emulator = Arc::new(Emulator::start(Config::default()).await.unwrap());
        let url = redis.url();
        let variables = [
            ("PUBLIC_BASE_URL", BASE),
            ("REDIS_URL", &*url),
            ("MCP_SEALING_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ];
        let one = Fixture::over(Arc::clone(&emulator), &variables).await;
        let other = Fixture::over(Arc::clone(&emulator), &variables).await;
        Some(Self { redis, emulator, replicas: [one, other] })
    }

    /// Returns a person, or a program, whose every request goes to the other replica.
    fn somebody(&self) -> Person {
        Person::before(BASE, self.replicas.iter().map(|replica| &*replica.base))
    }

    fn asked(&self) -> (u64, u64) {
        let counters = self.emulator.counters();
        (counters.code, counters.refresh)
    }
}

async fn revoke(person: &mut Person, client: &str, token: &str) -> u16 {
    let url = person.url("/revoke");
    person.post(&url, &[("client_id", client), ("token", token)]).await.status
}

/// Returns what both replicas warn of.
async fn warnings(pair: &Pair) -> Vec<Value> {
    let mut told = Vec::new();
    for replica in &pair.replicas {
        told.extend(replica.get("/readyz").await.json()["warnings"].as_array().unwrap().clone());
    }
    told
}

#[tokio::test]
async fn a_code_is_good_once_for_all_replicas_and_ends_what_came_of_it_when_it_comes_again() {
    let Some(pair) = Pair::up().await else { return };
    let mut person = pair.somebody();
    let client = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    let page = person.get(&person.request(&client, &[])).await;
    let away = person.agree(&page).await;
    let callback = location(&person.get(&location(&away)).await);
    let code = query(&location(&person.get(&callback).await))["code"].clone();

    let tokens = person.redeem(&client, &code).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    assert_eq!(error(&person.redeem(&client, &code).await), (400, json!("invalid_grant")));
    assert_eq!(pair.asked(), (1, 0), "the tenant is not asked again");
    assert_eq!(error(&person.refresh(&client, refresh).await), (400, json!("invalid_grant")));
    assert_eq!(pair.asked(), (1, 0));
}

#[tokio::test]
async fn who_revokes_a_session_ends_it_everywhere() {
    let Some(pair) = Pair::up().await else { return };
    for replica in &pair.replicas {
        let document = replica.get("/.well-known/oauth-authorization-server").await.json();
        assert_eq!(document["revocation_endpoint"], format!("{BASE}/revoke"));
    }
    let mut person = pair.somebody();
    let SignedIn { client, refresh, .. } = person.sign_in("alice").await;
    let stranger = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    assert_eq!(revoke(&mut person, &stranger, &refresh).await, 400, "another client");
    assert_eq!(revoke(&mut person, &client, "not-a-token").await, 200);
    let next = person.refresh(&client, &refresh).await.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(revoke(&mut person, &client, &refresh).await, 200, "an older one of the same session");
    assert_eq!(error(&person.refresh(&client, &next).await), (400, json!("invalid_grant")));
    let mut again = pair.somebody();
    again.sign_in("alice").await;
}

#[tokio::test]
async fn revocations_share_the_limit_of_tokens() {
    let Some(pair) = Pair::up().await else { return };
    let server = &pair.replicas[0];
    let mut person = Person::before(BASE, [&*server.base]);
    let client = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    for number in 0..20 {
        assert_eq!(revoke(&mut person, &client, "not-a-token").await, 200, "{number}");
    }
    assert_eq!(revoke(&mut person, &client, "not-a-token").await, 429);
    assert_eq!(person.refresh(&client, "not-a-token").await.status, 429);
}

#[tokio::test]
async fn while_nobody_can_say_what_was_used_clients_wait_and_lose_nothing() {
    let Some(mut pair) = Pair::up().await else { return };
    let mut person = pair.somebody();
    let SignedIn { client, refresh, token, .. } = person.sign_in("alice").await;
    assert_eq!(warnings(&pair).await, [""; 0]);
    pair.redis.kill();
    let before = pair.asked();
    let waits = person.refresh(&client, &refresh).await;
    assert_eq!(error(&waits), (503, json!("temporarily_unavailable")));
    assert!(waits.header("retry-after").is_some(), "{waits:?}");
    assert_eq!(pair.asked(), before, "the tenant is not asked");
    assert_eq!(warnings(&pair).await, ["sign_in_store_down"], "whoever was asked knows, and it is no reason");
    pair.replicas[0].call(Some(&token), json!({"top": 1})).await.result();
    pair.redis.run();
    let mut granted = person.refresh(&client, &refresh).await;
    for _ in 0..20 {
        if granted.status == 200 {
            break;
        }
        assert_eq!(granted.status, 503, "{granted:?}");
        granted = person.refresh(&client, &refresh).await;
    }
    assert_eq!(granted.status, 200, "{granted:?}");
}

#[tokio::test]
async fn nothing_in_the_store_tells_whose_session_it_is() {
    let Some(pair) = Pair::up().await else { return };
    let mut person = pair.somebody();
    let signed_in = person.sign_in("alice").await;
    person.refresh(&signed_in.client, &signed_in.refresh).await;
    revoke(&mut person, &signed_in.client, &signed_in.refresh).await;
    let (names, dump) = (pair.redis.names(), pair.redis.dump());
    assert!(names.len() >= 3 && names.iter().all(|name| name.starts_with("mcp-obo:1:")), "{names:?}");
    let secrets = signed_in.secrets.iter().flat_map(|secret| secret.split('.')).filter(|part| part.len() > 20);
    for secret in secrets.chain(["alice", &signed_in.client]) {
        assert!(!dump.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}
