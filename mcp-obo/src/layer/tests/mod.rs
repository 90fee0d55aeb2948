//! The layer around services: wiring, readiness, prefetch, raised errors.

#[cfg(feature = "axum")]
mod axum;
mod challenges;

use std::{
    convert::Infallible,
    future::ready,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{StatusCode, header::WWW_AUTHENTICATE};
use mcp_auth_layer::reject::TokenFault;
use mcp_auth_layer::{
    BearerLayer,
    bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, OptIn},
};
use tower::{ServiceBuilder, ServiceExt as _, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;

use super::*;
use crate::{
    ExchangeErrorKind, testlog,
    testtenant::{Tenant, granted, refused, status, step_up, token_text},
};

type Answer = Response<Bytes>;

/// A handler that asks for a Graph token and answers with it, or raises.
async fn act(request: Request<()>) -> Result<Answer, Infallible> {
    let user = OnBehalfOf::from_extensions(request.extensions()).unwrap();
    Ok(Response::new(match user.token(&Target::graph()).await {
        Ok(token) => Bytes::from(token.expose_secret().to_owned()),
        Err(error) => {
            user.raise(&error);
            Bytes::from("the tool's own answer")
        }
    }))
}

/// The whole family around [`act`], and the layer's own prefetch for the tool `getMessages`.
fn stack(
    tenant: &Tenant,
) -> impl Service<Request<()>, Response = Answer, Error = Infallible, Future: Send> + Clone + Send + use<> {
    ServiceBuilder::new()
        .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
        .layer(OboLayer::new(tenant.exchange()).prefetch("getMessages", &Target::graph()))
        .service_fn(act)
}

async fn bearer(tenant: &Tenant, name: &str) -> Request<()> {
    let token = tenant.user(name).await;
    Request::get("/").header("authorization", format!("Bearer {}", token.bearer().expose_secret())).body(()).unwrap()
}

/// The call of a tool as MCP 2026-07-28 sends it.
async fn tool_call(tenant: &Tenant) -> Request<()> {
    let mut request = bearer(tenant, "alice").await;
    for (name, value) in
        [("mcp-method", "tools/call"), ("mcp-name", "getMessages"), ("mcp-protocol-version", "2026-07-28")]
    {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

fn challenge(response: &Answer) -> &str {
    response.headers()[WWW_AUTHENTICATE].to_str().unwrap()
}

#[tokio::test]
async fn a_handler_gets_the_callers_token_and_only_when_it_asks() {
    let tenant = Tenant::granting();
    let response = stack(&tenant).oneshot(bearer(&tenant, "alice").await).await.unwrap();
    assert_eq!(response.body(), &token_text(0));

    let idle = ServiceBuilder::new()
        .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
        .layer(OboLayer::new(tenant.exchange()))
        .service_fn(async |_: Request<()>| Ok::<Answer, Infallible>(Response::new(Bytes::from_static(b"tools/list"))));
    assert_eq!(idle.oneshot(bearer(&tenant, "alice").await).await.unwrap().body(), "tools/list");
    assert_eq!(tenant.exchanges(), 1, "the idle request cost none");
}

#[tokio::test]
async fn not_wired_is_a_500_and_one_line_that_says_how() {
    let tenant = Tenant::granting();
    testlog::begin();
    let reached = AtomicUsize::new(0);
    let inner = service_fn(|_: Request<()>| {
        reached.fetch_add(1, Ordering::SeqCst);
        async { Ok::<Answer, Infallible>(Response::default()) }
    });
    let service = OboLayer::new(tenant.exchange()).layer(inner);
    for _ in 0..3 {
        let response = service.clone().oneshot(bearer(&tenant, "alice").await).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0, "never a pass");
    let log = testlog::logged();
    assert_eq!(log.matches("BearerLayer must stand outside OboLayer").count(), 1, "{log}");
    assert!(log.contains("ERROR"), "{log}");
    let nowhere = http::Extensions::new();
    assert_eq!(OnBehalfOf::from_extensions(&nowhere).unwrap_err(), Rejection::NotWired { missing: "OboLayer" });
}

#[tokio::test]
async fn the_wrong_order_is_a_500_and_not_a_pass() {
    let tenant = Tenant::granting();
    let service = ServiceBuilder::new()
        .layer(OboLayer::new(tenant.exchange()))
        .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
        .service_fn(act);
    let response = service.oneshot(bearer(&tenant, "alice").await).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn an_anonymous_caller_has_a_handle_that_says_so() {
    let tenant = Tenant::granting();
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let permit = policy.open(Hatch::NoAuthentication, OptIn::Yes).unwrap();
    let seen = async |request: Request<()>| {
        let user = OnBehalfOf::from_extensions(request.extensions()).unwrap();
        let plain = user.token(&Target::graph()).await.unwrap_err();
        let claims = user.token_with_claims(&Target::graph(), "{}").await.unwrap_err();
        assert_eq!((plain.kind(), claims.kind()), (ExchangeErrorKind::NoUser, ExchangeErrorKind::NoUser));
        Ok::<Answer, Infallible>(plain.rejection().into_response())
    };
    let service = ServiceBuilder::new()
        .layer(BypassGuardLayer::new(permit))
        .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
        .layer(OboLayer::new(tenant.exchange()).prefetch("getMessages", &Target::graph()))
        .service_fn(seen);
    let mut request = tool_call(&tenant).await;
    request.headers_mut().remove("authorization");
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test]
async fn a_raised_error_takes_the_place_of_the_response() {
    let outage = status(503, &[("retry-after", "9")], "");
    let consent = refused("invalid_grant", 65_001, serde_json::json!({"suberror": "consent_required"}));
    for (name, refusal, code, expected) in [
        ("step-up", step_up(), 401, "insufficient_claims"),
        ("consent", consent, 403, "Bearer"),
        ("outage", outage, 503, ""),
    ] {
        let tenant = Tenant::answering(move |_| Box::pin(ready(refusal.clone())));
        let response = stack(&tenant).oneshot(bearer(&tenant, "alice").await).await.unwrap();
        assert_eq!(response.status().as_u16(), code, "{name}");
        assert!(response.body().is_empty(), "{name}: not the tool's");
        match code {
            503 => assert_eq!(response.headers()["retry-after"], "9"),
            _ => assert!(challenge(&response).contains(expected), "{name}: {}", challenge(&response)),
        }
    }
}

#[test]
fn the_first_error_that_is_raised_stays() {
    let handle = OnBehalfOf::new(Tenant::granting().exchange(), None);
    handle.raise(&ExchangeErrorKind::AssertionExpired.into());
    handle.clone().raise(&ExchangeErrorKind::Configuration.into());
    assert_eq!(handle.take_raised(), Some(TokenFault::AssertionExpired.into()));
    assert_eq!(handle.take_raised(), None);
}

#[tokio::test]
async fn an_error_that_a_handler_copes_with_leaves_its_response_alone() {
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let coping = async |request: Request<()>| {
        let user = OnBehalfOf::from_extensions(request.extensions()).unwrap().clone();
        assert!(user.token(&Target::graph()).await.is_err());
        Ok::<Answer, Infallible>(Response::new(Bytes::from_static(b"without Graph")))
    };
    let service = ServiceBuilder::new()
        .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
        .layer(OboLayer::new(tenant.exchange()))
        .service_fn(coping);
    let response = service.oneshot(bearer(&tenant, "alice").await).await.unwrap();
    assert_eq!((response.status(), response.body().as_ref()), (StatusCode::OK, b"without Graph".as_ref()));
}

#[tokio::test]
async fn a_declared_tools_step_up_comes_before_the_service() {
    let reached = Arc::new(AtomicUsize::new(0));
    let consent = refused("invalid_grant", 65_001, serde_json::json!({}));
    for (name, answer, code, calls) in [
        ("granted", granted(0), 200, 1),
        ("step-up", step_up(), 401, 0),
        ("revoked", refused("invalid_grant", 50_173, serde_json::json!({})), 401, 0),
        // Signing in again cures none of these: the tool reports them in its own words.
        ("consent", consent, 200, 1),
        ("outage", status(503, &[("retry-after", "5")], ""), 200, 1),
    ] {
        let tenant = Tenant::answering(move |_| Box::pin(ready(answer.clone())));
        reached.store(0, Ordering::SeqCst);
        let counter = Arc::clone(&reached);
        let tool = move |request: Request<()>| {
            counter.fetch_add(1, Ordering::SeqCst);
            async move {
                let user = OnBehalfOf::from_extensions(request.extensions()).unwrap();
                let outcome = user.token(&Target::graph()).await;
                Ok::<Answer, Infallible>(Response::new(Bytes::from(outcome.is_ok().to_string())))
            }
        };
        let service = ServiceBuilder::new()
            .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
            .layer(OboLayer::new(tenant.exchange()).prefetch("getMessages", &Target::graph()))
            .service_fn(tool);
        let response = service.oneshot(tool_call(&tenant).await).await.unwrap();
        assert_eq!((response.status().as_u16(), reached.load(Ordering::SeqCst)), (code, calls), "{name}");
        assert_eq!(tenant.exchanges(), 1, "{name}: what was fetched, or refused, is not asked for again");
    }
}

#[tokio::test]
async fn a_tool_that_was_not_declared_fetches_for_itself() {
    let tenant = Tenant::granting();
    let mut request = tool_call(&tenant).await;
    request.headers_mut().insert("mcp-name", "other".parse().unwrap());
    let idle = service_fn(|_: Request<()>| async { Ok::<Answer, Infallible>(Response::default()) });
    let service = BearerLayer::with_verifier(tenant.verifier.clone())
        .layer(OboLayer::new(tenant.exchange()).prefetch("getMessages", &Target::graph()).layer(idle));
    service.oneshot(request).await.unwrap();
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_permit_of_a_concurrency_limit_is_lost() {
    let tenant = Tenant::answering_after(Duration::from_secs(1), |call| {
        if call.number == 0 { step_up() } else { granted(call.number) }
    });
    let inner = ConcurrencyLimit::new(service_fn(act), 1);
    let obo = OboLayer::new(tenant.exchange()).prefetch("getMessages", &Target::graph());
    let mut service = BearerLayer::with_verifier(tenant.verifier.clone()).layer(obo.layer(inner));
    for expected in [401, 200, 200] {
        let request = tool_call(&tenant).await;
        let call = async { service.ready().await.unwrap().call(request).await };
        let response = tokio::time::timeout(Duration::from_secs(10), call).await.expect("not deadlocked").unwrap();
        assert_eq!(response.status().as_u16(), expected);
    }
    // A caller who goes away while the token is fetched gives its permit back.
    let request = tool_call(&tenant).await;
    let gone = service.ready().await.unwrap().call(request);
    assert!(tokio::time::timeout(Duration::from_millis(10), gone).await.is_err());
    let ready = tokio::time::timeout(Duration::from_secs(10), service.ready()).await;
    assert!(ready.expect("the permit is back").is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    for slow in [Duration::ZERO, Duration::from_secs(1)] {
        let tenant = Tenant::answering_after(slow, |call| granted(call.number));
        let (inner, mut handle) = mock::pair::<String, Answer>();
        let adapter = inner.map_request(|request: Request<()>| {
            OnBehalfOf::from_extensions(request.extensions()).map(|_| "wired".to_owned()).unwrap()
        });
        let obo = OboLayer::new(tenant.exchange()).prefetch("getMessages", &Target::graph());
        let mut service = BearerLayer::with_verifier(tenant.verifier.clone()).layer(obo.layer(adapter));
        handle.allow(0);
        assert!(tokio::time::timeout(Duration::from_secs(1), service.ready()).await.is_err(), "the inner is not ready");
        handle.allow(1);
        let request = tool_call(&tenant).await;
        let response = service.ready().await.unwrap().call(request);
        let serve = async {
            let (request, respond) = handle.next_request().await.unwrap();
            assert_eq!(request, "wired");
            respond.send_response(Response::new(Bytes::from_static(b"ok")));
        };
        let (response, ()) = tokio::join!(response, serve);
        assert_eq!(response.unwrap().body(), "ok");
    }
}

#[tokio::test]
async fn an_error_of_the_service_stays_its_own() {
    let tenant = Tenant::granting();
    let broken = service_fn(|_: Request<()>| async { Err::<Answer, _>("broken") });
    let service = OboLayer::new(tenant.exchange()).layer(broken);
    let mut request = bearer(&tenant, "alice").await;
    request.extensions_mut().insert(Caller::Verified(tenant.user("alice").await));
    assert_eq!(service.oneshot(request).await.unwrap_err(), "broken");
}

#[test]
fn layer_service_and_handle_can_be_shared() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let tenant = Tenant::granting();
    let layer = OboLayer::new(tenant.exchange());
    shared(&layer);
    shared(&layer.layer(std::convert::identity::<u8>));
    shared(&OnBehalfOf::new(tenant.exchange(), None));
}
