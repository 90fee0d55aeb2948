//! Connections that are kept, and die while they are.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mcp_auth_layer::fetch::TransportFault;
use tokio::{
    io::AsyncWriteExt,
    sync::{Notify, mpsc::unbounded_channel},
};

use crate::{
    authority::{Authority, Flaw},
    client, client_with, get,
    peers::{Relay, head, listen, says_hello, serves_by_http_2},
};

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_fails_nobody() {
    let (closed, mut closings) = unbounded_channel();
    let address = listen(move |mut stream| {
        let closed = closed.clone();
        async move {
            head(&mut stream).await;
            // It does not say that it will close.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            drop(stream);
            closed.send(()).unwrap();
        }
    })
    .await;
    let client = client();
    for round in 0..20 {
        let answer = get(&client, &format!("http://{address}")).await;
        assert_eq!(answer.unwrap().body(), &Bytes::from_static(b"ok"), "round {round}");
        closings.recv().await.unwrap();
        // The end of the connection is in the socket; with this it is known to the client's side, too.
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_says_it_goes_away_fails_nobody() {
    let ca = Authority::named("pool");
    let tls = ca.server("localhost", Flaw::None, &["h2"]);
    let address = listen(move |stream| {
        let tls = tls.clone();
        async move {
            let stream = TokioIo::new(tls.accept(stream).await.unwrap());
            let answered = Arc::new(Notify::new());
            let signal = Arc::clone(&answered);
            let service = service_fn(move |_: http::Request<hyper::body::Incoming>| {
                signal.notify_one();
                std::future::ready(Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from_static(b"ok")))))
            });
            let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = answered.notified() => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        }
    })
    .await;
    let client = client_with(&[], &ca.pem);
    for round in 0..20 {
        let answer = get(&client, &format!("https://localhost:{}", address.port())).await;
        assert_eq!(answer.unwrap().body(), &Bytes::from_static(b"ok"), "round {round}");
    }
}

#[tokio::test]
async fn a_connection_that_died_silently_fails_one_request_within_the_deadline_and_then_none() {
    let ca = Authority::named("pool");
    for protocol in ["h2", "http/1.1"] {
        let server = says_hello(ca.server("localhost", Flaw::None, &[protocol])).await;
        let relay = Relay::to(server).await;
        let url = format!("https://localhost:{}", relay.address.port());
        let client = client_with(&[], &ca.pem);
        let first = get(&client, &url).await.unwrap();
        let version: &[u8] = if protocol == "h2" { b"hello by HTTP/2.0" } else { b"hello by HTTP/1.1" };
        assert_eq!(first.body(), version, "the protocol is what the row says");
        get(&client, &url).await.unwrap();
        assert_eq!(relay.connections(), 1, "{protocol}: a connection is kept");

        relay.forget_connections();
        let start = Instant::now();
        let error = get(&client, &url).await.unwrap_err();
        assert_eq!(error.fault(), Some(TransportFault::Timeout), "{protocol}: {error:?}");
        assert!(start.elapsed() < Duration::from_secs(3), "{protocol}: {:?}", start.elapsed());
        for _ in 0..3 {
            get(&client, &url).await.unwrap_or_else(|error| panic!("{protocol}: {error:?}"));
        }
        assert_eq!(relay.connections(), 2, "{protocol}: the dead connection is not used again");
    }
}

#[tokio::test]
async fn a_peer_that_answers_pings_but_no_request_costs_no_more_than_the_deadline() {
    let ca = Authority::named("pool");
    let tls = ca.server("localhost", Flaw::None, &["h2"]);
    let address = serves_by_http_2(tls, async || std::future::pending().await).await;
    let client = client_with(&[], &ca.pem);
    let url = format!("https://localhost:{}", address.port());
    let start = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (client, url) = (client.clone(), url.clone());
        callers.spawn(async move { get(&client, &url).await });
    }
    while let Some(answer) = callers.join_next().await {
        assert_eq!(answer.unwrap().unwrap_err().fault(), Some(TransportFault::Timeout));
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}
