use std::{future, io, sync::Mutex};

use futures_util::{Stream, StreamExt as _, stream};
use http::{header, request};
use http_body_util::StreamBody;
use hyper::body::{Frame, SizeHint};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, Implementation, Tool},
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio::{
    task::yield_now,
    time::{Instant, timeout},
};
use tower::ServiceExt as _;

use super::*;
use crate::written;

/// A tool that answers with what it was called with.
struct Echo;

impl Tools for Echo {
    fn name(&self) -> Implementation {
        Implementation::new("echo", "1")
    }

    fn instructions(&self) -> &'static str {
        "Call echo."
    }

    fn list(&self) -> Vec<Tool> {
        Vec::new()
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let parts = context.extensions.get::<request::Parts>().unwrap();
        Ok(written::success(parts, json!(request.arguments).to_string())?.into())
    }
}

/// A server whose every tool has a mistake in it.
struct Broken;

impl Tools for Broken {
    fn name(&self) -> Implementation {
        Implementation::new("broken", "1")
    }

    fn instructions(&self) -> &'static str {
        "Call nothing."
    }

    fn list(&self) -> Vec<Tool> {
        panic!("no list")
    }

    fn call(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send {
        assert_ne!(request.name, "at once", "no call");
        async {
            yield_now().await;
            panic!("no answer")
        }
    }
}

type Piece = Result<Bytes, io::Error>;

async fn answer(pieces: impl Stream<Item = Piece> + Send + 'static) -> (u16, Bytes) {
    answer_to("localhost", StreamBody::new(pieces.map(|piece| piece.map(Frame::data)))).await
}

async fn answer_to(host: &str, body: impl Body<Data = Bytes, Error = io::Error> + Send + 'static) -> (u16, Bytes) {
    answer_of(Echo, host, body).await
}

async fn answer_of(
    tools: impl Tools,
    host: &str,
    body: impl Body<Data = Bytes, Error = io::Error> + Send + 'static,
) -> (u16, Bytes) {
    let request = Request::post("/mcp")
        .header(header::HOST, host)
        .header(CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .body(body)
        .unwrap();
    let endpoint = Endpoint::new(tools, "http://localhost", &[]);
    let answer = endpoint.oneshot(request).await.unwrap();
    (answer.status().as_u16(), answer.into_body().collect().await.unwrap().to_bytes())
}

/// A call with so many bytes.
fn call(length: usize) -> Bytes {
    let with = |text: String| {
        let params = json!({"name": "echo", "arguments": {"text": text}});
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string()
    };
    with("x".repeat(length - with(String::new()).len())).into()
}

#[tokio::test]
async fn a_request_in_pieces_is_answered_as_a_whole() {
    let pieces: Vec<Piece> = call(300).chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let (status, answer) = answer(stream::iter(pieces)).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert!(answer["result"]["structuredContent"]["text"].as_str().unwrap().starts_with("xxx"), "{answer}");
}

#[tokio::test]
async fn a_request_has_a_largest_size() {
    for (length, expected) in [(MAX_REQUEST, 200), (MAX_REQUEST + 1, 413)] {
        let (status, _) = answer(stream::iter([Ok(call(length))])).await;
        assert_eq!(status, expected, "{length}");
    }
}

/// A piece of a server's read buffer, which stays for as long as any piece of it.
struct Buffer(Vec<u8>, Arc<Mutex<usize>>);

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        *self.1.lock().unwrap() -= 1;
    }
}

#[tokio::test]
async fn a_request_in_tiny_pieces_keeps_none_of_the_buffers_they_came_in() {
    let kept = Arc::new(Mutex::new(0));
    let (counted, text) = (Arc::clone(&kept), call(300));
    let pieces = stream::iter(text).map(move |byte| {
        let mut kept = counted.lock().unwrap();
        assert!(*kept < 2, "{kept}");
        *kept += 1;
        Ok(Bytes::from_owner(Buffer(vec![byte], Arc::clone(&counted))))
    });
    assert_eq!(answer(pieces).await.0, 200);
    assert_eq!(*kept.lock().unwrap(), 0);
}

/// What is only announced.
struct Announced(u64);

impl Body for Announced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_head_tells_is_refused_without_the_rest() {
    let begun = Instant::now();
    assert_eq!(answer_to("localhost", Announced(MAX_REQUEST as u64 + 1)).await.0, 413);
    assert_eq!(answer_to("evil.example", Announced(10)).await.0, 403);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_come_is_its_senders_mistake() {
    let half = || stream::iter([Ok(call(300).slice(..100))]);
    let broken = half().chain(stream::iter([Err(io::ErrorKind::ConnectionReset.into())]));
    let late = half().chain(stream::once(future::pending()));
    let begun = Instant::now();
    assert_eq!(answer(broken).await.0, 400);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(answer(late).await.0, 408);
    assert!(begun.elapsed() - PATIENCE < Duration::from_millis(5), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_panics_is_one_callers_error() {
    let call = |name| ("tools/call", json!({"name": name, "arguments": {}}));
    for (method, params) in [call("at once"), call("later"), ("tools/list", json!({}))] {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let answer = answer_of(Broken, "localhost", Full::new(request.into()).map_err(|never| match never {}));
        let (_, answer) = timeout(PATIENCE, answer).await.expect("an answer");
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32_603)), "{method} {params}");
    }
}

#[test]
fn an_origin_has_a_port() {
    for (origin, expected) in [
        ("https://a.example", "https://a.example:443"),
        ("http://localhost", "http://localhost:80"),
        ("https://a.example:8443", "https://a.example:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("null", "null"),
    ] {
        assert_eq!(with_port(origin), expected);
    }
}
