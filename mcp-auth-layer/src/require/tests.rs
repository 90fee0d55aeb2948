//! The layer inside a bearer layer: what passes, what is refused, and readiness.

use std::convert::Infallible;

use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;

use super::*;
use crate::{
    bearer::{BearerLayer, Caller},
    bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, OptIn},
    policy::{AccessPolicy, ScopePolicy},
    reject::Rejection,
    testlog::Recorder,
    testtenant::{changed, claims, token, verifier},
};

async fn inner(_: Request<()>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(Bytes::from_static(b"inside")))
}

fn writers() -> RequireLayer {
    RequireLayer::new(ScopePolicy::all(["Posts.ReadWrite"]).unwrap())
}

fn request(claims: &Value) -> Request<()> {
    Request::builder().header(AUTHORIZATION, format!("Bearer {}", token(claims))).body(()).unwrap()
}

async fn answer(layer: RequireLayer, request: Request<()>) -> Response<Bytes> {
    let bearer = BearerLayer::with_verifier(verifier().0);
    bearer.layer(layer.layer(service_fn(inner))).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_route_asks_for_more_than_the_door() {
    let writer = changed(&[("scp", json!("access_as_user Posts.ReadWrite"))]);
    assert_eq!(answer(writers(), request(&writer)).await.body(), "inside");
    let refused = answer(writers(), request(&claims())).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("/Posts.ReadWrite\""), "{challenge}");
    assert!(matches!(refused.extensions().get(), Some(Rejection::Scope { .. })));
}

#[tokio::test]
async fn a_route_can_ask_for_a_stronger_sign_in() {
    let strong = || RequireLayer::new(AccessPolicy::default().require_authentication_context("c1").unwrap());
    let refused = answer(strong(), request(&claims())).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"insufficient_claims\"") && challenge.contains("claims=\""), "{challenge}");
    assert_eq!(answer(strong(), request(&changed(&[("acrs", json!(["c1"]))]))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_open_hatch_reaches_through() {
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let guard = BypassGuardLayer::new(policy.open(Hatch::NoAuthentication, OptIn::Yes).unwrap());
    let bearer = BearerLayer::with_verifier(verifier().0);
    let service = guard.layer(bearer.layer(writers().layer(service_fn(inner))));
    assert_eq!(service.oneshot(Request::new(())).await.unwrap().body(), "inside");
}

#[tokio::test]
async fn without_a_bearer_layer_outside_nothing_passes_and_the_log_says_why() {
    let (recorder, guard) = Recorder::start();
    let response = writers().layer(service_fn(inner)).oneshot(Request::new(())).await.unwrap();
    drop(guard);
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.body(), "");
    let said = recorder.events().iter().any(|event| event.fields.values().any(|value| value.contains("BearerLayer")));
    assert!(said, "{:?}", recorder.events());
}

#[tokio::test]
async fn the_wrong_order_is_the_same_mistake() {
    let bearer = BearerLayer::with_verifier(verifier().0);
    let service = writers().layer(bearer.layer(service_fn(inner)));
    assert_eq!(service.oneshot(request(&claims())).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_refusal_takes_no_place_of_the_inner_service() {
    let (service, mut handle) = mock::spawn_with(|inner| {
        let limited: ConcurrencyLimit<mock::Mock<Request<()>, Response<Bytes>>> = ConcurrencyLimit::new(inner, 1);
        writers().layer(limited)
    });
    handle.allow(2);
    let mut service = service.into_inner();
    for _ in 0..3 {
        let ready = service.ready().await.unwrap();
        assert_eq!(ready.call(Request::new(())).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[test]
fn it_is_send_sync_and_clone() {
    fn check<T: Send + Sync + Clone>(_: &T) {}
    check(&writers());
    check(&writers().layer(service_fn(inner)));
    fn future<T: Send>(_: &T) {}
    future(&writers().layer(service_fn(inner)).call(Request::new(())));
    let _: Option<Caller> = None;
}
