//! The key engine against a network that is driven by the test.

mod initial;

use std::{
    convert::Infallible,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

use super::*;
use crate::{algorithm::Algorithms, fetch::HttpClient, testing::key::SigningKey as TestKey, testtenant::app};

/// A key endpoint whose answers the test chooses, and that counts.
#[derive(Clone, Default)]
struct Endpoint {
    kids: Arc<Mutex<Option<Vec<&'static str>>>>,
    calls: Arc<AtomicUsize>,
}

impl Endpoint {
    fn publish(&self, kids: &[&'static str]) {
        *self.kids.lock().unwrap() = Some(kids.to_vec());
    }

    fn fail(&self) {
        *self.kids.lock().unwrap() = None;
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn client(&self) -> HttpClient {
        let endpoint = self.clone();
        HttpClient::new(tower::service_fn(move |_: Request<Bytes>| {
            endpoint.calls.fetch_add(1, Ordering::SeqCst);
            let kids = endpoint.kids.lock().unwrap().clone();
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let mut response = Response::new(Bytes::new());
                match kids {
                    None => *response.status_mut() = StatusCode::BAD_GATEWAY,
                    Some(kids) => {
                        let keys: Vec<_> = kids.iter().map(|kid| TestKey::shared().jwk(kid)).collect();
                        *response.body_mut() = Bytes::from(json!({"keys": keys}).to_string());
                    }
                }
                Ok::<_, Infallible>(response)
            }
        }))
    }

    fn keys(&self) -> RemoteKeys {
        RemoteKeys::new(app().0.authority().clone(), self.client(), KeyLimits::default())
    }
}

async fn find(keys: &RemoteKeys, kid: &str) -> Result<(), KeyError> {
    match keys.find(&KeyHint { kid: Some(kid), algorithm: Algorithm::Rs256 }) {
        Lookup::Found(_) => Ok(()),
        Lookup::Unknown => Err(KeyError::Unknown),
        Lookup::Unavailable(why) => Err(why.into()),
        Lookup::Wait(arrival) => arrival.await.map(drop),
    }
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_of_many_callers_is_one_fetch() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    assert_eq!(keys.readiness(), Readiness::NotLoaded);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let keys = keys.clone();
            tokio::spawn(async move { find(&keys, "a").await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
    assert_eq!(endpoint.calls(), 1);
    assert_eq!(keys.readiness(), Readiness::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_is_found_at_once_and_a_flood_of_unknown_kids_fetches_once_per_cool_down() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    find(&keys, "a").await.unwrap();
    tokio::time::advance(Duration::from_secs(31)).await;
    endpoint.publish(&["a", "b"]);
    assert_eq!(find(&keys, "b").await, Ok(()));
    assert_eq!(endpoint.calls(), 2);
    for number in 0..10_000 {
        assert_eq!(find(&keys, &format!("random-{number}")).await, Err(KeyError::Unknown));
    }
    assert_eq!(endpoint.calls(), 2);
    assert_eq!(find(&keys, "a").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_outage_keeps_known_keys_and_is_not_blamed_on_the_caller() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    find(&keys, "a").await.unwrap();
    endpoint.fail();
    tokio::time::advance(Duration::from_secs(23 * 3_600)).await;
    assert_eq!(find(&keys, "a").await, Ok(()));
    for _ in 0..2 {
        // The second is told so without a fetch: whether there is a "b" could not be found out.
        assert!(matches!(find(&keys, "b").await, Err(KeyError::Unavailable(_))));
    }
    assert_eq!(keys.readiness(), Readiness::Ready);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    assert!(matches!(find(&keys, "a").await, Err(KeyError::Unavailable(_))));
    assert_eq!(keys.readiness(), Readiness::TooOld);
    endpoint.publish(&["a"]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(find(&keys, "a").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_outage_at_the_start_is_unavailable_and_retried_after_a_pause() {
    let endpoint = Endpoint::default();
    let keys = endpoint.keys();
    for _ in 0..50 {
        assert!(matches!(find(&keys, "a").await, Err(KeyError::Unavailable(_))));
    }
    assert_eq!(endpoint.calls(), 1);
    endpoint.publish(&["a"]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(find(&keys, "a").await, Ok(()));
    assert_eq!(endpoint.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_key_is_gone_after_the_next_success_and_changes_the_generation() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a", "b"]);
    let keys = endpoint.keys();
    find(&keys, "a").await.unwrap();
    let generation = keys.generation();
    endpoint.publish(&["a"]);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    // This caller starts the refresh and does not wait for it.
    assert_eq!(find(&keys, "a").await, Ok(()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(find(&keys, "b").await, Err(KeyError::Unknown));
    assert_ne!(keys.generation(), generation);
    assert_eq!(endpoint.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_two_seconds_at_most_and_the_fetch_goes_on() {
    let slow = HttpClient::new(tower::service_fn(|_: Request<Bytes>| async {
        tokio::time::sleep(Duration::from_secs(9)).await;
        let body = json!({"keys": [TestKey::shared().jwk("a")]}).to_string();
        Ok::<_, Infallible>(Response::new(Bytes::from(body)))
    }));
    let keys = RemoteKeys::new(app().0.authority().clone(), slow, KeyLimits::default());
    let started = tokio::time::Instant::now();
    assert!(matches!(find(&keys, "a").await, Err(KeyError::Unavailable(_))));
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    assert_eq!(keys.warm().await, Readiness::NotLoaded);
    assert_eq!(started.elapsed(), Duration::from_secs(4));
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(find(&keys, "a").await, Ok(()));
}

/// Waits for nothing but lets a background refresh end.
async fn background() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_exchanged_under_its_name_changes_the_generation() {
    let (endpoint, served) = served();
    let keys = RemoteKeys::new(app().0.authority().clone(), endpoint, KeyLimits::default());
    let other = TestKey::generate();
    let with_issuer = |issuer: &str| {
        let mut jwk = other.jwk("a");
        jwk["issuer"] = json!(issuer);
        jwk
    };
    serve(&served, &[TestKey::shared().jwk("a")]);
    find(&keys, "a").await.unwrap();
    let mut before = keys.generation();
    for (name, document, changes) in [
        ("the same", vec![TestKey::shared().jwk("a")], false),
        ("one more", vec![TestKey::shared().jwk("a"), TestKey::shared().jwk("b")], false),
        ("another key", vec![other.jwk("a"), TestKey::shared().jwk("b")], true),
        ("another issuer", vec![with_issuer("x"), TestKey::shared().jwk("b")], true),
    ] {
        serve(&served, &document);
        tokio::time::advance(Duration::from_secs(3_600)).await;
        find(&keys, "a").await.unwrap();
        background().await;
        assert_eq!(keys.generation() != before, changes, "{name}");
        before = keys.generation();
    }
}

type Served = Arc<Mutex<String>>;

fn serve(served: &Served, keys: &[serde_json::Value]) {
    *served.lock().unwrap() = json!({"keys": keys}).to_string();
}

/// A key endpoint that answers at once with any document.
fn served() -> (HttpClient, Served) {
    let served = Served::default();
    let document = Arc::clone(&served);
    let client = HttpClient::new(tower::service_fn(move |_: Request<Bytes>| {
        let body = document.lock().unwrap().clone();
        async { Ok::<_, Infallible>(Response::new(Bytes::from(body))) }
    }));
    (client, served)
}

#[tokio::test(start_paused = true)]
async fn a_short_lived_set_is_an_outage_and_not_the_callers_fault() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let limits = KeyLimits::default().with_serve_for(Duration::from_secs(10));
    let keys = RemoteKeys::new(app().0.authority().clone(), endpoint.client(), limits);
    find(&keys, "a").await.unwrap();
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(matches!(find(&keys, "a").await, Err(KeyError::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn probes_alone_keep_the_keys_of_an_idle_service_fresh() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    for second in [0, 31, 62] {
        assert_eq!(keys.warm().await, Readiness::Ready);
        assert_eq!(endpoint.calls(), 1, "a fresh set is not fetched again after {second} s");
        tokio::time::advance(Duration::from_secs(31)).await;
    }
    tokio::time::advance(Duration::from_secs(3_600)).await;
    for hour in 1..=47 {
        assert_eq!(keys.warm().await, Readiness::Ready, "hour {hour}");
        background().await;
        tokio::time::advance(Duration::from_secs(3_600)).await;
    }
    assert_eq!(endpoint.calls(), 48);
    endpoint.fail();
    tokio::time::advance(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(keys.warm().await, Readiness::TooOld);
    endpoint.publish(&["a"]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(keys.warm().await, Readiness::Ready);
}

#[tokio::test(start_paused = true)]
async fn limits_are_kept_to_the_second() {
    let of = |secs| Duration::from_secs(secs);
    for (name, limits, refresh, cool_down) in [
        ("defaults", KeyLimits::default(), of(3_600), of(30)),
        ("chosen", KeyLimits::default().with_refresh_after(of(600)).with_cool_down(of(7)), of(600), of(7)),
    ] {
        let endpoint = Endpoint::default();
        endpoint.publish(&["a"]);
        let keys = RemoteKeys::new(app().0.authority().clone(), endpoint.client(), limits);
        find(&keys, "a").await.unwrap();
        tokio::time::advance(cool_down - of(1)).await;
        assert_eq!(find(&keys, "b").await, Err(KeyError::Unknown), "{name}");
        assert_eq!(endpoint.calls(), 1, "{name}: cooling down");
        tokio::time::advance(of(1)).await;
        assert_eq!(find(&keys, "c").await, Err(KeyError::Unknown), "{name}");
        assert_eq!(endpoint.calls(), 2, "{name}: cooled down");
        // Each set is refreshed up to a tenth earlier than its age says.
        tokio::time::advance(refresh.mul_f64(0.9) - of(1)).await;
        find(&keys, "a").await.unwrap();
        background().await;
        assert_eq!(endpoint.calls(), 2, "{name}: young");
        tokio::time::advance(refresh.mul_f64(0.1)).await;
        find(&keys, "a").await.unwrap();
        background().await;
        assert_eq!(endpoint.calls(), 3, "{name}: due");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_issuer_did_not_have_is_asked_for_again_only_after_a_while() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    find(&keys, "a").await.unwrap();
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(find(&keys, "b").await, Err(KeyError::Unknown));
    assert_eq!(endpoint.calls(), 2);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(find(&keys, "b").await, Err(KeyError::Unknown));
    assert_eq!(endpoint.calls(), 2, "this one was not there a minute ago");
    assert_eq!(find(&keys, "c").await, Err(KeyError::Unknown));
    assert_eq!(endpoint.calls(), 3, "another may be");
    // What was asked for "c" brings "b", too, when it is there.
    endpoint.publish(&["a", "b"]);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(find(&keys, "d").await, Err(KeyError::Unknown));
    assert_eq!(find(&keys, "b").await, Ok(()));
    assert_eq!(endpoint.calls(), 4);
    endpoint.publish(&["a", "b", "c"]);
    tokio::time::advance(Duration::from_secs(119)).await;
    assert_eq!(find(&keys, "d").await, Err(KeyError::Unknown));
    assert_eq!(endpoint.calls(), 4);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(find(&keys, "d").await, Err(KeyError::Unknown));
    assert_eq!(endpoint.calls(), 5, "two minutes are over");
}

#[tokio::test(start_paused = true)]
async fn an_outage_makes_no_key_unknown() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    find(&keys, "a").await.unwrap();
    tokio::time::advance(Duration::from_secs(30)).await;
    endpoint.fail();
    assert!(matches!(find(&keys, "b").await, Err(KeyError::Unavailable(_))));
    endpoint.publish(&["a", "b"]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(find(&keys, "b").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_an_outdated_set_did_not_have_is_not_held_against_the_caller() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let limits = KeyLimits::default().with_serve_for(Duration::from_secs(60));
    let keys = RemoteKeys::new(app().0.authority().clone(), endpoint.client(), limits);
    assert_eq!(find(&keys, "b").await, Err(KeyError::Unknown));
    tokio::time::advance(Duration::from_secs(60)).await;
    endpoint.fail();
    assert!(matches!(find(&keys, "b").await, Err(KeyError::Unavailable(_))));
}

#[test]
fn keys_print_what_they_are_for() {
    let mut jwk = TestKey::shared().jwk("a");
    jwk["issuer"] = json!("https://issuer.example");
    let fixed = format!("{:?}", FixedKeys::from_jwks(&json!({"keys": [jwk]}).to_string()).unwrap());
    assert!(fixed.contains("Rs256") && fixed.contains("https://issuer.example"), "{fixed}");
    let remote = format!("{:?}", Endpoint::default().keys());
    assert!(remote.contains("https://login.microsoftonline.com"), "{remote}");
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_key_id_costs_no_fetch() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys();
    let nameless = KeyHint { kid: None, algorithm: Algorithm::Rs256 };
    assert!(matches!(keys.find(&nameless), Lookup::Unknown));
    find(&keys, "a").await.unwrap();
    assert!(matches!(keys.find(&nameless), Lookup::Unknown));
    assert_eq!(endpoint.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn replicas_that_start_together_do_not_refresh_together() {
    let mut due = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let endpoint = Endpoint::default();
        endpoint.publish(&["a"]);
        let keys = endpoint.keys();
        find(&keys, "a").await.unwrap();
        let begun = tokio::time::Instant::now();
        while endpoint.calls() == 1 {
            tokio::time::advance(Duration::from_secs(1)).await;
            find(&keys, "a").await.unwrap();
            background().await;
        }
        let age = begun.elapsed().as_secs();
        assert!((3_239..=3_602).contains(&age), "{age}");
        due.insert(age);
    }
    assert!(due.len() > 5, "{due:?}");
}
