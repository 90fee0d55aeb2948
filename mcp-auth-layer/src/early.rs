//! The response futures of layers that sometimes answer without calling their service.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

/// The response of a layer that takes a while to decide; boxed, because reading a body has no name.
pub(crate) type Boxed<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Calls a service with the request that a decision lets through, or answers in its place.
pub(crate) fn deciding<S, B, ResBody>(
    service: &mut S,
    decision: impl Future<Output = Result<Request<B>, Response<ResBody>>> + Send + 'static,
) -> Boxed<S::Response, S::Error>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
{
    // The service that was polled ready is the one to call; its clone was not asked yet.
    let clone = service.clone();
    let mut ready = mem::replace(service, clone);
    Box::pin(async move {
        let request = match decision.await {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        ready.call(request).await
    })
}

pin_project! {
    /// The service's response, or an answer that was ready at once.
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B> {
        Calling { #[pin] response: F },
        Answered { response: Option<Response<B>> },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) const fn calling(response: F) -> Self {
        Self { state: State::Calling { response } }
    }

    pub(crate) const fn answered(response: Response<B>) -> Self {
        Self { state: State::Answered { response: Some(response) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Calling { response } => response.poll(cx),
            StateProj::Answered { response } => Poll::Ready(Ok(response.take().expect("polled after completion"))),
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
