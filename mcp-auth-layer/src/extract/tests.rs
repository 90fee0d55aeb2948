//! What handlers get, and what callers get instead.

use axum::{Router, body::Body, response::Response, routing::get};
use http::{
    Request, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    bearer::BearerLayer,
    bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, OptIn},
    testlog::Recorder,
    testtenant::{changed, claims, token, verifier},
};

struct Write;

impl RequiredScopes for Write {
    const ALL: &'static [&'static str] = &["access_as_user", "Posts.ReadWrite"];
}

struct Malformed;

impl RequiredScopes for Malformed {
    const ALL: &'static [&'static str] = &["two words"];
}

fn routes() -> Router {
    Router::new()
        .route("/caller", get(|_: Caller| async { "caller" }))
        .route("/token", get(|token: VerifiedToken| async move { format!("{:?}", token.claims().client_id()) }))
        .route("/maybe", get(|token: Option<VerifiedToken>| async move { token.is_some().to_string() }))
        .route(
            "/write",
            get(|caller: Scoped<Write>| async move { format!("{:?}", caller.token().claims().client_id()) }),
        )
        .route("/may-write", get(|caller: Option<Scoped<Write>>| async move { caller.is_some().to_string() }))
        .route("/malformed", get(|_: Scoped<Malformed>| async { "never" }))
}

/// The routes behind a bearer layer and a guard that lets callers without a credential in.
fn service() -> Router {
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let guard = BypassGuardLayer::new(policy.open(Hatch::NoAuthentication, OptIn::Yes).unwrap());
    routes().layer((guard, BearerLayer::with_verifier(verifier().0)))
}

async fn answer(path: &str, claims: Option<&Value>) -> Response {
    let mut request = Request::get(path);
    if let Some(claims) = claims {
        request = request.header(AUTHORIZATION, format!("Bearer {}", token(claims)));
    }
    service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(axum::body::to_bytes(response.into_body(), 1_000).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_handler_gets_the_caller_that_it_asks_for() {
    let writer = changed(&[("scp", json!("access_as_user Posts.ReadWrite"))]);
    for (path, claims, expected) in [
        ("/caller", None, "caller"),
        ("/token", Some(&claims()), "Some(\"client\")"),
        ("/maybe", Some(&claims()), "true"),
        ("/maybe", None, "false"),
        ("/write", Some(&writer), "Some(\"client\")"),
        ("/may-write", Some(&writer), "true"),
        ("/may-write", Some(&claims()), "false"),
    ] {
        let response = answer(path, claims).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(text(response).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_caller_who_is_not_what_the_handler_asks_for_is_told_so() {
    for (path, claims, status, part) in [
        ("/token", None, StatusCode::UNAUTHORIZED, "Bearer realm="),
        ("/write", None, StatusCode::UNAUTHORIZED, "Bearer realm="),
        (
            "/write",
            Some(&claims()),
            StatusCode::FORBIDDEN,
            "/Posts.ReadWrite 11111111-2222-3333-4444-555555555555/access_as_user\"",
        ),
    ] {
        let response = answer(path, claims).await;
        assert_eq!(response.status(), status, "{path}");
        let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains(part), "{path}: {challenge}");
    }
}

#[tokio::test]
async fn malformed_scopes_are_the_services_mistake() {
    assert_eq!(answer("/malformed", Some(&claims())).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn without_the_layer_nobody_is_anybody_and_the_log_says_why() {
    for path in ["/caller", "/token", "/maybe", "/write", "/may-write"] {
        let (recorder, guard) = Recorder::start();
        let response = routes().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        drop(guard);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(recorder.events().iter().any(|event| event.fields["missing"].contains("BearerLayer")), "{path}");
    }
}
