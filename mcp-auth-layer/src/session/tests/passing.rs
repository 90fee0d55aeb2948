//! Requests through the bearer layer and this one.

use std::{convert::Infallible, task::Poll};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;

use super::super::{ResponseFuture, SessionBinding, SessionBindingLayer, id::SESSION_ID};
use crate::{
    audit,
    bearer::{BearerLayer, Caller},
    bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, OptIn, Permit},
    reject::Rejection,
    respond::JsonRpc,
    testlog::Recorder,
    testtenant::{changed, claims, token, verifier},
};

type Answer = Response<Bytes>;

fn alice() -> Value {
    claims()
}

fn mallory() -> Value {
    changed(&[("oid", json!("00000000-0000-0000-0000-0000000000bb"))])
}

/// A server that opens a session for every request without one, and ends the one that `DELETE` names.
///
/// The session's id is the request's path, so that a test chooses it; `/refuse` ends none, and `/confused/…` names that one
/// whatever was asked.
async fn server(request: Request<()>) -> Result<Answer, Infallible> {
    let mut response = Response::new(Bytes::from_static(b"served"));
    if request.uri().path() == "/refuse" {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    } else if let Some(another) = request.uri().path().strip_prefix("/confused/") {
        response.headers_mut().insert(SESSION_ID, another.parse().unwrap());
    } else if !request.headers().contains_key(SESSION_ID) {
        response.headers_mut().insert(SESSION_ID, request.uri().path()[1..].parse().unwrap());
    }
    Ok(response)
}

/// The whole stack, with the hatches of these permits open.
fn stack(
    permits: impl IntoIterator<Item = Permit>,
) -> impl Service<Request<()>, Response = Answer, Error = Infallible, Future: Send> + Clone {
    ServiceBuilder::new()
        .layer(BypassGuardLayer::new(permits))
        .layer(BearerLayer::with_verifier(verifier().0).respond_with(JsonRpc))
        .layer(SessionBindingLayer::default())
        .service(service_fn(server))
}

fn request(method: Method, path: &str, who: Option<&Value>, sessions: &[&str]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path).body(()).unwrap();
    if let Some(claims) = who {
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", token(claims)).parse().unwrap());
    }
    for session in sessions {
        request.headers_mut().append(SESSION_ID, session.parse().unwrap());
    }
    request
}

async fn send(
    stack: &(impl Service<Request<()>, Response = Answer, Error = Infallible> + Clone),
    request: Request<()>,
) -> Answer {
    stack.clone().oneshot(request).await.unwrap()
}

fn reason(answer: &Answer) -> &'static str {
    answer.extensions().get::<Rejection>().map_or("none", Rejection::reason)
}

#[tokio::test]
async fn a_session_serves_the_caller_who_opened_it_and_nobody_else() {
    let stack = stack([]);
    let opened = send(&stack, request(Method::POST, "/s1", Some(&alice()), &[])).await;
    assert_eq!((opened.status(), &opened.headers()[SESSION_ID]), (StatusCode::OK, &"s1".parse().unwrap()));
    let refreshed = changed(&[("uti", json!("next")), ("iat", json!(1_800_000_001))]);
    let other_client = changed(&[("azp", json!("another"))]);
    for method in [Method::POST, Method::GET, Method::DELETE] {
        for (name, who, sessions, expected) in [
            ("another user", mallory(), vec!["s1"], "session_of_another"),
            ("another client", other_client.clone(), vec!["s1"], "session_of_another"),
            ("a session never seen", alice(), vec!["s2"], "unknown_session"),
            ("another case", alice(), vec!["S1"], "unknown_session"),
            ("a blank session", alice(), vec![""], "unknown_session"),
            ("two sessions", alice(), vec!["s1", "s2"], "several_sessions"),
            ("the same twice", alice(), vec!["s1", "s1"], "several_sessions"),
        ] {
            let answer = send(&stack, request(method.clone(), "/", Some(&who), &sessions)).await;
            assert_eq!((answer.status(), reason(&answer)), (StatusCode::NOT_FOUND, expected), "{method}: {name}");
        }
    }
    for (name, who) in [("the same token", alice()), ("a refreshed token", refreshed)] {
        let answer = send(&stack, request(Method::POST, "/", Some(&who), &["s1"])).await;
        assert_eq!(answer.body(), "served", "{name}");
    }
}

#[tokio::test]
async fn what_is_refused_looks_the_same_whether_the_session_exists_or_not() {
    let stack = stack([]);
    send(&stack, request(Method::POST, "/s1", Some(&alice()), &[])).await;
    let exists = send(&stack, request(Method::POST, "/", Some(&mallory()), &["s1"])).await;
    let unknown = send(&stack, request(Method::POST, "/", Some(&mallory()), &["s2"])).await;
    assert_eq!(exists.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        (exists.status(), exists.headers(), exists.body()),
        (unknown.status(), unknown.headers(), unknown.body())
    );
    assert!(!exists.headers().contains_key("www-authenticate"), "no other token would help");
    let body: Value = serde_json::from_slice(exists.body()).unwrap();
    assert_eq!(body["error"]["message"], "there is no such session");
}

#[tokio::test]
async fn a_delete_ends_a_session_when_it_succeeds() {
    let stack = stack([]);
    send(&stack, request(Method::POST, "/s1", Some(&alice()), &[])).await;
    let refused = send(&stack, request(Method::DELETE, "/refuse", Some(&alice()), &["s1"])).await;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(send(&stack, request(Method::POST, "/", Some(&alice()), &["s1"])).await.body(), "served");
    assert_eq!(send(&stack, request(Method::DELETE, "/", Some(&alice()), &["s1"])).await.body(), "served");
    let after = send(&stack, request(Method::POST, "/", Some(&alice()), &["s1"])).await;
    assert_eq!((after.status(), reason(&after)), (StatusCode::NOT_FOUND, "unknown_session"));
}

#[tokio::test]
async fn an_id_that_is_anothers_is_taken_from_the_response() {
    let stack = stack([]);
    send(&stack, request(Method::POST, "/s1", Some(&alice()), &[])).await;
    let (recorder, _guard) = Recorder::start();
    let confused = send(&stack, request(Method::POST, "/s1", Some(&mallory()), &[])).await;
    assert_eq!((confused.body().as_ref(), confused.headers().get(SESSION_ID)), (b"served".as_slice(), None));
    assert!(recorder.events().iter().any(|event| event.level == tracing::Level::ERROR));
    assert_eq!(
        reason(&send(&stack, request(Method::POST, "/", Some(&mallory()), &["s1"])).await),
        "session_of_another"
    );
    assert_eq!(send(&stack, request(Method::POST, "/", Some(&alice()), &["s1"])).await.body(), "served");
}

#[tokio::test]
async fn the_answer_to_a_delete_names_no_session() {
    let stack = stack([]);
    send(&stack, request(Method::POST, "/s1", Some(&alice()), &[])).await;
    for named in ["s1", "s2"] {
        send(&stack, request(Method::POST, "/s2", Some(&mallory()), &[])).await;
        let path = format!("/confused/{named}");
        let ended = send(&stack, request(Method::DELETE, &path, Some(&mallory()), &["s2"])).await;
        assert_eq!((ended.body().as_ref(), ended.headers().get(SESSION_ID)), (b"served".as_slice(), None), "{named}");
        let after = send(&stack, request(Method::POST, "/", Some(&mallory()), &["s2"])).await;
        assert_eq!(reason(&after), "unknown_session", "{named}");
    }
    assert_eq!(send(&stack, request(Method::POST, "/", Some(&alice()), &["s1"])).await.body(), "served");
}

#[tokio::test]
async fn an_id_that_could_not_be_used_is_taken_from_the_response() {
    for (name, ids) in [("two ids", vec!["s1", "s2"]), ("a blank id", vec![""]), ("no visible ASCII", vec!["a b"])] {
        let (mut service, mut handle) =
            mock::spawn_layer::<Request<()>, Response<String>, _>(SessionBindingLayer::default());
        handle.allow(1);
        assert_ready_ok!(service.poll_ready());
        let answer = service.call(inner_request(None));
        let mut response = Response::new("inside".to_owned());
        for id in ids {
            response.headers_mut().append(SESSION_ID, id.parse().unwrap());
        }
        handle.next_request().await.unwrap().1.send_response(response);
        let answer = answer.await.unwrap();
        assert_eq!((answer.body().as_str(), answer.headers().get(SESSION_ID)), ("inside", None), "{name}");
    }
}

#[tokio::test]
async fn what_nobody_opened_only_nobody_may_use() {
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let open = |hatch| policy.open(hatch, OptIn::Yes).unwrap().unwrap();
    let stack = stack([open(Hatch::NoAuthentication), open(Hatch::ForeignBearer)]);
    let graph = changed(&[("aud", json!("https://graph.microsoft.com"))]);
    let graph_of_another = changed(&[("aud", json!("https://graph.microsoft.com")), ("oid", json!("bb"))]);
    let (user, foreign, foreigner) = (Some(alice()), Some(graph), Some(graph_of_another));
    for (path, who) in [("/nobody", &None), ("/alice", &user), ("/foreign", &foreign)] {
        let opened = send(&stack, request(Method::POST, path, who.as_ref(), &[])).await;
        assert_eq!(opened.headers()[SESSION_ID], path[1..], "{path}");
    }
    for (name, who, session, expected) in [
        ("nobody in nobody's", &None, "nobody", "none"),
        ("a user in nobody's", &user, "nobody", "session_of_another"),
        ("a foreign token in nobody's", &foreign, "nobody", "session_of_another"),
        ("nobody in a user's", &None, "alice", "session_of_another"),
        ("a foreign token in a user's", &foreign, "alice", "session_of_another"),
        ("a foreign token in its own", &foreign, "foreign", "none"),
        ("another foreign token", &foreigner, "foreign", "session_of_another"),
        ("nobody in a foreign token's", &None, "foreign", "session_of_another"),
    ] {
        let answer = send(&stack, request(Method::POST, "/", who.as_ref(), &[session])).await;
        assert_eq!(reason(&answer), expected, "{name}");
    }
}

#[tokio::test]
async fn refuses_by_default() {
    let service = SessionBindingLayer::default().layer(service_fn(server));
    for sessions in [vec![], vec!["s1"]] {
        let answer = service.clone().oneshot(request(Method::POST, "/s1", None, &sessions)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "without a bearer layer outside");
        assert!(answer.body().is_empty() && !answer.headers().contains_key(SESSION_ID));
    }
    let wrong_order =
        SessionBindingLayer::default().layer(BearerLayer::with_verifier(verifier().0).layer(service_fn(server)));
    let answer = wrong_order.oneshot(request(Method::POST, "/s1", Some(&alice()), &[])).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "with the bearer layer inside");
}

#[tokio::test]
async fn a_restart_forgets_every_session() {
    send(&stack([]), request(Method::POST, "/s1", Some(&alice()), &[])).await;
    let answer = send(&stack([]), request(Method::POST, "/", Some(&alice()), &["s1"])).await;
    assert_eq!((answer.status(), reason(&answer)), (StatusCode::NOT_FOUND, "unknown_session"));
}

#[tokio::test]
async fn clones_of_the_layer_share_the_table_and_new_limits_start_a_new_one() {
    let layer = SessionBindingLayer::default();
    let around = |layer: &SessionBindingLayer| {
        BearerLayer::with_verifier(verifier().0).layer(layer.clone().layer(service_fn(server)))
    };
    around(&layer).oneshot(request(Method::POST, "/s1", Some(&alice()), &[])).await.unwrap();
    let empty = layer.clone().with_capacity(5).with_idle(std::time::Duration::from_secs(5));
    for (name, layer, status) in [("clone", layer, 200), ("with other limits", empty, 404)] {
        let answer = around(&layer).oneshot(request(Method::POST, "/", Some(&alice()), &["s1"])).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_is_audited_with_who_it_was_and_without_the_id() {
    let stack = stack([]);
    send(&stack, request(Method::POST, "/marker", Some(&alice()), &[])).await;
    let (recorder, _guard) = Recorder::start();
    send(&stack, request(Method::POST, "/", Some(&mallory()), &["marker"])).await;
    let events = recorder.events();
    let refused = |event: &&crate::testlog::Recorded| event.fields.get("decision").is_some_and(|one| one == "refused");
    let refused = events.iter().find(refused).unwrap();
    assert_eq!((refused.target.as_str(), refused.fields["reason"].as_str()), (audit::TARGET, "session_of_another"));
    assert!(refused.fields["oid"].contains("0000000000bb"), "{refused:?}");
    assert!(!format!("{events:?}").contains("marker"), "{events:#?}");
}

/// A request as the bearer layer hands it on.
fn inner_request(session: Option<&str>) -> Request<()> {
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let permit = policy.open(Hatch::NoAuthentication, OptIn::Yes).unwrap().unwrap();
    let mut request = request(Method::POST, "/", None, session.as_slice());
    request.extensions_mut().insert(Caller::Anonymous(permit));
    request
}

#[tokio::test]
async fn a_refused_request_never_reaches_the_service_and_its_error_is_unchanged() {
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<()>, Response<String>, _>(SessionBindingLayer::default());
    handle.allow(2);
    assert_ready_ok!(service.poll_ready());
    let refused = service.call(inner_request(Some("s1")));
    assert_eq!(refused.await.unwrap().status(), StatusCode::NOT_FOUND);
    assert!(matches!(handle.poll_request(), Poll::Pending));
    assert_ready_ok!(service.poll_ready());
    let failed = service.call(inner_request(None));
    handle.next_request().await.unwrap().1.send_error("broken inside");
    assert_eq!(failed.await.unwrap_err().to_string(), "broken inside");
}

#[tokio::test]
async fn readiness_holds_under_a_concurrency_limit_of_one() {
    let (mut service, mut handle) =
        mock::spawn_with(|inner| SessionBindingLayer::default().layer(ConcurrencyLimit::new(inner, 1)));
    handle.allow(8);
    for _ in 0..3 {
        assert_ready_ok!(service.poll_ready());
        let refused = service.call(inner_request(Some("s1")));
        assert_eq!(refused.await.unwrap().status(), StatusCode::NOT_FOUND);

        assert_ready_ok!(service.poll_ready(), "a refusal gives its permit to the next request");
        let response = service.call(inner_request(None));
        assert_pending!(service.poll_ready(), "the one permit is taken");
        handle.next_request().await.unwrap().1.send_response(Response::new("inside".to_owned()));
        assert_eq!(response.await.unwrap().body(), "inside");
    }
}

#[test]
fn everything_can_be_sent_shared_and_cloned() {
    fn all<T: Clone + Send + Sync + 'static>() {}
    all::<SessionBindingLayer>();
    all::<SessionBinding<()>>();
    fn sent<T: Send>() {}
    sent::<ResponseFuture<std::future::Ready<()>, String>>();
}
