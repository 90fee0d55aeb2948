//! A request body whose beginning was read and is still there.
//!
//! A decision that depends on a message has to read it before the service does. [`Peeked`] reads up to a bound and then replays
//! what it read, so that the service sees every byte, trailers and errors as if nobody had looked.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

#[cfg(test)]
mod tests;

/// A body that replays what was read of it, and then goes on.
pub struct Peeked<B> {
    seen: Bytes,
    replayed: bool,
    trailers: Option<HeaderMap>,
    // None once it has ended: an ended body must not be polled again.
    rest: Option<B>,
}

impl<B> Peeked<B> {
    /// Takes a body of which nothing was read.
    #[must_use]
    pub const fn untouched(body: B) -> Self {
        Self { seen: Bytes::new(), replayed: false, trailers: None, rest: Some(body) }
    }

    /// Returns what was read.
    #[must_use]
    pub const fn seen(&self) -> &Bytes {
        &self.seen
    }

    /// Tells whether the body ended within the bound.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.rest.is_none()
    }
}

impl<B: Body<Data = Bytes> + Unpin> Peeked<B> {
    /// Reads a body up to its end or until it has more than `limit` bytes.
    ///
    /// At most one frame more than the bound is held. A frame without data counts as one byte, so that a body of empty frames
    /// ends as well. How slowly a body may arrive is for the server's own timeout to say. A body whose announced length is
    /// above the bound is not read at all.
    ///
    /// # Errors
    /// The body's own.
    pub async fn up_to(limit: usize, mut body: B) -> Result<Self, B::Error> {
        if body.size_hint().lower() > limit as u64 {
            return Ok(Self::untouched(body));
        }
        let mut gathered = Gathered::default();
        let mut spent = 0_usize;
        while spent <= limit {
            let Some(frame) = body.frame().await.transpose()? else {
                return Ok(Self { seen: gathered.freeze(), replayed: false, trailers: None, rest: None });
            };
            match frame.into_data() {
                Ok(data) => {
                    spent = spent.saturating_add(data.len().max(1));
                    gathered.push(data);
                }
                // Trailers come last (RFC 9110 section 6.5).
                Err(frame) => {
                    let trailers = frame.into_trailers().ok();
                    return Ok(Self { seen: gathered.freeze(), replayed: false, trailers, rest: None });
                }
            }
        }
        Ok(Self { seen: gathered.freeze(), replayed: false, trailers: None, rest: Some(body) })
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Peeked<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        if !this.replayed {
            this.replayed = true;
            if !this.seen.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.seen)))));
            }
        }
        if let Some(trailers) = this.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        match &mut this.rest {
            Some(rest) => Pin::new(rest).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.seen.is_empty() && self.trailers.is_none() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let seen = self.seen.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(seen));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(seen));
        }
        hint
    }
}

impl<B> fmt::Debug for Peeked<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No content: a form may hold a code or a verifier.
        f.debug_struct("Peeked").field("seen", &self.seen.len()).field("whole", &self.is_whole()).finish()
    }
}

/// Data that is copied only when it came in several pieces.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    several: BytesMut,
}

impl Gathered {
    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.several.is_empty() {
            self.first = data;
            return;
        }
        if self.several.is_empty() {
            self.several.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.several.extend_from_slice(&data);
    }

    fn freeze(self) -> Bytes {
        if self.several.is_empty() { self.first } else { self.several.freeze() }
    }
}
