//! One connection, opened anew when it breaks.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode, header::AUTHORIZATION};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Load, outcome::Tally, pace::Pace};

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    load: Arc<Load>,
    address: SocketAddr,
    sender: http1::SendRequest<Full<Bytes>>,
    /// Whether there was an answer over it since it was opened.
    is_used: bool,
    /// Whether it has ended while it was asked: that happens once, and more often only to a server that is at fault.
    has_ended: bool,
    /// How long an answer is that has been read.
    length: Option<u64>,
    tally: Tally,
}

impl Connection {
    pub(super) async fn open(load: Arc<Load>, address: SocketAddr) -> io::Result<Self> {
        let sender = connect(address).await?;
        Ok(Self { load, address, sender, is_used: false, has_ended: false, length: None, tally: Tally::default() })
    }

    /// Asks until the end.
    pub(super) async fn ask(mut self, pace: Arc<Pace>) -> Tally {
        match pace.cutoff() {
            Some(cutoff) => drop(tokio::time::timeout_at(cutoff, self.ask_on(&pace)).await),
            None => self.ask_on(&pace).await,
        }
        self.tally
    }

    async fn ask_on(&mut self, pace: &Pace) {
        while let Some(turn) = pace.turn().await {
            let answer = self.ask_once(turn.caller).await;
            let answered = Instant::now();
            if pace.counts(turn.due, answered) {
                self.tally.count(answered - turn.due, &answer);
            }
        }
    }

    /// Waits until the connection is free; a server may end one after any answer, which is no error.
    async fn free(&mut self) -> Result<(), String> {
        if self.sender.ready().await.is_ok() { Ok(()) } else { self.open_again().await }
    }

    async fn open_again(&mut self) -> Result<(), String> {
        match connect(self.address).await {
            Ok(sender) => (self.sender, self.is_used) = (sender, false),
            Err(error) => {
                // Whoever does not listen would be asked a million times a second.
                tokio::time::sleep(Duration::from_millis(10)).await;
                return Err(error.to_string());
            }
        }
        self.sender.ready().await.map_err(told)
    }

    /// Sends a request, and waits for the head of its answer.
    ///
    /// A server may also end a connection just when it is used again, because it was slow to look and took it for idle. Then
    /// the request is sent once more, over a new connection, and its time goes on.
    async fn send(&mut self, caller: Option<usize>) -> Result<Response<Incoming>, String> {
        self.free().await?;
        match self.sender.send_request(self.request(caller)).await {
            Err(error) if self.is_used && !self.has_ended && !error.is_parse() => {
                self.has_ended = true;
                self.open_again().await?;
                self.sender.send_request(self.request(caller)).await.map_err(told)
            }
            answer => answer.map_err(told),
        }
    }

    /// Asks and reads the whole answer; returns its length.
    async fn ask_once(&mut self, caller: Option<usize>) -> Result<u64, String> {
        let answer = self.send(caller).await?;
        let (status, mut body) = (answer.status(), answer.into_body());
        let length = match (&self.load.expect, self.length) {
            (Some(expected), None) => read(&mut body, expected).await?,
            _ => drain(&mut body).await?,
        };
        self.is_used = true;
        if !status.is_success() {
            return Err(format!("status {status}"));
        }
        if status != StatusCode::OK && self.load.expect.is_some() {
            return Err(format!("status {status} says nothing"));
        }
        match *self.length.get_or_insert(length) {
            expected if self.load.expect.is_some() && expected != length => {
                Err(format!("an answer of {length} bytes instead of {expected}"))
            }
            _ => Ok(length),
        }
    }

    fn request(&self, caller: Option<usize>) -> Request<Full<Bytes>> {
        let body = self.load.body.clone();
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::new(Full::new(body.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = self.target();
        *request.headers_mut() = self.headers(caller);
        request
    }

    /// The path alone, as HTTP/1.1 wants it of all but proxies.
    fn target(&self) -> http::Uri {
        self.load.url.path_and_query().cloned().map_or_else(http::Uri::default, http::Uri::from)
    }

    fn headers(&self, caller: Option<usize>) -> HeaderMap {
        let mut headers = self.load.headers.clone();
        if let Some(token) = caller.and_then(|caller| self.load.tokens.get(caller)) {
            headers.insert(AUTHORIZATION, token.clone());
        }
        headers
    }
}

async fn connect(address: SocketAddr) -> io::Result<http1::SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

async fn drain(body: &mut Incoming) -> Result<u64, String> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.map_err(told)?.data_ref().map_or(0, Bytes::len) as u64;
    }
    Ok(length)
}

async fn read(body: &mut Incoming, expected: &str) -> Result<u64, String> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        whole.extend_from_slice(frame.map_err(told)?.data_ref().map_or(&[][..], |data| data));
    }
    if whole.windows(expected.len().max(1)).any(|part| part == expected.as_bytes()) {
        return Ok(whole.len() as u64);
    }
    let begin = String::from_utf8_lossy(&whole[..whole.len().min(300)]);
    Err(format!("an answer without {expected:?}: {begin}"))
}

#[allow(clippy::needless_pass_by_value, reason = "used as a function on errors")]
fn told(error: hyper::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;
    use crate::load::{End, Outcome};

    /// Asks a server that answers so many requests on each connection in turn, and ends it when it is asked once more.
    fn asked(answers: &'static [usize], requests: u64) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut load = Load::of(format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap());
        (load.connections, load.end) = (1, End::Requests(requests));
        let server = thread::spawn(move || {
            for answers in answers {
                let mut stream = BufReader::new(listener.accept().unwrap().0);
                for _ in 0..*answers {
                    read_request(&mut stream);
                    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").unwrap();
                }
                read_request(&mut stream);
            }
        });
        let outcome = load.run().unwrap();
        server.join().unwrap();
        outcome
    }

    fn read_request(stream: &mut impl io::BufRead) {
        stream.lines().map_while(Result::ok).find(String::is_empty);
    }

    #[test]
    fn a_connection_that_ends_when_it_is_used_again_costs_time_and_no_answer() {
        for (name, answers, requests, expected) in [
            ("used before", &[2, 3][..], 5, (5, 0)),
            ("never used", &[0, 3], 3, (2, 1)),
            ("ends again and again", &[1, 1], 3, (2, 1)),
        ] {
            let outcome = asked(answers, requests);
            assert_eq!((outcome.requests, outcome.errors), expected, "{name}: {:?}", outcome.first_error);
        }
    }
}
