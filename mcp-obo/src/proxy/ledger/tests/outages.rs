//! A store that fails is no reason to pass anything, nor to end anything.

use tokio::time::Instant;

use super::*;
use crate::{
    teststore::Mood::{Down, Full, Hung, Mute, Odd, Stiff, Well},
    testtenant::{settle, user_id},
};

#[tokio::test(start_paused = true)]
async fn nothing_is_granted_and_nothing_is_lost() {
    for mood in [Down, Hung, Full, Mute] {
        let origin = Origin::granting();
        let proxy = origin.replica();
        let (code, token) = (origin.code("alice", "b"), session(&origin, &proxy, "alice", "a").await);
        origin.store.turn(mood);
        for (name, seen) in [
            ("redeem", redeem(&proxy, &code).await),
            ("refresh", refresh(&proxy, &token).await),
            ("revoke", revoke(&proxy, &token).await),
        ] {
            assert_eq!(seen.word(), "temporarily_unavailable", "{mood:?}: {name}");
        }
        settle().await;
        assert_eq!(origin.exchanges(), 1, "{mood:?}: Entra is not asked");
        if mood == Mute {
            // It has ended the session, and never said so.
            continue;
        }
        origin.store.turn(Well);
        origin.pass(120).await;
        assert_eq!(redeem(&proxy, &code).await.word(), "granted", "{mood:?}");
        assert_eq!(refresh(&proxy, &token).await.word(), "granted", "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_end_cannot_be_recorded_is_not_said_to_have_ended() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    let next = refresh(&proxy, &token).await.refresh_token();
    origin.pass(120).await;
    origin.store.turn(Stiff);
    assert_eq!(refresh(&proxy, &token).await.word(), "temporarily_unavailable", "a reuse that nobody can note");
    origin.store.turn(Well);
    assert_eq!(refresh(&proxy, &token).await.word(), "invalid_grant");
    assert_eq!(refresh(&proxy, &next).await.word(), "invalid_grant", "and now it is noted");
}

#[tokio::test(start_paused = true)]
async fn an_operation_takes_a_quarter_of_a_second_at_most() {
    for mood in [Hung, Mute] {
        let origin = Origin::granting();
        let proxy = origin.replica();
        let (code, token) = (origin.code("alice", "b"), session(&origin, &proxy, "alice", "a").await);
        origin.store.turn(mood);
        let begun = Instant::now();
        redeem(&proxy, &code).await;
        refresh(&proxy, &token).await;
        revoke(&proxy, &token).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_millis(4 * 250), "{mood:?}: {took:?}");
    }
}

/// Unlike a cache, which is left alone for a while after it has failed: what it is not asked is refused.
#[tokio::test(start_paused = true)]
async fn one_slow_answer_costs_one_client_and_nobody_else() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    origin.store.turn(Hung);
    assert_eq!(refresh(&proxy, &token).await.status, 503);
    origin.store.turn(Well);
    assert_eq!(refresh(&proxy, &token).await.word(), "granted");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_did_it_and_did_not_say_so_is_told_to_undo_it() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    origin.store.turn(Mute);
    assert_eq!(redeem(&proxy, &code).await.word(), "temporarily_unavailable");
    settle().await;
    origin.store.turn(Well);
    assert_eq!(redeem(&proxy, &code).await.word(), "granted");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_record_is_not_taken_for_none() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    origin.store.turn(Odd);
    assert_eq!(refresh(&proxy, &token).await.word(), "temporarily_unavailable", "of another kind");
    origin.store.turn(Well);
    revoke(&proxy, &token).await;
    let (name, value, life) = origin.store.written().pop().unwrap();
    for garbage in [&b""[..], b"1800000000", &[&value[..], b"0"].concat()] {
        use crate::SharedStore as _;
        origin.store.values.put(&name, Bytes::copy_from_slice(garbage), life).await.unwrap();
        assert_eq!(refresh(&proxy, &token).await.word(), "temporarily_unavailable", "{garbage:?}");
    }
    assert_eq!(origin.exchanges(), 1);
}

/// What Entra has granted is not handed out when nobody can say whether it may be.
#[tokio::test(start_paused = true)]
async fn a_store_that_fails_behind_entra_grants_nothing_either() {
    let store = Faulty::default();
    let moods = store.clone();
    let mut origin = Origin::answering(move |call| {
        moods.turn(Down);
        Box::pin(ready(granted(&call)))
    });
    origin.store = store;
    let proxy = origin.replica();
    assert_eq!(redeem(&proxy, &origin.code("alice", "a")).await.word(), "temporarily_unavailable");
    assert_eq!(origin.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_forgotten_by_a_store_that_was_not_told() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    for mood in [Down, Hung, Full] {
        origin.store.turn(mood);
        assert!(proxy.forget_user(&user_id("alice")).await.is_err(), "{mood:?}");
    }
}
