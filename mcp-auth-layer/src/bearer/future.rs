//! The response future: waiting for a verdict, calling the service, refusing.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    BearerLayer,
    service::{Hatches, Refused, seal},
};
use crate::{
    audit,
    authority::BoxFuture,
    reject::Rejection,
    respond::{self, Respond},
    signal::{self, Pending},
    token::VerifiedToken,
};

pin_project! {
    /// The response of [`Bearer`](super::Bearer).
    pub struct ResponseFuture<S, ReqBody, R>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody, S::Future>,
        layer: BearerLayer<R>,
        // Who it is, when that was verified; for the audit.
        token: Option<VerifiedToken>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, ReqBody, F> {
        Waiting { waiting: Option<Waiting<S, ReqBody>> },
        Calling { #[pin] response: F },
        Refused { why: Option<Rejection> },
    }
}

/// What is kept while a key is fetched: the boxed verdict, and the ready service with its request.
struct Waiting<S, ReqBody> {
    verdict: BoxFuture<'static, Result<VerifiedToken, Rejection>>,
    hatches: Hatches,
    request: Request<ReqBody>,
    ready: S,
}

impl<S, ReqBody, R> ResponseFuture<S, ReqBody, R>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) fn calling(response: S::Future, layer: BearerLayer<R>, token: Option<VerifiedToken>) -> Self {
        token.iter().for_each(audit::admitted);
        Self { state: State::Calling { response }, layer, token }
    }

    pub(super) fn refused(refused: Refused, layer: BearerLayer<R>) -> Self {
        let Refused { why, who } = refused;
        Self { state: State::Refused { why: Some(why) }, layer, token: who }
    }

    pub(super) fn waiting(
        verdict: BoxFuture<'static, Result<VerifiedToken, Rejection>>,
        hatches: Hatches,
        request: Request<ReqBody>,
        ready: S,
        layer: BearerLayer<R>,
    ) -> Self {
        let waiting = Some(Waiting { verdict, hatches, request, ready });
        Self { state: State::Waiting { waiting }, layer, token: None }
    }
}

impl<S, ReqBody, R, ResBody> Future for ResponseFuture<S, ReqBody, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Respond<ResBody>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Waiting { waiting } => {
                    let kept = waiting.as_mut().expect("the state changes as soon as this is taken");
                    let verdict = ready!(kept.verdict.as_mut().poll(cx));
                    let Waiting { hatches, mut request, mut ready, .. } =
                        waiting.take().expect("it was there a line above");
                    let next = match this.layer.policy.admit(verdict, hatches) {
                        Ok(caller) => {
                            *this.token = caller.verified().cloned();
                            this.token.iter().for_each(audit::admitted);
                            seal(&mut request, caller);
                            State::Calling { response: ready.call(request) }
                        }
                        Err(Refused { why, who }) => {
                            *this.token = who;
                            State::Refused { why: Some(why) }
                        }
                    };
                    this.state.set(next);
                }
                StateProj::Calling { response } => {
                    let mut response = ready!(response.poll(cx))?;
                    return Poll::Ready(Ok(match signal::take(&mut response) {
                        Some(pending) => render(this.layer, pending, this.token.as_ref()),
                        None => response,
                    }));
                }
                StateProj::Refused { why } => {
                    let why = why.take().expect("polled after completion");
                    let pending = Pending { why, operation: None };
                    return Poll::Ready(Ok(render(this.layer, pending, this.token.as_ref())));
                }
            }
        }
    }
}

impl<S, ReqBody, R> fmt::Debug for ResponseFuture<S, ReqBody, R>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// Makes the response of a refusal, with its challenge; the only place in the family that does.
fn render<R, B>(layer: &BearerLayer<R>, pending: Pending, token: Option<&VerifiedToken>) -> Response<B>
where
    R: Respond<B>,
{
    let why = layer.policy.route_step_up(pending.why, token);
    audit::refused(&why, token, pending.operation.as_deref());
    let mut headers = HeaderMap::new();
    let sign_in = layer.policy.verifier.sign_in_place(token);
    layer.policy.challenge.write(&why, sign_in.as_deref(), &mut headers);
    let mut response = respond::refusal(&*layer.respond, why);
    response.headers_mut().extend(headers);
    response
}
