//! A user whose sessions are ended together.

use super::*;
use crate::{proxy::ForgetError, testtenant::user_id};

#[tokio::test(start_paused = true)]
async fn sessions_from_before_are_over_and_the_clocks_are_given_a_minute() {
    for (name, begins, expected) in [
        ("a day before", -86_400, "invalid_grant"),
        ("a second before", -1, "invalid_grant"),
        ("at the same time", 0, "invalid_grant"),
        ("a minute later, or before by a clock that is ahead", 60, "invalid_grant"),
        ("later", 61, "granted"),
    ] {
        let origin = Origin::granting();
        let (one, other) = (origin.replica(), origin.replica());
        let forget = || async { one.forget_user(&user_id("alice")).await.unwrap() };
        let token = if begins <= 0 {
            let token = session(&origin, &one, "alice", "a").await;
            origin.pass(-begins as u64).await;
            forget().await;
            token
        } else {
            forget().await;
            origin.pass(begins as u64).await;
            let seen = redeem(&other, &origin.code("alice", "a")).await;
            assert_eq!(seen.word(), expected, "{name}");
            if expected != "granted" {
                continue;
            }
            seen.refresh_token()
        };
        assert_eq!(refresh(&other, &token).await.word(), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_concerns_nobody_else_and_ends_with_the_longest_session() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let (alices, bobs) = (session(&origin, &proxy, "alice", "a").await, session(&origin, &proxy, "bob", "b").await);
    proxy.forget_user(&user_id("alice")).await.unwrap();
    let asked = origin.exchanges();
    assert_eq!(refresh(&proxy, &alices).await.word(), "invalid_grant");
    assert_eq!(origin.exchanges(), asked);
    assert_eq!(refresh(&proxy, &bobs).await.word(), "granted");
    let (_, _, life) = origin.store.written().into_iter().find(|(name, ..)| name.contains(":f:")).unwrap();
    assert_eq!(life, Duration::from_secs(90 * 86_400 + 60));
}

#[tokio::test(start_paused = true)]
async fn a_code_from_before_begins_nothing_afterwards() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    origin.pass(100).await;
    proxy.forget_user(&user_id("alice")).await.unwrap();
    origin.pass(100).await;
    assert_eq!(redeem(&proxy, &code).await.word(), "invalid_grant");
    assert_eq!(redeem(&proxy, &origin.code("alice", "b")).await.word(), "granted", "who signs in anew is welcome");
}

#[tokio::test(start_paused = true)]
async fn an_object_id_is_the_same_in_any_case() {
    let oid = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, oid, "a").await;
    proxy.forget_user(&user_id(&oid.to_uppercase())).await.unwrap();
    assert_eq!(refresh(&proxy, &token).await.word(), "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn without_a_store_it_says_that_it_cannot() {
    let origin = Origin::granting();
    let proxy = origin.builder().build().unwrap();
    assert!(matches!(proxy.forget_user(&user_id("alice")).await, Err(ForgetError::NoStore)));
}
