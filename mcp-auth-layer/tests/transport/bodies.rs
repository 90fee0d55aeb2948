//! Answers that are too large, too slow, packed, or that lead elsewhere.

use std::time::{Duration, Instant};

use http::StatusCode;
use mcp_auth_layer::fetch::{FetchError, TransportFault};
use tokio::io::AsyncWriteExt;

use crate::{
    client, get,
    peers::{Proxy, answers, head, listen},
};

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_second_request() {
    let peer = answers(b"HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(get(&client(), &format!("http://{peer}")).await.unwrap().status(), StatusCode::FOUND);
}

#[tokio::test]
async fn a_body_is_bounded_whatever_it_announces() {
    const MUCH: &[u8] = &[b'x'; 4_096];
    for (name, start, more) in [
        ("nothing", "HTTP/1.1 200 OK\r\n\r\n", MUCH),
        ("its length", "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n", MUCH),
        ("a large chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffff\r\n", MUCH),
        ("small chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"a\r\n0123456789\r\n"),
    ] {
        let peer = listen(move |mut stream| async move {
            head(&mut stream).await;
            let _ = stream.write_all(start.as_bytes()).await;
            // As much as the client takes.
            while stream.write_all(more).await.is_ok() {}
        })
        .await;
        let answer = get(&client(), &format!("http://{peer}")).await;
        assert!(matches!(answer, Err(FetchError::TooLarge { limit: 1_000 })), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_is_whole_however_many_pieces_it_comes_in() {
    for (name, sizes) in [("none", &[][..]), ("one", &[1_000]), ("two", &[1, 999]), ("several", &[1, 2, 500, 3, 494])] {
        let text: Vec<u8> = (0..sizes.iter().sum()).map(|place: usize| b"0123456789"[place % 10]).collect();
        let whole = text.clone();
        let peer = listen(move |mut stream| {
            let text = text.clone();
            async move {
                head(&mut stream).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                let mut rest = &text[..];
                for size in sizes {
                    let (piece, behind) = rest.split_at(*size);
                    rest = behind;
                    let chunk = [format!("{size:x}\r\n").as_bytes(), piece, b"\r\n"].concat();
                    let _ = stream.write_all(&chunk).await;
                }
                let _ = stream.write_all(b"0\r\n\r\n").await;
            }
        })
        .await;
        let answer = get(&client(), &format!("http://{peer}")).await.unwrap();
        assert_eq!(answer.body(), &whole, "{name}");
    }
}

#[tokio::test]
async fn a_head_is_bounded() {
    for (name, line) in [("one field", "x"), ("many fields", "a: b\r\n"), ("many interim answers", "")] {
        let peer = listen(move |mut stream| async move {
            head(&mut stream).await;
            let interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
            let more = if line.is_empty() { interim } else { line.repeat(1_000) };
            let start = if line.is_empty() { "" } else { "HTTP/1.1 200 OK\r\na: " };
            let _ = stream.write_all(start.as_bytes()).await;
            while stream.write_all(more.as_bytes()).await.is_ok() {}
        })
        .await;
        let start = Instant::now();
        let error = get(&client(), &format!("http://{peer}")).await.unwrap_err();
        assert!(error.fault().is_some(), "{name}: {error:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_body_that_drips_ends_at_the_total_deadline() {
    let peer = listen(|mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while stream.write_all(b"x").await.is_ok() {
            tick.tick().await;
        }
    })
    .await;
    let start = Instant::now();
    let error = get(&client(), &format!("http://{peer}")).await.unwrap_err();
    assert_eq!(error.fault(), Some(TransportFault::Timeout));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_packed_body_is_neither_asked_for_nor_unpacked() {
    // 20 bytes that are 0 bytes when inflated; what matters is that they arrive as they are.
    const EMPTY: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 20\r\n\r\n\
        \x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    let peer = Proxy::answering(ANSWER).await;
    let answer = get(&client(), &format!("http://{}", peer.address)).await.unwrap();
    assert_eq!(answer.body(), EMPTY);
    assert!(!peer.heads().to_ascii_lowercase().contains("accept-encoding"), "{}", peer.heads());
}
