//! The response future: the service's own, or a refusal.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::reject::Rejection;

pin_project! {
    /// The response of [`Require`](super::Require).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F> {
        Calling { #[pin] response: F },
        Refused { why: Option<Rejection> },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn calling(response: F) -> Self {
        Self { state: State::Calling { response } }
    }

    pub(super) const fn refused(why: Rejection) -> Self {
        Self { state: State::Refused { why: Some(why) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Calling { response } => response.poll(cx),
            StateProj::Refused { why } => Poll::Ready(Ok(why.take().expect("polled after completion").into_response())),
        }
    }
}
