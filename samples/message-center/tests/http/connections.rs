//! Connections that ask for nothing, or too slowly, are ended; those that work are not.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Fixture, skip};

/// An empty SETTINGS frame (RFC 9113 section 6.5) after the preface.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Sends `first`, then `drip` every second; returns what came, and after how many seconds the server ended it.
async fn seconds_until_the_end(server: &Fixture, first: &[u8], drip: &[u8]) -> (String, u64) {
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(first).await.unwrap();
    let mut answer = Vec::new();
    for second in 0..180 {
        // The server looks at what it got before time goes on.
        for _ in 0..200 {
            tokio::select! {
                biased;
                read = stream.read_buf(&mut answer) => {
                    if read.unwrap_or(0) == 0 {
                        return (String::from_utf8_lossy(&answer).into_owned(), second);
                    }
                }
                () = tokio::task::yield_now() => {}
            }
        }
        skip(Duration::from_secs(1)).await;
        // It may have ended meanwhile, which the next read tells.
        let _ = stream.write_all(drip).await;
    }
    panic!("nobody ended it: {}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn connections_without_a_whole_request_are_ended_after_ten_seconds() {
    let server = Fixture::start().await;
    let token = server.token("alice");
    server.call(Some(&token), serde_json::json!({})).await.result();
    let body = format!(
        "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\ncontent-length: 1000\r\n\r\n{{"
    );
    let form = |path| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: 1000\r\n\r\ngrant_type"
        )
    };
    let forms = ["/token", "/register", "/authorize/consent"].map(form);
    for (name, first, drip, status) in [
        ("a code that trickles", forms[0].as_bytes(), &b"x"[..], "400"),
        ("a registration that trickles", forms[1].as_bytes(), b"x", "400"),
        ("an answer that trickles", forms[2].as_bytes(), b"x", "400"),
        ("silence", b"", b"", ""),
        ("one byte that could begin HTTP/2", b"P", b"", ""),
        ("HTTP/2 without a request", HTTP_2, b"", ""),
        ("half a head", b"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1", b"", ""),
        ("a head that trickles", b"GET /healthz HTTP/1.1\r\nx: ", b"a", ""),
        ("half a body", body.as_bytes(), b"", "408"),
        ("a body that trickles", body.as_bytes(), b" ", "408"),
    ] {
        let (answer, seconds) = seconds_until_the_end(&server, first, drip).await;
        assert!((9..=12).contains(&seconds), "{name}: {seconds} s, {answer}");
        let answered = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or_default();
        assert_eq!(answered, status, "{name}: {answer}");
    }
}

#[tokio::test]
async fn connections_that_have_been_of_use_outlast_those_that_a_reverse_proxy_keeps() {
    let server = Fixture::start().await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let half = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /healthz HTTP/1.1\r\nx: ";
    for (name, first, drip) in
        [("idle after an answer", &request[..], &b""[..]), ("a second head that trickles", half, b"a")]
    {
        let (answer, seconds) = seconds_until_the_end(&server, first, drip).await;
        assert!((119..=122).contains(&seconds), "{name}: {seconds} s, {answer}");
        assert_eq!(answer.matches("200 OK").count(), 1, "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_connection_of_http_2_that_only_answers_pings_is_ended_after_two_minutes() {
    let server = Fixture::start().await;
    // HEADERS of `GET http://x/`, by the static table of RFC 7541; then the answer to a ping, every second.
    // The eight bytes are those of every ping that the h2 crate sends.
    let request = [HTTP_2, b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01x"].concat();
    let pong = b"\0\0\x08\x06\x01\0\0\0\0\x3b\x7c\xdb\x7a\x0b\x87\x16\xb4";
    let (_, seconds) = seconds_until_the_end(&server, &request, pong).await;
    assert!((119..=122).contains(&seconds), "{seconds} s");
}

#[tokio::test]
async fn a_request_that_takes_its_time_keeps_its_connection() {
    let server = Fixture::start().await;
    server.emulator.control().set_fault(entra_emulator::Place::Graph, "alice", entra_emulator::Fault::Slow(25_000));
    let time_passes = async {
        while server.emulator.counters().graph_messages == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..26 {
            skip(Duration::from_secs(1)).await;
        }
    };
    let (answer, ()) = tokio::join!(server.call_as("alice"), time_passes);
    answer.result();
}
