//! The service against a local tenant: who passes, who does not, and how many exchanges that costs.

use axum::{Router, body::Body};
use entra_emulator::{Config, Emulator, TokenSpec};
use http::{Request, StatusCode, header::AUTHORIZATION};
use http_body_util::BodyExt;
use mcp_auth_layer::EntraApp;
use mcp_obo::ClientSecret;
use tower::ServiceExt;

use crate::service;

async fn tenant() -> (Emulator, Router) {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let api = emulator.api_app();
    let app = EntraApp::single_tenant(emulator.tenant_id(), api.client_id()).unwrap();
    let app = app.with_authority_host(&emulator.http_url()).unwrap();
    let router = service::router(&app, ClientSecret::new(api.client_secret()), &emulator.http_url()).unwrap();
    (emulator, router)
}

async fn get(router: &Router, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_user_sees_their_own_profile_and_one_exchange_serves_two_calls() {
    let (emulator, router) = tenant().await;
    let token = emulator.mint(TokenSpec::user("alice"));
    for _ in 0..2 {
        let (status, body) = get(&router, "/me", Some(&token)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(body.contains("alice"), "{body}");
    }
    assert_eq!(emulator.counters().obo, 1);
}

#[tokio::test]
async fn the_open_route_stays_open_and_the_other_closed() {
    let (_emulator, router) = tenant().await;
    assert_eq!(get(&router, "/hello", None).await, (StatusCode::OK, "hello".to_owned()));
    assert_eq!(get(&router, "/me", None).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_step_up_reaches_the_caller_as_a_challenge() {
    let (emulator, router) = tenant().await;
    let token = emulator.mint(TokenSpec::user("mfa"));
    assert_eq!(get(&router, "/me", Some(&token)).await.0, StatusCode::UNAUTHORIZED);
}
