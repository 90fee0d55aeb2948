//! A code is good once.

use super::*;
use crate::testtenant::settle;

#[tokio::test(start_paused = true)]
async fn a_replayed_code_is_refused_and_ends_what_came_of_it() {
    let origin = Origin::granting();
    let (one, other) = (origin.replica(), origin.replica());
    let (code, others) = (origin.code("alice", "a"), session(&origin, &one, "alice", "b").await);
    let token = redeem(&one, &code).await.refresh_token();
    assert_eq!(redeem(&other, &code).await.word(), "invalid_grant");
    for replica in [&one, &other] {
        assert_eq!(refresh(replica, &token).await.word(), "invalid_grant");
    }
    assert_eq!(origin.exchanges(), 2, "and Entra heard nothing of it");
    assert_eq!(refresh(&other, &others).await.word(), "granted", "the same person's other session goes on");
}

#[tokio::test(start_paused = true)]
async fn of_parallel_redemptions_exactly_one_reaches_entra() {
    let origin = Origin::answering(|call| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            granted(&call)
        })
    });
    let (one, other) = (origin.replica(), origin.replica());
    let code = origin.code("alice", "a");
    let seen = tokio::join!(redeem(&one, &code), redeem(&other, &code), redeem(&one, &code), redeem(&other, &code));
    assert_eq!(origin.exchanges(), 1);
    for seen in [seen.0, seen.1, seen.2, seen.3] {
        assert_eq!(seen.word(), "invalid_grant", "somebody has the code who should not, and nobody knows who it is");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_of_one_sign_in_is_the_same_in_every_text() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    // A browser came back twice.
    let (one, other) = (origin.code("alice", "a"), origin.code("alice", "a"));
    assert_ne!(one, other);
    assert_eq!(redeem(&proxy, &one).await.word(), "granted");
    assert_eq!(redeem(&proxy, &other).await.word(), "invalid_grant");
    assert_eq!(origin.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_proves_nothing_uses_nothing_up_and_ends_nothing() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let (code, foreign) = (origin.code("alice", "a"), origin.code_for(OTHER, "alice", "b"));
    assert_eq!(redeem_with(&proxy, &code, CHALLENGE).await.word(), "invalid_grant");
    assert_eq!(redeem(&proxy, &foreign).await.word(), "invalid_grant");
    assert_eq!(origin.store.asked(), 0);
    let token = redeem(&proxy, &code).await.refresh_token();
    assert_eq!(redeem_with(&proxy, &code, CHALLENGE).await.word(), "invalid_grant");
    assert_eq!(refresh(&proxy, &token).await.word(), "granted");
}

#[tokio::test(start_paused = true)]
async fn a_redemption_that_entra_could_not_answer_is_tried_again() {
    let origin = Origin::answering(failing(2));
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    for expected in ["temporarily_unavailable", "temporarily_unavailable", "granted", "invalid_grant"] {
        assert_eq!(redeem(&proxy, &code).await.word(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_before_the_answer_may_come_again() {
    let origin = Origin::answering(|call| {
        Box::pin(async move {
            if call.number == 0 {
                std::future::pending::<()>().await;
            }
            granted(&call)
        })
    });
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    let patience = Duration::from_secs(5);
    assert!(tokio::time::timeout(patience, redeem(&proxy, &code)).await.is_err());
    settle().await;
    assert_eq!(redeem(&proxy, &code).await.word(), "granted");
    assert_eq!(redeem(&proxy, &code).await.word(), "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_entra_refuses_is_refused() {
    let origin = Origin::answering(|_| Box::pin(ready(refused("invalid_grant", 54_005, json!({})))));
    assert_eq!(redeem(&origin.replica(), &origin.code("alice", "a")).await.word(), "invalid_grant");
}

#[tokio::test(start_paused = true)]
async fn its_record_outlasts_a_code_by_every_clock() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    redeem(&proxy, &origin.code("alice", "a")).await;
    let (name, _, life) = &origin.store.written()[0];
    assert!(name.starts_with("mcp-obo:1:c:"), "{name}");
    assert_eq!(*life, Duration::from_secs(5 * 60 + 60));
}

#[tokio::test(start_paused = true)]
async fn without_a_store_a_code_is_good_once_by_entras_word() {
    let origin = Origin::answering(|call| {
        Box::pin(ready(match call.number {
            0 => granted(&call),
            _ => refused("invalid_grant", 54_005, json!({})),
        }))
    });
    let proxy = origin.builder().build().unwrap();
    let code = origin.code("alice", "a");
    assert_eq!(redeem(&proxy, &code).await.word(), "granted");
    assert_eq!(redeem(&proxy, &code).await.word(), "invalid_grant");
    assert_eq!(origin.exchanges(), 2);
}
