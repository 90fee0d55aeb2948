//! The ready-made HTTP client against real sockets: what failed is told apart, and nothing is followed or unbounded.
#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "a helper that cannot set up its server fails the test")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use mcp_auth_layer::fetch::{FetchError, FetchLimits, HttpClient, TransportFault};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn client() -> HttpClient {
    let limits = FetchLimits::default()
        .with_connect_timeout(Duration::from_millis(500))
        .with_timeout(Duration::from_millis(900))
        .with_max_body(1_000);
    HttpClient::reqwest(limits).unwrap()
}

async fn fetch(url: &str) -> Result<http::Response<Bytes>, FetchError> {
    client().send(Request::get(url).body(Bytes::new()).unwrap()).await
}

/// Serves one connection with these bytes, then closes it; with `None`, never answers.
async fn server(answer: Option<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1_024];
        let _ = stream.read(&mut request).await;
        match answer {
            Some(answer) => {
                let _ = stream.write_all(answer).await;
            }
            None => std::future::pending().await,
        }
    });
    format!("//{address}")
}

#[tokio::test]
async fn each_failure_has_its_name() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nonly this";
    for (name, url, expected) in [
        ("nobody listens", closed, TransportFault::Refused),
        ("closed without an answer", format!("http:{}", server(Some(b"")).await), TransportFault::Reset),
        ("closed in the middle", format!("http:{}", server(Some(cut)).await), TransportFault::Reset),
        ("no answer", format!("http:{}", server(None).await), TransportFault::Timeout),
        (
            "not TLS",
            format!("https:{}", server(Some(b"HTTP/1.1 400 Bad Request\r\n\r\n")).await),
            TransportFault::TlsOther,
        ),
        ("no such name", "https://no-such-host.invalid".to_owned(), TransportFault::Dns),
    ] {
        let error = fetch(&format!("{url}/?secret=in-the-query")).await.unwrap_err();
        assert_eq!(error.fault(), Some(expected), "{name}: {error:?}");
        let mut texts = format!("{error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            texts.push_str(&format!("{error} {error:?}"));
            source = error.source();
        }
        assert!(!texts.contains("in-the-query"), "{name}: {texts}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_second_request() {
    let url = server(Some(b"HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n")).await;
    assert_eq!(fetch(&format!("http:{url}")).await.unwrap().status(), StatusCode::FOUND);
}

#[tokio::test]
async fn a_body_is_bounded_whatever_it_announces() {
    let answer: &'static [u8] =
        Box::leak([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 5_000]].concat().into_boxed_slice());
    let url = server(Some(answer)).await;
    assert!(matches!(fetch(&format!("http:{url}")).await, Err(FetchError::TooLarge { limit: 1_000 })));
}

#[tokio::test]
async fn plain_http_never_leaves_the_machine() {
    assert!(matches!(fetch("http://login.microsoftonline.com/").await, Err(FetchError::PlainHttp)));
}
