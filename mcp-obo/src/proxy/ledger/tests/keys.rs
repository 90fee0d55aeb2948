//! Replicas in the middle of a key change.

use base64::prelude::*;

use super::*;
use crate::testtenant::user_id;

fn ring(keys: &[u8]) -> KeyRing {
    let key = |seed: &u8| BASE64_STANDARD.encode(std::array::from_fn::<u8, 32, _>(|place| seed ^ place as u8));
    KeyRing::parse(&keys.iter().map(key).collect::<Vec<_>>().join(",")).unwrap()
}

/// Every pair of rings that the documented order puts side by side.
const PAIRS: [(&[u8], &[u8]); 6] =
    [(&[1], &[1, 2]), (&[1, 2], &[1]), (&[1, 2], &[2, 1]), (&[2, 1], &[1, 2]), (&[2, 1], &[2]), (&[2], &[2, 1])];

fn origin(keys: (&[u8], &[u8])) -> (Origin, Proxy, Proxy) {
    let mut origin = Origin::granting();
    origin.ring = ring(keys.1);
    let other = origin.replica();
    origin.ring = ring(keys.0);
    let one = origin.replica();
    // What is sealed in these tests both can open.
    let common: Vec<u8> = keys.0.iter().filter(|key| keys.1.contains(key)).copied().collect();
    origin.ring = ring(&common);
    (origin, one, other)
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_once() {
    for keys in PAIRS {
        let (origin, one, other) = origin(keys);
        let code = origin.code("alice", "a");
        assert_eq!(redeem(&one, &code).await.word(), "granted", "{keys:?}");
        assert_eq!(redeem(&other, &code).await.word(), "invalid_grant", "{keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_used_once() {
    for keys in PAIRS {
        let (origin, one, other) = origin(keys);
        let token = refreshable(&origin).await;
        assert_eq!(refresh(&one, &token).await.word(), "granted", "{keys:?}");
        assert_eq!(refresh(&other, &token).await.word(), "granted", "{keys:?}: within the minute");
        origin.pass(61).await;
        assert_eq!(refresh(&other, &token).await.word(), "invalid_grant", "{keys:?}");
        assert_eq!(refresh(&one, &token).await.word(), "invalid_grant", "{keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_ends_is_ended_for_the_other() {
    for keys in PAIRS {
        let (origin, one, other) = origin(keys);
        let (asked, forgotten) = (refreshable(&origin).await, session(&origin, &one, "bob", "b").await);
        revoke(&one, &asked).await;
        assert_eq!(refresh(&other, &asked).await.word(), "invalid_grant", "{keys:?}");
        one.forget_user(&user_id("bob")).await.unwrap();
        assert_eq!(refresh(&one, &forgotten).await.word(), "invalid_grant", "{keys:?}");
        // One that a replica with another first key has sealed may not open there, which is an end as well.
        assert_eq!(refresh(&other, &forgotten).await.word(), "invalid_grant", "{keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_outlives_the_key_that_came_first_when_it_was_made() {
    let (mut origin, old, _) = origin((&[1, 2], &[2, 1]));
    origin.ring = ring(&[2]);
    let last = origin.replica();
    let token = refreshable(&origin).await;
    assert_eq!(refresh(&old, &token).await.word(), "granted");
    origin.pass(61).await;
    assert_eq!(refresh(&last, &token).await.word(), "invalid_grant");
}

/// A session whose token the replicas that have the test's keys can open.
async fn refreshable(origin: &Origin) -> String {
    session(origin, &origin.replica(), "alice", "a").await
}
