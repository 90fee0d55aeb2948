//! Sign-ins that begin at one replica and end at another, and that outlive the process in which they began.

use std::sync::Arc;

use entra_emulator::{Config, Emulator};
use serde_json::json;

use crate::support::{
    Answer, Fixture,
    person::{Person, REDIRECT, error, location, query},
};

const KEYS: (&str, &str) = ("MCP_SEALING_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
const OTHERS: (&str, &str) = ("MCP_SEALING_KEYS", "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=");
/// A key that is opened with before it is sealed with, and one that is not sealed with any more.
const COMING: (&str, &str) =
    ("MCP_SEALING_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=");
const GOING: (&str, &str) =
    ("MCP_SEALING_KEYS", "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

/// By what name clients know all of them; nobody listens there.
const BASE: &str = "http://127.0.0.1:9";

async fn replica(emulator: &Arc<Emulator>, more: &[(&str, &str)]) -> Fixture {
    let all = [&[("PUBLIC_BASE_URL", BASE)], more].concat();
    Fixture::over(Arc::clone(emulator), &all).await
}

async fn tenant() -> Arc<Emulator> {
    Arc::new(Emulator::start(Config::default()).await.unwrap())
}

#[tokio::test]
async fn every_step_of_a_sign_in_may_be_at_another_replica() {
    let tenant = tenant().await;
    for (name, keys) in [
        ("one key", [KEYS, KEYS, KEYS]),
        ("a key is coming", [KEYS, COMING, COMING]),
        ("its turn has come", [COMING, COMING, GOING]),
        ("the old one is going", [GOING, GOING, OTHERS]),
    ] {
        let replicas = [
            replica(&tenant, &[keys[0]]).await,
            replica(&tenant, &[keys[1]]).await,
            replica(&tenant, &[keys[2]]).await,
        ];
        for first in 0..replicas.len() {
            let mut person = Person::before(BASE, replicas.iter().cycle().skip(first).take(3).map(|one| &*one.base));
            let signed_in = person.sign_in("alice").await;
            for server in &replicas {
                server.call(Some(&signed_in.token), json!({"top": 1})).await.result();
            }
            let mut refresh = signed_in.refresh;
            for _ in 0..3 {
                let again = person.refresh(&signed_in.client, &refresh).await.json();
                refresh = again["refresh_token"].as_str().unwrap_or_else(|| panic!("{name}: {again}")).to_owned();
            }
        }
    }
}

#[tokio::test]
async fn a_replica_with_other_keys_knows_nothing_of_it() {
    let tenant = tenant().await;
    let (one, other) = (replica(&tenant, &[KEYS]).await, replica(&tenant, &[OTHERS]).await);
    let signed_in = Person::before(BASE, [&*one.base]).sign_in("alice").await;
    let mut stranger = Person::before(BASE, [&*other.base]);
    assert_eq!(error(&stranger.refresh(&signed_in.client, &signed_in.refresh).await), (401, json!("invalid_client")));
    let page = stranger.get(&stranger.request(&signed_in.client, &[])).await;
    assert_eq!((page.status, page.header("location")), (400, None), "{page:?}");
}

#[tokio::test]
async fn a_restart_between_any_two_steps_ends_no_sign_in() {
    let tenant = tenant().await;
    let mut person = Person::before(BASE, []);
    let mut lives = Lives { tenant: &tenant, now: replica(&tenant, &[KEYS]).await };
    lives.next(&mut person).await;
    let client = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    lives.next(&mut person).await;
    let page: Answer = person.get(&person.request(&client, &[])).await;
    lives.next(&mut person).await;
    let away = person.agree(&page).await;
    let callback = location(&person.get(&location(&away)).await);
    lives.next(&mut person).await;
    let back = query(&location(&person.get(&callback).await));
    lives.next(&mut person).await;
    let tokens = person.redeem(&client, &back["code"]).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    lives.next(&mut person).await;
    let again = person.refresh(&client, refresh).await.json();
    lives.now.call(again["access_token"].as_str(), json!({"top": 1})).await.result();
}

/// A server that is started again and again.
struct Lives<'a> {
    tenant: &'a Arc<Emulator>,
    now: Fixture,
}

impl Lives<'_> {
    async fn next(&mut self, person: &mut Person) {
        self.now = replica(self.tenant, &[KEYS]).await;
        person.moved_to(&self.now.base);
    }
}
