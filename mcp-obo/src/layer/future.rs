//! The response future: fetching a token, calling the service, refusing.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use mcp_auth_layer::reject::Rejection;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{access_token::AccessToken, error::ExchangeError, on_behalf_of::OnBehalfOf, target::Target};

pin_project! {
    /// The response of [`Obo`](super::Obo).
    pub struct ResponseFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody, S::Future>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, ReqBody, F> {
        Fetching { fetching: Option<Fetching<S, ReqBody>> },
        Calling { #[pin] response: F, handle: OnBehalfOf },
        Refused { why: Option<Rejection> },
    }
}

/// What is kept while a token is fetched: the ready service with its request.
struct Fetching<S, ReqBody> {
    token: Pin<Box<dyn Future<Output = Result<AccessToken, ExchangeError>> + Send>>,
    handle: OnBehalfOf,
    request: Request<ReqBody>,
    ready: S,
}

impl<S, ReqBody> ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) const fn calling(response: S::Future, handle: OnBehalfOf) -> Self {
        Self { state: State::Calling { response, handle } }
    }

    pub(super) const fn refused(why: Rejection) -> Self {
        Self { state: State::Refused { why: Some(why) } }
    }

    pub(super) fn fetching(target: Target, handle: OnBehalfOf, request: Request<ReqBody>, ready: S) -> Self {
        let fetcher = handle.clone();
        let token = Box::pin(async move { fetcher.token(&target).await });
        Self { state: State::Fetching { fetching: Some(Fetching { token, handle, request, ready }) } }
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Fetching { fetching } => {
                    let kept = fetching.as_mut().expect("the state changes as soon as this is taken");
                    let fetched = ready!(kept.token.as_mut().poll(cx));
                    let Fetching { handle, request, mut ready, .. } =
                        fetching.take().expect("it was there a line above");
                    let next = match fetched {
                        Err(error)
                            if error.kind().is_cured_by_sign_in() && handle.may_challenge(&error.rejection()) =>
                        {
                            let why = error.rejection();
                            handle.note_challenge(&why);
                            State::Refused { why: Some(why) }
                        }
                        // The token waits in the cache, and any other failure does too: the tool asks for it again.
                        _ => State::Calling { response: ready.call(request), handle },
                    };
                    this.state.set(next);
                }
                StateProj::Calling { response, handle } => {
                    // Changed where it is: a response is some hundred bytes, and every layer that moves it pays for that.
                    let mut polled = response.poll(cx);
                    if let Poll::Ready(Ok(response)) = &mut polled
                        && let Some(why) = handle.take_raised()
                    {
                        *response = why.into_response();
                    }
                    return polled;
                }
                StateProj::Refused { why } => {
                    let why = why.take().expect("polled after completion");
                    return Poll::Ready(Ok(why.into_response()));
                }
            }
        }
    }
}

impl<S, ReqBody> fmt::Debug for ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
