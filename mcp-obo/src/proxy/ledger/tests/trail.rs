//! What the audit trail says of sessions.

use super::*;
use crate::{
    testlog,
    testtenant::{TENANT, user_id},
};

/// The events of the trail, by the words that an alert would be built upon.
fn events() -> Vec<String> {
    let log = testlog::logged();
    log.lines().filter(|line| line.contains("mcp_obo::audit")).map(ToOwned::to_owned).collect()
}

fn field(event: &str, name: &str) -> Option<String> {
    let (_, rest) = event.split_once(&format!(" {name}="))?;
    Some(rest.split(' ').next()?.trim_matches('"').to_owned())
}

#[tokio::test(start_paused = true)]
async fn each_beginning_refresh_and_end_is_told_once_with_what_joins_them() {
    testlog::begin();
    let origin = Origin::granting();
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    let first = redeem(&proxy, &code).await;
    let next = refresh(&proxy, &first.refresh_token()).await;
    origin.pass(61).await;
    refresh(&proxy, &first.refresh_token()).await;
    refresh(&proxy, &next.refresh_token()).await;
    redeem(&proxy, &code).await;
    revoke(&proxy, &next.refresh_token()).await;
    proxy.forget_user(&user_id("alice")).await.unwrap();

    let events = events();
    let told: Vec<_> = events.iter().map(|event| (field(event, "decision").unwrap(), field(event, "reason"))).collect();
    let expected = [
        ("session_begun", None),
        ("session_refreshed", None),
        ("session_revoked", Some("reuse")),
        ("session_revoked", Some("code_replayed")),
        ("session_revoked", Some("asked")),
        ("session_revoked", Some("user_forgotten")),
    ];
    assert_eq!(told, expected.map(|(decision, reason)| (decision.to_owned(), reason.map(str::to_owned))));
    let digest = ClientDigest::of(CLIENT);
    let session = field(&events[0], "session").unwrap();
    for (place, event) in events.iter().enumerate() {
        let of_session = (place < 5).then_some(());
        assert_eq!(field(event, "client"), of_session.map(|()| digest.as_str().to_owned()), "{event}");
        assert_eq!(field(event, "session"), of_session.map(|()| session.clone()), "{event}");
        // Nobody was asked whose code it is.
        let person = (place != 3).then(|| "alice".to_owned());
        assert_eq!(field(event, "oid"), person, "{event}");
        assert_eq!(field(event, "tid"), person.map(|_| TENANT.to_owned()), "{event}");
        assert_eq!(field(event, "uti").is_some(), place < 2, "{event}");
        assert_eq!(field(event, "redirect_host").is_some(), matches!(place, 0 | 3), "{event}");
    }
    assert_eq!(field(&events[0], "redirect_host").unwrap(), "127.0.0.1");
    assert_eq!(field(&events[0], "uti").unwrap(), "id-of-token");
    assert_eq!(field(&events[1], "sequence").unwrap(), "0");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_could_be_used_is_logged() {
    testlog::begin();
    let origin = Origin::granting();
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    let first = redeem(&proxy, &code).await;
    let next = refresh(&proxy, &first.refresh_token()).await;
    redeem(&proxy, &code).await;
    revoke(&proxy, &next.refresh_token()).await;
    let access = next.json()["access_token"].as_str().unwrap().to_owned();
    let log = testlog::logged();
    assert!(log.contains("session_revoked"), "{log}");
    let (first, next) = (first.refresh_token(), next.refresh_token());
    for secret in [&*code, &first, &next, &access, "entra-code", "entra-refresh", VERIFIER, SECRET, "mcp-obo:1:"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    assert!(!format!("{proxy:?} {:?}", proxy.0.tokens).contains("entra"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_is_told_once_and_so_is_its_recovery() {
    use crate::teststore::Mood;
    testlog::begin();
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    origin.store.turn(Mood::Down);
    for _ in 0..5 {
        refresh(&proxy, &token).await;
    }
    origin.store.turn(Mood::Well);
    origin.pass(10).await;
    refresh(&proxy, &token).await;
    let log = testlog::logged();
    assert_eq!(log.matches("the store of the proxy's ledger fails").count(), 1, "{log}");
    assert_eq!(log.matches("the store of the proxy's ledger works again").count(), 1, "{log}");
    assert!(!log.contains("token cache"), "{log}");
}
