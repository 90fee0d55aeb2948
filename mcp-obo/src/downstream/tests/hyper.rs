//! The layer around hyper's own client, over a real connection.

use axum::{Router, http::HeaderMap, routing::post};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt as _};

use super::*;

/// Refuses the first token, and then tells what it was sent.
async fn api(headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let bearer = headers[AUTHORIZATION].to_str().unwrap();
    if bearer == format!("Bearer {}", token_text(0)) {
        (StatusCode::UNAUTHORIZED, String::new())
    } else {
        (StatusCode::OK, format!("{bearer} {}", String::from_utf8_lossy(&body)))
    }
}

#[tokio::test]
async fn hypers_client_calls_as_the_user() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1.0", listener.local_addr().unwrap());
    let server = axum::serve(listener, Router::new().route("/v1.0/{*path}", post(api)));
    let server = tokio::spawn(server.into_future());

    let (tenant, hyper) = (Tenant::granting(), legacy::Client::builder(TokioExecutor::new()).build_http());
    let client = DownstreamLayer::new(Target::graph(), &base).unwrap().layer(hyper);
    let mut request = Request::post("/me").body(Full::new(Bytes::from_static(b"twice"))).unwrap();
    request.extensions_mut().insert(user(&tenant).await);
    let answer = client.oneshot(request).await.unwrap();
    assert_eq!((answer.status(), tenant.exchanges()), (StatusCode::OK, 2));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, format!("Bearer {} twice", token_text(1)));
    server.abort();
}
