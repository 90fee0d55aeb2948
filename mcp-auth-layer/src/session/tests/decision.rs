//! The table of sessions, and the ids in it.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::super::{
    id::{SESSION_ID, SessionId},
    owner::Owner,
    table::{Bound, Sessions},
};
use crate::{principal::UserId, reject::SessionFault, tenant::TenantId, testtenant::TENANT};

fn user(object: &str, client: Option<&str>) -> Owner {
    let user = UserId::new(TenantId::parse(TENANT).unwrap(), object);
    Owner::User { user, client: client.map(Box::from) }
}

fn named(values: &[&[u8]]) -> Result<Option<SessionId>, SessionFault> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(SESSION_ID, HeaderValue::from_bytes(value).unwrap());
    }
    SessionId::named(&headers)
}

fn id(text: &str) -> SessionId {
    named(&[text.as_bytes()]).unwrap().unwrap()
}

const IDLE: Duration = Duration::from_secs(60);

#[test]
fn an_id_is_one_header_of_visible_ascii() {
    assert_eq!(named(&[]), Ok(None));
    for (name, values, expected) in [
        ("blank", vec![b"".as_slice()], SessionFault::Unknown),
        ("space", vec![b"a b"], SessionFault::Unknown),
        ("tab", vec![b"a\tb"], SessionFault::Unknown),
        ("beyond ASCII", vec![b"a\xff"], SessionFault::Unknown),
        ("two", vec![b"a", b"b"], SessionFault::Several),
        ("the same twice", vec![b"a", b"a"], SessionFault::Several),
        ("a blank one beside one", vec![b"a", b""], SessionFault::Several),
    ] {
        assert_eq!(named(&values), Err(expected), "{name}");
    }
    assert_eq!(id("a"), id("a"));
    assert_ne!(id("a"), id("A"), "ids are compared exactly");
    assert_ne!(id("a"), id("a,"));
    assert!(!format!("{:?}", id("marker")).contains("marker"));
}

#[tokio::test]
async fn only_the_owner_may_use_a_session() {
    let sessions = Sessions::new(10, IDLE);
    let alice = user("alice", Some("client"));
    assert_eq!(sessions.judge(id("a"), &alice), Err(SessionFault::Unknown), "the table starts empty");
    assert_eq!(sessions.bind(id("a"), &alice), Bound::ToThem);
    let app = |client: &str| Owner::App {
        tenant: TenantId::parse(TENANT).unwrap(),
        object: Some("alice".into()),
        client: Some(client.into()),
    };
    let subject =
        |issuer: &str| Owner::Subject { issuer: issuer.into(), subject: "alice".into(), client: Some("client".into()) };
    for (name, caller, expected) in [
        ("the owner", user("alice", Some("client")), Ok(())),
        ("another user", user("mallory", Some("client")), Err(SessionFault::OfAnother)),
        ("another case", user("Alice", Some("client")), Err(SessionFault::OfAnother)),
        ("another client", user("alice", Some("other")), Err(SessionFault::OfAnother)),
        ("no client", user("alice", None), Err(SessionFault::OfAnother)),
        ("an app of that object id", app("client"), Err(SessionFault::OfAnother)),
        ("a subject of that name", subject("https://issuer.example"), Err(SessionFault::OfAnother)),
        ("nobody", Owner::Nobody, Err(SessionFault::OfAnother)),
    ] {
        assert_eq!(sessions.judge(id("a"), &caller), expected, "{name}");
    }
    assert_eq!(sessions.judge(id("b"), &alice), Err(SessionFault::Unknown));
}

#[tokio::test]
async fn the_first_owner_keeps_a_session_until_it_is_unbound() {
    let sessions = Sessions::new(10, IDLE);
    let (alice, mallory) = (user("alice", None), user("mallory", None));
    assert_eq!(sessions.bind(id("a"), &alice), Bound::ToThem);
    assert_eq!(sessions.bind(id("a"), &alice), Bound::ToThem, "again");
    assert_eq!(sessions.bind(id("a"), &mallory), Bound::ToAnother);
    assert_eq!(sessions.judge(id("a"), &mallory), Err(SessionFault::OfAnother));
    assert_eq!(sessions.judge(id("a"), &alice), Ok(()));
    sessions.unbind(id("a"));
    assert_eq!(sessions.judge(id("a"), &alice), Err(SessionFault::Unknown));
    assert_eq!(sessions.bind(id("a"), &mallory), Bound::ToThem);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_its_owner_did_not_use_it_for_too_long() {
    let sessions = Sessions::new(10, IDLE);
    let (alice, mallory) = (user("alice", None), user("mallory", None));
    sessions.bind(id("a"), &alice);
    for _ in 0..5 {
        tokio::time::advance(IDLE).await;
        assert_eq!(sessions.judge(id("a"), &alice), Ok(()), "each use counts");
    }
    tokio::time::advance(IDLE / 2).await;
    assert_eq!(sessions.judge(id("a"), &mallory), Err(SessionFault::OfAnother), "a refusal is no use");
    tokio::time::advance(IDLE / 2 + Duration::from_millis(1)).await;
    assert_eq!(sessions.judge(id("a"), &alice), Err(SessionFault::Unknown));
    assert_eq!(sessions.judge(id("a"), &alice), Err(SessionFault::Unknown), "and stays ended");
    assert_eq!(sessions.bind(id("a"), &mallory), Bound::ToThem, "nothing of it is kept");
}

#[tokio::test]
async fn the_table_is_bounded_and_a_new_session_always_finds_room() {
    let sessions = Sessions::new(4, IDLE);
    let alice = user("alice", None);
    for number in 0..1_000 {
        let new = id(&number.to_string());
        sessions.bind(new, &alice);
        assert_eq!(sessions.judge(new, &alice), Ok(()), "session {number} works at once");
        sessions.tidy();
    }
    let known = (0..1_000).filter(|number| sessions.judge(id(&number.to_string()), &alice).is_ok()).count();
    assert_eq!(known, 4);
    assert_eq!(sessions.judge(id("999"), &alice), Ok(()), "the latest is one of them");
}

#[tokio::test]
async fn a_table_without_room_knows_no_session() {
    let sessions = Sessions::new(0, IDLE);
    let alice = user("alice", None);
    sessions.bind(id("a"), &alice);
    sessions.tidy();
    assert_eq!(sessions.judge(id("a"), &alice), Err(SessionFault::Unknown));
}
