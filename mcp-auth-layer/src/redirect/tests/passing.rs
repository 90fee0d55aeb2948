//! Requests through the layer.

use std::{convert::Infallible, task::Poll};

use http::{Method, Request, Response, StatusCode};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;
use tracing::Level;

use super::super::{
    AllowedRedirect, Redirect, RedirectAllowlist, RedirectError, RedirectErrorKind as Kind, RedirectLayer,
};
use crate::{early::ResponseFuture, testlog::Recorder};

/// Answers with the redirect URI that the layer left, so that a test sees what a service would use.
async fn authorize(request: Request<()>) -> Result<Response<String>, Infallible> {
    let redirect = request.extensions().get::<AllowedRedirect>();
    Ok(Response::new(format!("to {}", redirect.map_or("nowhere", AllowedRedirect::as_str))))
}

async fn send(method: Method, uri: &str) -> Response<String> {
    let service = RedirectLayer::default().layer(service_fn(authorize));
    service.oneshot(Request::builder().method(method).uri(uri).body(()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn an_allowed_uri_reaches_the_service_decoded_once() {
    let rows = [
        ("encoded", "redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2Fcb", "http://127.0.0.1:8400/cb"),
        ("not encoded", "redirect_uri=http://127.0.0.1:8400/cb", "http://127.0.0.1:8400/cb"),
        ("its own encoding is kept", "redirect_uri=http://localhost/a%2520b", "http://localhost/a%20b"),
        ("among others", "client_id=a&redirect_uri=http://localhost/&state=%3D%26", "http://localhost/"),
        ("encoded name", "redirect%5Furi=http://localhost/", "http://localhost/"),
        ("with a query", "redirect_uri=http://localhost/a%3Fb%3Dc%26d", "http://localhost/a?b=c&d"),
    ];
    for (name, query, expected) in rows {
        for method in [Method::GET, Method::HEAD] {
            let response = send(method, &format!("/authorize?{query}")).await;
            assert_eq!(
                (response.status(), response.body().as_str()),
                (StatusCode::OK, &*format!("to {expected}")),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn anything_else_is_a_fixed_page_that_leads_nowhere() {
    let rows = [
        ("no query", "/authorize", Kind::Missing),
        ("empty query", "/authorize?", Kind::Missing),
        ("other parameters only", "/authorize?client_id=a&redirect=http://localhost/", Kind::Missing),
        ("upper-case name", "/authorize?Redirect_URI=http://localhost/", Kind::Missing),
        ("blank", "/authorize?redirect_uri=", Kind::Scheme),
        ("no value", "/authorize?redirect_uri", Kind::Scheme),
        ("twice the same", "/authorize?redirect_uri=http://localhost/&redirect_uri=http://localhost/", Kind::Repeated),
        ("good first", "/authorize?redirect_uri=http://localhost/&redirect_uri=http://evil.example/", Kind::Repeated),
        ("bad first", "/authorize?redirect_uri=http://evil.example/&redirect_uri=http://localhost/", Kind::Repeated),
        (
            "second hides",
            "/authorize?redirect_uri=http://localhost/&redirect%5furi=http://evil.example/",
            Kind::Repeated,
        ),
        ("second is blank", "/authorize?redirect_uri=http://localhost/&redirect_uri=", Kind::Repeated),
        ("not listed", "/authorize?redirect_uri=https://evil.example/marker", Kind::NotListed),
        ("encoded twice", "/authorize?redirect_uri=http%253A%252F%252Flocalhost%252F", Kind::Scheme),
        ("user information", "/authorize?redirect_uri=http://localhost%40evil.example/marker", Kind::Userinfo),
        ("plus is a space", "/authorize?redirect_uri=http://localhost/a+b", Kind::Byte),
        ("not UTF-8", "/authorize?redirect_uri=http://localhost/%ff", Kind::Byte),
        ("line break", "/authorize?redirect_uri=http://localhost/%0d%0aX-Injected:marker", Kind::Byte),
        ("markup", "/authorize?redirect_uri=http://localhost/%3Cscript%3Emarker", Kind::Byte),
    ];
    for (name, uri, kind) in rows {
        let response = send(Method::GET, uri).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name}");
        assert_eq!(response.extensions().get::<RedirectError>().map(RedirectError::kind), Some(kind), "{name}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        assert!(!headers.contains_key("location") && !headers.contains_key("refresh"), "{name}");
        for echoed in ["marker", "evil", "localhost", "http:", "href"] {
            assert!(!response.body().contains(echoed), "{name}: the page holds {echoed}");
        }
    }
}

#[tokio::test]
async fn other_methods_are_refused_and_told_which_are_not() {
    let allowed = "/authorize?redirect_uri=http://localhost/";
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH, Method::TRACE] {
        let response = send(method.clone(), allowed).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()["allow"], "GET, HEAD");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    assert_eq!(send(Method::from_bytes(b"get").unwrap(), allowed).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_earlier_verdict_is_replaced_and_never_believed() {
    let forged =
        RedirectAllowlist::parse_list("https://evil.example/").unwrap().check("https://evil.example/").unwrap();
    let service = RedirectLayer::default().layer(service_fn(authorize));
    for (uri, status) in [
        ("/authorize?redirect_uri=http://localhost/", StatusCode::OK),
        ("/authorize?redirect_uri=https://evil.example/", StatusCode::BAD_REQUEST),
        ("/authorize", StatusCode::BAD_REQUEST),
    ] {
        let mut request = Request::get(uri).body(()).unwrap();
        request.extensions_mut().insert(forged.clone());
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{uri}");
        assert!(!response.body().contains("evil"), "{uri}");
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn it_stands_around_an_axum_route() {
    use axum::{Extension, Router, body::Body, routing::get};
    let authorize = get(|Extension(to): Extension<AllowedRedirect>| async move { to.to_string() });
    let router: Router = Router::new().route("/authorize", authorize).layer(RedirectLayer::default());
    for (uri, status) in [
        ("/authorize?redirect_uri=http://localhost/", StatusCode::OK),
        ("/authorize?redirect_uri=http://localhost.evil.example/", StatusCode::BAD_REQUEST),
    ] {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{uri}");
    }
}

#[tokio::test]
async fn refuses_by_default() {
    let service = RedirectLayer::new(RedirectAllowlist::new([])).layer(service_fn(authorize));
    let request = Request::get("/authorize?redirect_uri=http://127.0.0.1:8400/").body(()).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_refused_request_never_reaches_the_service() {
    let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<String>, _>(RedirectLayer::default());
    handle.allow(2);
    assert_ready_ok!(service.poll_ready());
    let refused = service.call(Request::get("/authorize").body(()).unwrap());
    assert_eq!(refused.await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert!(matches!(handle.poll_request(), Poll::Pending));
}

#[tokio::test]
async fn the_inner_error_is_unchanged() {
    let (mut service, mut handle) = mock::spawn_layer::<_, Response<String>, _>(RedirectLayer::default());
    handle.allow(1);
    assert_ready_ok!(service.poll_ready());
    let failed = service.call(Request::get("/?redirect_uri=http://localhost/").body(()).unwrap());
    let Poll::Ready(Some((_, answer))) = handle.poll_request() else { panic!("the request went nowhere") };
    answer.send_error("broken inside");
    assert_eq!(failed.await.unwrap_err().to_string(), "broken inside");
}

#[tokio::test]
async fn readiness_holds_under_a_concurrency_limit_of_one() {
    let (mut service, mut handle) =
        mock::spawn_with(|inner| RedirectLayer::default().layer(ConcurrencyLimit::new(inner, 1)));
    handle.allow(8);
    for _ in 0..3 {
        assert_ready_ok!(service.poll_ready());
        let refused = service.call(Request::get("/").body(()).unwrap());
        assert_eq!(refused.await.unwrap().status(), StatusCode::BAD_REQUEST);

        assert_ready_ok!(service.poll_ready(), "a refusal gives its permit to the next request");
        let response = service.call(Request::get("/?redirect_uri=http://localhost/").body(()).unwrap());
        assert_pending!(service.poll_ready(), "the one permit is taken");
        let Poll::Ready(Some((_, answer))) = handle.poll_request() else { panic!("the request went nowhere") };
        answer.send_response(Response::new("inside".to_owned()));
        assert_eq!(response.await.unwrap().body(), "inside");
    }
}

#[tokio::test]
async fn a_refusal_is_audited_by_its_reason_and_without_the_uri() {
    let (recorder, _guard) = Recorder::start();
    send(Method::GET, "/authorize?redirect_uri=http://localhost%40evil.example/marker").await;
    send(Method::GET, "/authorize?redirect_uri=http://localhost/").await;
    let events = recorder.events();
    let [refused] = &events[..] else { panic!("{events:#?}") };
    assert_eq!((refused.level, refused.target.as_str()), (Level::WARN, "mcp_auth::audit"));
    assert_eq!(refused.fields["decision"], "refused");
    assert_eq!(refused.fields["reason"], "redirect_userinfo");
    assert!(!format!("{refused:?}").contains("marker"));
}

#[test]
fn everything_can_be_sent_shared_and_cloned() {
    fn all<T: Clone + Send + Sync + 'static>() {}
    all::<RedirectLayer>();
    all::<Redirect<()>>();
    all::<RedirectAllowlist>();
    all::<AllowedRedirect>();
    fn sent<T: Send>() {}
    sent::<ResponseFuture<std::future::Ready<()>, String>>();
}
