//! Bodies that nobody read.
//!
//! A request that is refused for its head leaves a body behind, which may still be on its way. hyper ends such a connection
//! after the answer and does not say so, and a client that keeps connections sends its next request into nothing. So what is
//! left is read within bounds, as Go's server does; where that cannot be, the answer says that the connection ends.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{HeaderValue, Request, Response, Version, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// How much is read for nobody, in bytes.
const MOST: u64 = 64 << 10;

/// How long its sender may take for it. What is sent right behind a head is here by then.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body that is given back when whoever has it drops it unread.
pub(super) struct Watched {
    body: Option<Incoming>,
    left: Left,
}

type Left = Arc<Mutex<Option<Incoming>>>;

/// What a request leaves behind.
pub(super) enum Unread {
    /// Nothing, or nothing that matters to the connection.
    Nothing,
    /// What it sends only when it is asked to (RFC 9110 section 10.1.1), which nobody does any more.
    Announced(Left),
    Sent(Left),
}

/// Watches the body of a request.
pub(super) fn watch(request: Request<Incoming>) -> (Request<Watched>, Unread) {
    let left = Left::default();
    let unread = match (request.version(), request.headers().contains_key(header::EXPECT)) {
        // Streams end one by one.
        (Version::HTTP_2 | Version::HTTP_3, _) => Unread::Nothing,
        _ if request.body().is_end_stream() => Unread::Nothing,
        (_, true) => Unread::Announced(Arc::clone(&left)),
        (_, false) => Unread::Sent(Arc::clone(&left)),
    };
    (request.map(|body| Watched { body: Some(body), left }), unread)
}

impl Unread {
    /// Reads what was left, or tells the client that it has to connect again.
    pub(super) async fn settle<B>(self, answer: &mut Response<B>) {
        let goes_on = match self {
            Self::Nothing => true,
            Self::Announced(left) => take(&left).is_none(),
            Self::Sent(left) => match take(&left) {
                Some(body) => timeout(PATIENCE, ends(body)).await.unwrap_or(false),
                None => true,
            },
        };
        if !goes_on {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

fn take(left: &Left) -> Option<Incoming> {
    left.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Reads a body for nobody, and tells whether its end was reached.
async fn ends(mut body: Incoming) -> bool {
    let mut room = MOST;
    while body.size_hint().lower() <= room {
        match body.frame().await {
            None => return true,
            Some(Ok(frame)) => {
                let read = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(rest) = room.checked_sub(read) else { return false };
                room = rest;
            }
            Some(Err(_)) => return false,
        }
    }
    false
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Incoming::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::post};
    use tokio::{
        io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
        net::{TcpListener, TcpStream},
        sync::mpsc,
    };

    use crate::serve::serve;

    /// A server that refuses every request by its head, and says when it has seen one.
    async fn refusing() -> (BufReader<TcpStream>, mpsc::UnboundedReceiver<()>) {
        let (seen, saw) = mpsc::unbounded_channel();
        let refuse = move || {
            let _ = seen.send(());
            async { (http::StatusCode::UNAUTHORIZED, "no") }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Router::new().route("/", post(refuse)), std::future::pending()));
        (BufReader::new(TcpStream::connect(address).await.unwrap()), saw)
    }

    /// Reads an answer, and tells whether it announces the connection's end.
    async fn ends_the_connection(stream: &mut BufReader<TcpStream>) -> bool {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(stream.read_line(&mut head).await.unwrap(), 0, "no answer: {head:?}");
        }
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
        let mut body = [0; 2];
        stream.read_exact(&mut body).await.unwrap();
        head.contains("connection: close\r\n")
    }

    #[tokio::test]
    async fn a_body_that_comes_behind_its_refused_head_ends_no_connection() {
        let (mut stream, mut saw) = refusing().await;
        for framing in ["content-length: 5\r\n\r\n", "transfer-encoding: chunked\r\n\r\n"] {
            for _ in 0..3 {
                let head = format!("POST / HTTP/1.1\r\nhost: x\r\n{framing}");
                stream.write_all(head.as_bytes()).await.unwrap();
                saw.recv().await.unwrap();
                let body = if framing.contains("chunked") { "5\r\nhello\r\n0\r\n\r\n" } else { "hello" };
                stream.write_all(body.as_bytes()).await.unwrap();
                assert!(!ends_the_connection(&mut stream).await, "{framing}");
            }
        }
    }

    #[tokio::test]
    async fn an_answer_says_that_it_is_the_last_one() {
        for (name, head, body) in [
            ("nothing comes", "content-length: 5\r\n", ""),
            ("half of it comes", "content-length: 5\r\n", "he"),
            ("it is large", "content-length: 65537\r\n", "hello"),
            ("it is asked for", "content-length: 5\r\nexpect: 100-continue\r\n", ""),
        ] {
            let (mut stream, mut saw) = refusing().await;
            stream.write_all(format!("POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n{body}").as_bytes()).await.unwrap();
            saw.recv().await.unwrap();
            assert!(ends_the_connection(&mut stream).await, "{name}");
        }
    }
}
