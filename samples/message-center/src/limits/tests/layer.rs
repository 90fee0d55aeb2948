//! The layers around a service.

use std::{
    convert::Infallible,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::from;
use crate::limits::{FormClientLayer, Limits, Rates, TrustedProxies};

fn limits() -> Limits {
    Limits::new(Rates { mcp: NonZeroU32::new(2), ..Rates::default() }, &TrustedProxies::default())
}

/// Answers with what it got.
async fn echo<B>(request: Request<B>) -> Result<Response<Body>, B::Error>
where
    B: hyper::body::Body<Data = Bytes>,
{
    Ok(Response::new(Body::from(request.into_body().collect().await?.to_bytes())))
}

fn request(body: impl Into<Body>) -> Request<Body> {
    from("203.0.113.7").uri("/?client_id=a").body(body.into()).unwrap()
}

async fn read(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_refuses_in_the_form_that_its_clients_read() {
    let Limits { authorize, token, register, .. } = limits();
    let oauth = json!({"error": "temporarily_unavailable"});
    for (layer, allowed, wait, media_type, expected) in [
        (authorize, 10, "6", "text/html; charset=utf-8", None),
        (token, 20, "3", "application/json", Some(&oauth)),
        (register, 10, "6", "application/json", Some(&oauth)),
    ] {
        let service = layer.layer(service_fn(echo::<Body>));
        for _ in 0..allowed {
            assert_eq!(service.clone().oneshot(request("x")).await.unwrap().status(), StatusCode::OK);
        }
        let refused = service.clone().oneshot(request("x")).await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let header = |name| refused.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!((header(header::RETRY_AFTER), header(header::CONTENT_TYPE)), (Some(wait), Some(media_type)));
        assert_eq!(header(header::CACHE_CONTROL), Some("no-store"));
        let text = read(refused).await;
        match expected {
            Some(expected) => {
                let body: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(body["error"], expected["error"]);
                assert!(body["error_description"].as_str().unwrap().contains(wait));
            }
            None => assert!(text.contains("<h1>") && text.contains("6 seconds"), "{text}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_services_under_one_layer_count_together() {
    let layer = limits().authorize;
    let (one, other) = (layer.layer(service_fn(echo::<Body>)), layer.clone().layer(service_fn(echo::<Body>)));
    for _ in 0..5 {
        assert_eq!(one.clone().oneshot(request("")).await.unwrap().status(), StatusCode::OK);
        assert_eq!(other.clone().oneshot(request("")).await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(one.oneshot(request("")).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(other.oneshot(request("")).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn nothing_is_let_through_when_nobody_can_tell_whose_it_is() {
    let Limits { authorize, answer, token, register, mcp } = limits();
    let unknown = || Request::new(Body::empty());
    // The server did not say who is connected; and no bearer layer stands outside.
    for (layer, request) in [
        (authorize, unknown()),
        (answer, unknown()),
        (token, unknown()),
        (register, unknown()),
        (mcp.unwrap(), request("")),
    ] {
        let reached = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&reached);
        let service = layer.layer(service_fn(move |request| {
            count.fetch_add(1, Ordering::Relaxed);
            echo::<Body>(request)
        }));
        let answer = service.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(reached.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test]
async fn the_service_that_was_asked_whether_it_is_ready_is_the_one_that_is_called() {
    let inner = || ServiceBuilder::new().concurrency_limit(1).service(service_fn(echo::<Body>));
    let mut limited = limits().authorize.layer(inner());
    for _ in 0..3 {
        let answer = limited.ready().await.unwrap().call(request("x")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let place = limited.ready().await.unwrap().call(request("x"));
    assert!(limited.ready().now_or_never().is_none(), "the one place is taken");
    drop(place);
    let reading = ServiceBuilder::new().concurrency_limit(1).service(service_fn(echo));
    let mut reading = FormClientLayer.layer(reading);
    for _ in 0..3 {
        assert_eq!(reading.ready().await.unwrap().call(request("x")).await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_token_endpoint_the_client_is_the_one_of_the_form_or_of_basic() {
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let long = format!("client_id=a&x={}", "x".repeat(40_000));
    for (name, header, form, same) in [
        ("the form", None, "grant_type=refresh_token&client_id=a", true),
        ("the form, encoded", None, "%63lient_id=%41", true),
        ("Basic", Some(basic("a:secret")), "grant_type=refresh_token", true),
        ("Basic, encoded, in other case", Some(basic("%61:").replace("Basic", "bAsIc")), "", true),
        ("Basic before the form", Some(basic("a:")), "client_id=b", true),
        ("another client", None, "client_id=b", false),
        ("nobody", None, "", false),
        ("a form of any length", None, &*long, false),
        ("another scheme", Some("Bearer YTo=".to_owned()), "", false),
    ] {
        let token = limits().token;
        let service = ServiceBuilder::new().layer(FormClientLayer).layer(token).service(service_fn(echo));
        let post = |header: Option<&str>, form: &str| {
            let request = from("203.0.113.7").method("POST").uri("/token");
            let request = header.into_iter().fold(request, |request, value| request.header("authorization", value));
            service.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap())
        };
        for _ in 0..20 {
            assert_eq!(post(None, "client_id=a").await.unwrap().status(), StatusCode::OK, "{name}");
        }
        let answer = post(header.as_deref(), form).await.unwrap();
        assert_eq!(answer.status() == StatusCode::TOO_MANY_REQUESTS, same, "{name}");
        if !same {
            assert_eq!(read(answer).await, form, "{name}: the service sees the whole form");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_a_sign_in_the_client_is_the_one_of_the_query_whatever_a_header_says() {
    let service = limits().authorize.layer(service_fn(echo::<Body>));
    let mut admitted = 0;
    for number in 0..50 {
        let mut request = request("");
        let name = format!("Basic {}", STANDARD.encode(format!("made-up-{number}:")));
        request.headers_mut().insert(header::AUTHORIZATION, name.parse().unwrap());
        admitted += u32::from(service.clone().oneshot(request).await.unwrap().status() == StatusCode::OK);
    }
    assert_eq!(admitted, 10);
}

#[tokio::test]
async fn a_form_that_breaks_off_is_answered_and_not_passed_on() {
    let pieces = [Ok(Frame::data(Bytes::from_static(b"client_id="))), Err(std::io::Error::other("gone"))];
    let body = StreamBody::new(futures_util::stream::iter(pieces));
    let service =
        FormClientLayer.layer(service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::from("reached")))));
    let answer = service.oneshot(from("203.0.113.7").body(body).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(serde_json::from_str::<Value>(&read(answer).await).unwrap()["error"], "invalid_request");
}

#[test]
fn the_layers_can_be_cloned_and_sent_and_print_nothing_of_anybody() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug + 'static>(_: &T) {}
    let limits = limits();
    check(&limits);
    check(&limits.authorize.layer(()));
    check(&FormClientLayer.layer(()));
    assert!(format!("{limits:?}").contains("remembered: 0"), "{limits:?}");
    assert_eq!(limits.authorize.rule().remembered(), 0);
}
