//! A refresh token is used once, give or take a minute.

use super::*;
use crate::testtenant::settle;

#[tokio::test(start_paused = true)]
async fn a_second_use_is_fine_for_a_minute_after_the_first() {
    for (name, later, expected) in [
        ("at once", 0, "granted"),
        ("while an answer may have been lost", 30, "granted"),
        ("in the last second", 60, "granted"),
        ("too late", 61, "invalid_grant"),
        ("a day later", 86_400, "invalid_grant"),
    ] {
        let origin = Origin::granting();
        let (one, other) = (origin.replica(), origin.replica());
        let token = session(&origin, &one, "alice", "a").await;
        let next = refresh(&one, &token).await.refresh_token();
        origin.pass(later).await;
        assert_eq!(refresh(&other, &token).await.word(), expected, "{name}");
        assert_eq!(refresh(&one, &next).await.word(), expected, "{name}: and with it the session ends or goes on");
        assert_eq!(origin.exchanges(), if expected == "granted" { 4 } else { 2 }, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_minute_begins_with_the_first_use_and_not_with_each() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    for _ in 0..3 {
        assert_eq!(refresh(&proxy, &token).await.word(), "granted");
        origin.pass(30).await;
    }
    assert_eq!(refresh(&proxy, &token).await.word(), "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn programs_that_refresh_in_parallel_all_go_on() {
    let origin = Origin::answering(|call| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            granted(&call)
        })
    });
    let (one, other) = (origin.replica(), origin.replica());
    let token = session(&origin, &one, "alice", "a").await;
    let seen = tokio::join!(refresh(&one, &token), refresh(&other, &token), refresh(&one, &token));
    let next = [seen.0.refresh_token(), seen.1.refresh_token(), seen.2.refresh_token()];
    // The program keeps one of them, whichever came last.
    for (hour, token) in next.iter().enumerate() {
        let expected = if hour == 0 { "granted" } else { "invalid_grant" };
        assert_eq!(refresh(&one, token).await.word(), expected, "{hour}");
        origin.pass(3_600).await;
    }
}

/// Who has stolen a token, and its owner, each with what they hold.
#[tokio::test(start_paused = true)]
async fn whoever_comes_second_ends_the_session_for_both() {
    for (name, first, second) in
        [("the thief comes first", "thief", "owner"), ("the owner comes first", "owner", "thief")]
    {
        let origin = Origin::granting();
        let (one, other) = (origin.replica(), origin.replica());
        let stolen = session(&origin, &one, "alice", "a").await;
        let seen = refresh(&one, &stolen).await;
        assert_eq!(seen.word(), "granted", "{name}: {first}");
        origin.pass(3_600).await;
        assert_eq!(refresh(&other, &stolen).await.word(), "invalid_grant", "{name}: {second}");
        let asked = origin.exchanges();
        for replica in [&one, &other] {
            assert_eq!(refresh(replica, &seen.refresh_token()).await.word(), "invalid_grant", "{name}: {first} again");
        }
        assert_eq!(origin.exchanges(), asked, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_thief_within_the_minute_is_found_out_an_hour_later() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    let (owners, thiefs) = (refresh(&proxy, &token).await, refresh(&proxy, &token).await);
    origin.pass(3_600).await;
    let owners = refresh(&proxy, &owners.refresh_token()).await;
    assert_eq!(owners.word(), "granted");
    origin.pass(120).await;
    assert_eq!(
        refresh(&proxy, &thiefs.refresh_token()).await.word(),
        "invalid_grant",
        "it is as old as one that is spent"
    );
    assert_eq!(refresh(&proxy, &owners.refresh_token()).await.word(), "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn a_token_from_far_back_ends_the_session() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let mut tokens = vec![session(&origin, &proxy, "alice", "a").await];
    for hour in 0..5 {
        origin.pass(3_600).await;
        tokens.push(refresh(&proxy, &tokens[hour]).await.refresh_token());
    }
    assert_eq!(refresh(&proxy, &tokens[2]).await.word(), "invalid_grant");
    assert_eq!(refresh(&proxy, &tokens[5]).await.word(), "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn what_entra_could_not_answer_is_tried_again_however_late() {
    let origin = Origin::answering(|call| {
        Box::pin(ready(if call.number == 1 { status(503, &[("retry-after", "7")], "") } else { granted(&call) }))
    });
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    assert_eq!(refresh(&proxy, &token).await.status, 503);
    origin.pass(3_600).await;
    assert_eq!(refresh(&proxy, &token).await.word(), "granted");
    origin.pass(61).await;
    assert_eq!(refresh(&proxy, &token).await.word(), "invalid_grant", "and this use counts");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_before_the_answer_may_come_again_however_late() {
    let origin = Origin::answering(|call| {
        Box::pin(async move {
            if call.number == 1 {
                std::future::pending::<()>().await;
            }
            granted(&call)
        })
    });
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    assert!(tokio::time::timeout(Duration::from_secs(5), refresh(&proxy, &token)).await.is_err());
    settle().await;
    origin.pass(86_400).await;
    assert_eq!(refresh(&proxy, &token).await.word(), "granted");
}

/// The first one takes its record back, and another use beside it has brought a token.
#[tokio::test(start_paused = true)]
async fn a_use_that_brought_a_token_stays_recorded_when_one_beside_it_brought_none() {
    for (name, slow) in [("the first fails at the end", 1), ("the first fails at once", 2)] {
        let origin = Origin::answering(move |call| {
            Box::pin(async move {
                if call.number == slow {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                if call.number == 1 { status(503, &[("retry-after", "7")], "") } else { granted(&call) }
            })
        });
        let (one, other) = (origin.replica(), origin.replica());
        let token = session(&origin, &one, "alice", "a").await;
        let (first, second) = tokio::join!(refresh(&one, &token), async {
            tokio::time::sleep(Duration::from_millis(if slow == 1 { 100 } else { 0 })).await;
            refresh(&other, &token).await
        });
        assert_eq!((first.status, &*second.word()), (503, "granted"), "{name}");
        origin.pass(61).await;
        assert_eq!(refresh(&one, &token).await.word(), "invalid_grant", "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_life_revives_nothing() {
    let origin = Origin::granting();
    let with_life = |days: u64| {
        let life = Duration::from_secs(days * 86_400);
        origin.builder().with_store(origin.store.clone()).with_session_life(life).build().unwrap()
    };
    let (short, long) = (with_life(2), with_life(30));
    let token = session(&origin, &short, "alice", "a").await;
    let next = refresh(&short, &token).await.refresh_token();
    assert_eq!(revoke(&short, &next).await.status, 200);
    for _ in 0..4 {
        origin.pass(86_400).await;
        assert_eq!(refresh(&long, &next).await.word(), "invalid_grant");
        assert_eq!(refresh(&long, &token).await.word(), "invalid_grant");
    }
}

#[tokio::test(start_paused = true)]
async fn records_last_as_long_as_their_session() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    origin.pass(3_600).await;
    let next = refresh(&proxy, &token).await.refresh_token();
    revoke(&proxy, &next).await;
    let left = Duration::from_secs(7 * 86_400 - 3_600 + 60);
    for kind in ['r', 'e'] {
        let written = origin.store.written();
        let (_, _, life) = written.iter().find(|(name, ..)| name.starts_with(&format!("mcp-obo:1:{kind}:"))).unwrap();
        assert_eq!(*life, left, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_store_a_token_may_be_used_again_until_the_session_ends() {
    let origin = Origin::granting();
    let proxy = origin.builder().build().unwrap();
    let token = session(&origin, &proxy, "alice", "a").await;
    for _ in 0..3 {
        assert_eq!(refresh(&proxy, &token).await.word(), "granted");
        origin.pass(3_600).await;
    }
    origin.pass(7 * 86_400).await;
    assert_eq!(refresh(&proxy, &token).await.word(), "invalid_grant");
}
