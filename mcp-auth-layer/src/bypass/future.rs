//! The response future, which marks the response of a request that used a hatch.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderValue, Response};
use pin_project_lite::pin_project;

use super::{MARKER, OpenHatches};

pin_project! {
    /// The response of [`BypassGuard`](super::BypassGuard).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        open: Option<OpenHatches>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn new(inner: F, open: Option<OpenHatches>) -> Self {
        Self { inner, open }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Changed where it is: a response is some hundred bytes, and every layer that moves it pays for that.
        let mut polled = this.inner.poll(cx);
        if let (Poll::Ready(Ok(response)), Some(open)) = (&mut polled, this.open)
            && let Some(names) = open.used()
        {
            let mark = HeaderValue::try_from(names).expect("names of hatches are lower-case letters and hyphens");
            // Appended: a guard further in may have marked its own.
            response.headers_mut().append(MARKER, mark);
        }
        polled
    }
}
