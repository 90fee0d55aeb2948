//! Keys that were brought along.

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn jwks(kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| TestKey::shared().jwk(kid)).collect();
    json!({"keys": keys}).to_string()
}

/// Finds a key without waiting for anything.
fn at_once(keys: &RemoteKeys, kid: &str) -> bool {
    matches!(keys.find(&KeyHint { kid: Some(kid), algorithm: Algorithm::Rs256 }), Lookup::Found(_))
}

#[tokio::test(start_paused = true)]
async fn they_serve_at_once_and_the_issuers_own_replace_them_as_a_whole() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["b", "c"]);
    let keys = endpoint.keys().with_initial_keys(&jwks(&["a", "b"])).unwrap();
    assert_eq!((keys.readiness(), endpoint.calls()), (Readiness::Ready, 0));
    let initial = keys.generation();
    assert!(at_once(&keys, "a") && at_once(&keys, "b"));
    background().await;
    assert_eq!(endpoint.calls(), 1, "the first caller started it, and nobody waited");
    assert!(at_once(&keys, "b") && at_once(&keys, "c"));
    assert_eq!(find(&keys, "a").await, Err(KeyError::Unknown));
    assert_ne!(keys.generation(), initial);
}

#[tokio::test(start_paused = true)]
async fn they_serve_through_an_outage_as_long_as_fetched_ones_and_no_longer() {
    let endpoint = Endpoint::default();
    let keys = endpoint.keys().with_initial_keys(&jwks(&["a"])).unwrap();
    for hour in 0..24 {
        assert!(at_once(&keys, "a"), "hour {hour}");
        background().await;
        assert_eq!(endpoint.calls(), hour + 1, "tried again");
        tokio::time::advance(HOUR - Duration::from_secs(1)).await;
    }
    assert!(matches!(find(&keys, "a").await, Err(KeyError::Unavailable(_))));
    assert_eq!(keys.readiness(), Readiness::TooOld);
}

#[tokio::test(start_paused = true)]
async fn a_failing_issuer_is_not_asked_by_every_caller_of_them() {
    let endpoint = Endpoint::default();
    let keys = endpoint.keys().with_initial_keys(&jwks(&["a"])).unwrap();
    for _ in 0..1_000 {
        assert!(at_once(&keys, "a"));
        background().await;
    }
    // A fetch takes 100 ms, the pause 5 s, and callers come every second.
    assert!((160..=200).contains(&endpoint.calls()), "{}", endpoint.calls());
}

#[tokio::test(start_paused = true)]
async fn brought_along_later_they_revive_no_verdict() {
    let endpoint = Endpoint::default();
    let keys = endpoint.keys();
    let mut generations = std::collections::BTreeSet::new();
    for kid in ["a", "b", "c"] {
        endpoint.publish(&[kid]);
        find(&keys, kid).await.unwrap();
        assert!(generations.insert(keys.generation()), "{kid}");
        tokio::time::advance(HOUR).await;
    }
    let keys = keys.with_initial_keys(&jwks(&["d"])).unwrap();
    assert!(generations.insert(keys.generation()), "a number that stood for other keys");
}

#[test]
fn a_set_without_a_usable_key_is_refused() {
    for document in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#] {
        assert!(Endpoint::default().keys().with_initial_keys(document).is_err(), "{document}");
    }
}

#[tokio::test(start_paused = true)]
async fn for_other_algorithms_nothing_is_taken_over() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let keys = endpoint.keys().with_initial_keys(&jwks(&["a"])).unwrap();
    find(&keys, "a").await.unwrap();
    background().await;
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(find(&keys, "b").await, Err(KeyError::Unknown));
    let both = Algorithms::new([Algorithm::Rs256, Algorithm::Ps256]).unwrap();
    let other = keys.clone().with_algorithms(both);
    assert_eq!((keys.readiness(), other.readiness()), (Readiness::Ready, Readiness::NotLoaded));
    find(&other, "a").await.unwrap();
    // What the one set did not have, the other may.
    endpoint.publish(&["a", "b"]);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(find(&other, "b").await, Ok(()));
}
