//! Requests through the layer.

use std::{convert::Infallible, task::Poll};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;

use super::super::{OriginGuard, OriginLayer};
use crate::{
    audit,
    early::ResponseFuture,
    reject::Rejection,
    respond::{JsonRpc, OAuthJson},
    testlog::Recorder,
};

fn layer() -> OriginLayer {
    OriginLayer::new("https://mcp.example").unwrap()
}

fn request(host: &str, origin: Option<&str>) -> Request<()> {
    let request = Request::post("/mcp").header("host", host);
    origin.into_iter().fold(request, |request, origin| request.header("origin", origin)).body(()).unwrap()
}

async fn inside(_: Request<()>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(Bytes::from_static(b"inside")))
}

#[tokio::test]
async fn each_refusal_has_its_status_reason_and_fixed_text() {
    let several = |name: &str| {
        let request = Request::post("/mcp").header("host", "mcp.example");
        request.header(name, "https://mcp.example").header(name, "https://mcp.example").body(()).unwrap()
    };
    for (request, status, reason) in [
        (Request::new(()), 400, "no_host"),
        (several("host"), 400, "several_hosts"),
        (request("marker@mcp.example", None), 400, "malformed_host"),
        (request("marker.example", None), 403, "host"),
        (several("origin"), 403, "several_origins"),
        (request("mcp.example", Some("https://marker.example")), 403, "origin"),
        (request("mcp.example", Some("null")), 403, "origin"),
    ] {
        let service = layer().respond_with(OAuthJson).layer(service_fn(inside));
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{reason}");
        assert_eq!(response.extensions().get::<Rejection>().unwrap().reason(), reason);
        assert_eq!(response.headers()["cache-control"], "no-store", "{reason}");
        assert_eq!(response.headers()["content-type"], "application/json", "{reason}");
        assert!(!response.headers().contains_key("www-authenticate"), "{reason}: no credential would help");
        let word = if status == 400 { "invalid_request" } else { "access_denied" };
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["error"], word, "{reason}");
        assert!(!body.to_string().contains("marker"), "{reason}");
    }
}

#[tokio::test]
async fn a_refusal_can_be_a_json_rpc_error_without_an_id() {
    let service = layer().respond_with(JsonRpc).layer(service_fn(inside));
    let response = service.oneshot(request("mcp.example", Some("null"))).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((&body["jsonrpc"], body.get("id")), (&"2.0".into(), None));
}

#[tokio::test]
async fn without_another_word_a_refusal_has_no_body() {
    let response = layer().layer(service_fn(inside)).oneshot(request("evil.example", None)).await.unwrap();
    assert_eq!((response.status(), response.body().len()), (StatusCode::FORBIDDEN, 0));
}

#[tokio::test]
async fn refuses_by_default() {
    let service = layer().layer(service_fn(inside));
    for (name, host, origin, status) in [
        ("itself", "mcp.example", None, 200),
        ("its own pages", "mcp.example", Some("https://mcp.example"), 200),
        ("another page", "mcp.example", Some("https://app.example"), 403),
        ("a page on loopback", "mcp.example", Some("http://localhost:6274"), 403),
        ("another host", "app.example", None, 403),
        ("loopback", "localhost", None, 403),
    ] {
        let response = service.clone().oneshot(request(host, origin)).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn a_preflight_of_a_foreign_page_is_refused_and_one_of_a_listed_page_goes_in() {
    for (origin, status) in [("https://evil.example", 403), ("https://app.example", 200)] {
        let service = layer().allow_origin("https://app.example").unwrap().layer(service_fn(inside));
        let mut preflight = request("mcp.example", Some(origin));
        *preflight.method_mut() = Method::OPTIONS;
        assert_eq!(service.oneshot(preflight).await.unwrap().status().as_u16(), status, "{origin}");
    }
}

#[tokio::test]
async fn forwarded_hosts_are_never_looked_at() {
    for name in ["x-forwarded-host", "forwarded", "x-original-host", "x-forwarded-server"] {
        let mut rebound = request("evil.example", None);
        rebound.headers_mut().insert(name, "mcp.example".parse().unwrap());
        let response = layer().layer(service_fn(inside)).oneshot(rebound).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}");
        let mut ours = request("mcp.example", None);
        ours.headers_mut().insert(name, "evil.example".parse().unwrap());
        let response = layer().layer(service_fn(inside)).oneshot(ours).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_is_audited_by_its_reason_and_without_what_was_sent() {
    let (recorder, _guard) = Recorder::start();
    let service = layer().layer(service_fn(inside));
    service.clone().oneshot(request("mcp.example", Some("https://evil.example/marker"))).await.unwrap();
    service.clone().oneshot(request("marker\" decision=\"admitted", None)).await.unwrap();
    service.oneshot(request("mcp.example", None)).await.unwrap();
    let events: Vec<_> = recorder.events().into_iter().filter(|event| event.target == audit::TARGET).collect();
    let reasons: Vec<_> = events.iter().map(|event| event.fields["reason"].as_str()).collect();
    assert_eq!(reasons, ["origin", "malformed_host"], "{events:#?}");
    assert!(events.iter().all(|event| event.fields["decision"] == "refused"));
    assert!(!format!("{events:?}").contains("marker"), "{events:#?}");
}

#[tokio::test]
async fn a_refused_request_never_reaches_the_service_and_its_error_is_unchanged() {
    let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<String>, _>(layer());
    handle.allow(2);
    assert_ready_ok!(service.poll_ready());
    assert_eq!(service.call(request("evil.example", None)).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(matches!(handle.poll_request(), Poll::Pending));
    assert_ready_ok!(service.poll_ready());
    let failed = service.call(request("mcp.example", None));
    handle.next_request().await.unwrap().1.send_error("broken inside");
    assert_eq!(failed.await.unwrap_err().to_string(), "broken inside");
}

#[tokio::test]
async fn readiness_holds_under_a_concurrency_limit_of_one() {
    let (mut service, mut handle) = mock::spawn_with(|inner| layer().layer(ConcurrencyLimit::new(inner, 1)));
    handle.allow(8);
    for _ in 0..3 {
        assert_ready_ok!(service.poll_ready());
        let refused = service.call(request("evil.example", None));
        assert_eq!(refused.await.unwrap().status(), StatusCode::FORBIDDEN);

        assert_ready_ok!(service.poll_ready(), "a refusal gives its permit to the next request");
        let response = service.call(request("mcp.example", None));
        assert_pending!(service.poll_ready(), "the one permit is taken");
        handle.next_request().await.unwrap().1.send_response(Response::new("inside".to_owned()));
        assert_eq!(response.await.unwrap().body(), "inside");
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn it_stands_around_an_axum_router() {
    use axum::{Router, body::Body, routing::post};
    let router: Router = Router::new().route("/mcp", post(|| async { "inside" })).layer(layer().respond_with(JsonRpc));
    for (host, status) in [("mcp.example", 200), ("evil.example", 403)] {
        let response = router.clone().oneshot(request(host, None).map(|()| Body::empty())).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{host}");
    }
}

#[test]
fn everything_can_be_sent_shared_and_cloned() {
    struct NotClone;
    fn all<T: Clone + Send + Sync + 'static>() {}
    all::<OriginLayer>();
    all::<OriginLayer<NotClone>>();
    all::<OriginGuard<()>>();
    fn sent<T: Send>() {}
    sent::<ResponseFuture<std::future::Ready<()>, String>>();
}
