//! Bodies that nobody read to their end.
//!
//! A request that is refused for its head leaves a body behind, which may still be on its way. hyper then ends the connection
//! after the answer and does not say so, and a client that keeps connections sends its next request into nothing. So what is
//! left is read within bounds, as Go's server does; where that cannot be, the answer says that the connection ends.
//!
//! HTTP/2 would go on with the next stream. But it resets one whose body is unread, and there are clients that throw away the
//! answer for that (curl 7.88), so the rest is read there, too.
//!
//! An answer that is still written while its handler reads the request's body says that the connection ends, too: whether that
//! body will be read to its end is not known when its head goes out.
//!
//! A body beyond the bounds may cost its sender the answer: a system resets what is closed with bytes unread.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// How much is read for nobody, in bytes.
const MOST: u64 = 64 << 10;

/// In how many pieces it may come: the smallest one is as much work as the largest.
const MOST_PIECES: u32 = 256;

/// How long its sender may take for it. What is sent right behind a head is here by then.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body that leaves behind what its reader did not want.
pub(super) struct Watched {
    body: Option<Incoming>,
    /// Whether more of it comes by itself: its sender does not wait to be asked, nor did it keep its reader waiting.
    flows: bool,
    rest: Shared,
}

/// What is left of a body.
enum Rest {
    Nothing,
    Body(Incoming),
    /// It is broken, or late, or somebody has it still.
    Lost,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Rest>>);

/// What a request leaves behind.
pub(super) struct Unread {
    rest: Shared,
    version: Version,
}

/// Watches the body of a request.
pub(super) fn watch(request: Request<Incoming>) -> (Request<Watched>, Unread) {
    let rest = if request.body().is_end_stream() { Rest::Nothing } else { Rest::Lost };
    let rest = Shared(Arc::new(Mutex::new(rest)));
    let unread = Unread { rest: rest.clone(), version: request.version() };
    // To read it would be to ask for it (RFC 9110 section 10.1.1).
    let flows = !request.headers().contains_key(header::EXPECT);
    (request.map(|body| Watched { body: Some(body), flows, rest }), unread)
}

impl Unread {
    /// Reads what was left, or tells the client that it has to connect again.
    pub(super) async fn settle<B>(self, answer: &mut Response<B>) {
        let rest = mem::replace(&mut *self.rest.lock(), Rest::Lost);
        let goes_on = match rest {
            Rest::Nothing => true,
            Rest::Body(body) => timeout(PATIENCE, ends(body)).await.unwrap_or(false),
            Rest::Lost => false,
        };
        if !goes_on && self.version < Version::HTTP_2 {
            // Or hyper adds `keep-alive` where a client of HTTP/1.0 asked for it.
            *answer.version_mut() = self.version;
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Reads a body for nobody, and tells whether its end was reached.
async fn ends(mut body: Incoming) -> bool {
    let mut room = MOST;
    for _ in 0..=MOST_PIECES {
        if body.size_hint().lower() > room {
            break;
        }
        let Some(frame) = body.frame().await else { return true };
        let Ok(frame) = frame else { break };
        let Some(left) = room.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64)) else { break };
        room = left;
    }
    false
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn leave(&mut self, rest: Rest) {
        self.body = None;
        *self.rest.lock() = rest;
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.leave(Rest::Nothing),
            Poll::Ready(Some(Err(_))) => self.leave(Rest::Lost),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => self.flows = polled.is_ready(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        match self.body.take() {
            Some(body) if body.is_end_stream() => self.leave(Rest::Nothing),
            Some(body) if self.flows => self.leave(Rest::Body(body)),
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests;
