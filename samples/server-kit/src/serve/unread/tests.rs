use std::{convert::Infallible, future::pending, io, time::Duration};

use axum::{Router, body::Body, extract::State, routing::post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{body::Frame, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{MOST, MOST_PIECES, PATIENCE};
use crate::serve::serve;

/// How long a handler of these tests waits for a body.
const DEADLINE: Duration = Duration::from_secs(10);

/// A connection to a server whose handlers do with a body what their path says.
struct Client {
    stream: BufReader<TcpStream>,
    /// A handler has begun.
    begun: mpsc::UnboundedReceiver<()>,
}

/// An answer, and when it came.
#[derive(Debug)]
struct Answer {
    status: u16,
    ends: bool,
    after: Duration,
}

/// Told when a handler has begun.
type Begin = State<mpsc::UnboundedSender<()>>;

async fn refuse(begin: Begin) -> StatusCode {
    let _ = begin.send(());
    StatusCode::UNAUTHORIZED
}

async fn read(begin: Begin, body: Body) -> StatusCode {
    let _ = begin.send(());
    match timeout(DEADLINE, body.collect()).await {
        Ok(Ok(_)) => StatusCode::OK,
        Ok(Err(_)) => StatusCode::BAD_REQUEST,
        Err(_) => StatusCode::REQUEST_TIMEOUT,
    }
}

async fn read_a_part(begin: Begin, mut body: Body) -> StatusCode {
    let first = body.frame().await;
    let _ = begin.send(());
    if matches!(first, Some(Ok(_))) { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
}

/// Keeps the body for longer than the answer takes.
async fn keep(begin: Begin, body: Body) -> StatusCode {
    let _ = begin.send(());
    tokio::spawn(async { (sleep(DEADLINE).await, body) });
    StatusCode::ACCEPTED
}

fn handlers() -> (Router, mpsc::UnboundedReceiver<()>) {
    let (begin, begun) = mpsc::unbounded_channel();
    let router = Router::new()
        .route("/refuse", post(refuse))
        .route("/read", post(read))
        .route("/part", post(read_a_part))
        .route("/keep", post(keep));
    (router.with_state(begin), begun)
}

async fn served(router: Router) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, pending()));
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

impl Client {
    async fn connected() -> Self {
        let (router, begun) = handlers();
        Self { stream: BufReader::new(served(router).await), begun }
    }

    /// Sends a head, and the rest of the request when its handler has begun.
    async fn ask(&mut self, line: &str, headers: &str, first: &[u8], then: &[u8]) -> Answer {
        let asked = Instant::now();
        self.stream.write_all(format!("POST {line}\r\nhost: x\r\n{headers}\r\n").as_bytes()).await.unwrap();
        self.stream.write_all(first).await.unwrap();
        self.begun.recv().await.unwrap();
        // Who has its answer already may be gone.
        let _ = self.stream.write_all(then).await;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).await.unwrap(), 0, "no answer: {head:?}");
            if head == "HTTP/1.1 100 Continue\r\n" {
                head.clear();
                self.stream.read_line(&mut head).await.unwrap();
                head.clear();
            }
        }
        let connection: Vec<_> = head.lines().filter_map(|line| line.strip_prefix("connection: ")).collect();
        let ends = match connection[..] {
            [] | ["keep-alive"] => false,
            ["close"] => true,
            _ => panic!("{head}"),
        };
        Answer { status: head[9..12].parse().unwrap(), ends, after: asked.elapsed() }
    }

    /// Tells whether the server has ended the connection.
    async fn is_over(&mut self) -> bool {
        match self.stream.read(&mut [0]).await {
            Ok(read) => read == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

const LENGTH: &str = "content-length: 5\r\n";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";
const CHUNKS: &[u8] = b"5\r\nhello\r\n0\r\n\r\n";

// Time passes here: a clock that stands still jumps while a body is on its way.
#[tokio::test]
async fn a_body_that_comes_behind_its_head_ends_no_connection() {
    let asks = "expect: 100-continue\r\n";
    let large = format!("content-length: {MOST}\r\n");
    let pieces = [&b"1\r\na\r\n".repeat(MOST_PIECES as usize)[..], b"0\r\n\r\n"].concat();
    let mut client = Client::connected().await;
    for (name, path, headers, first, then, status) in [
        ("refused", "/refuse", LENGTH.to_owned(), &b""[..], &b"hello"[..], 401),
        ("refused, half of it is there", "/refuse", LENGTH.to_owned(), b"he", b"llo", 401),
        ("refused, all of it is there", "/refuse", LENGTH.to_owned(), b"hello", b"", 401),
        ("refused, in chunks", "/refuse", CHUNKED.to_owned(), b"", CHUNKS, 401),
        ("refused, in as many pieces as may be", "/refuse", CHUNKED.to_owned(), b"", &pieces, 401),
        ("refused, as large as may be", "/refuse", large, b"", &[b'x'; MOST as usize], 401),
        ("refused, nothing", "/refuse", String::new(), b"", b"", 401),
        ("read", "/read", LENGTH.to_owned(), b"", b"hello", 200),
        ("read, in chunks", "/read", CHUNKED.to_owned(), b"", CHUNKS, 200),
        ("read, asked for", "/read", format!("{LENGTH}{asks}"), b"", b"hello", 200),
        ("read, asked for, in chunks", "/read", format!("{CHUNKED}{asks}"), b"", CHUNKS, 200),
        ("read in part", "/part", LENGTH.to_owned(), b"he", b"llo", 413),
        ("read in part, asked for", "/part", format!("{LENGTH}{asks}"), b"he", b"llo", 413),
        ("kept, nothing", "/keep", String::new(), b"", b"", 202),
    ] {
        // One connection for all of them.
        let answer = client.ask(&format!("{path} HTTP/1.1"), &headers, first, then).await;
        assert!(answer.status == status && !answer.ends, "{name}: {answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_that_it_is_the_last_one() {
    let (at_once, never) = (Duration::ZERO, &b""[..]);
    let large = format!("content-length: {}\r\n", MOST + 1);
    let tiny = b"1\r\na\r\n".repeat(MOST_PIECES as usize + 1);
    for (name, line, headers, first, then, status, after) in [
        ("nothing comes", "/refuse HTTP/1.1", LENGTH, never, never, 401, PATIENCE),
        ("half of it comes", "/refuse HTTP/1.1", LENGTH, b"he", never, 401, PATIENCE),
        ("it is large", "/refuse HTTP/1.1", &large, never, never, 401, at_once),
        (
            "it is large without saying so",
            "/refuse HTTP/1.1",
            CHUNKED,
            b"10001\r\n",
            &[b'x'; MOST as usize + 1],
            401,
            at_once,
        ),
        ("it comes in tiny pieces", "/refuse HTTP/1.1", CHUNKED, &tiny, never, 401, at_once),
        ("it is broken", "/refuse HTTP/1.1", CHUNKED, b"5\r\nhello\r\nZZ\r\n", never, 401, at_once),
        (
            "it waits to be asked for",
            "/refuse HTTP/1.1",
            "content-length: 5\r\nexpect: 100-continue\r\n",
            never,
            never,
            401,
            at_once,
        ),
        ("its reader found it broken", "/read HTTP/1.1", CHUNKED, b"5\r\nhello\r\nZZ\r\n", never, 400, at_once),
        ("its reader has waited", "/read HTTP/1.1", LENGTH, b"he", never, 408, DEADLINE),
        ("half of it is read, no more comes", "/part HTTP/1.1", LENGTH, b"he", never, 413, PATIENCE),
        ("somebody has it still", "/keep HTTP/1.1", LENGTH, b"he", never, 202, at_once),
        (
            "HTTP/1.0, kept alive",
            "/refuse HTTP/1.0",
            "content-length: 5\r\nconnection: keep-alive\r\n",
            never,
            never,
            401,
            PATIENCE,
        ),
    ] {
        let mut client = Client::connected().await;
        let answer = client.ask(line, headers, first, then).await;
        // Time goes in milliseconds.
        let after = (after..after + Duration::from_millis(5)).contains(&answer.after);
        assert!(answer.status == status && answer.ends && after, "{name}: {answer:?}");
        assert!(client.is_over().await, "{name}");
    }
}

/// Asks over HTTP/2 with a body of which this comes.
async fn over_http_2(body: impl Stream<Item = Bytes> + Send + 'static) -> Duration {
    let (router, _begun) = handlers();
    let stream = TokioIo::new(served(router).await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let asked = Instant::now();
    let body = StreamBody::new(body.map(|data| Ok::<_, Infallible>(Frame::data(data))).boxed());
    let answer = client.send_request(Request::post("http://x/refuse").body(body).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 401);
    // It would be malformed (RFC 9113 section 8.2.2).
    assert!(!answer.headers().contains_key(header::CONNECTION));
    asked.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_answer_over_http_2_waits_for_the_body_too() {
    let after = over_http_2(stream::pending()).await;
    assert!((PATIENCE..PATIENCE + Duration::from_millis(5)).contains(&after), "{after:?}");
}

#[tokio::test]
async fn an_answer_over_http_2_follows_its_body() {
    assert!(over_http_2(stream::iter([Bytes::from_static(b"hello")])).await < PATIENCE);
}
