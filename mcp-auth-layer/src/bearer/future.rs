//! The response future: waiting for a verdict, calling the service, refusing.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::service::{Door, Hatches, Refused};
use crate::{
    audit,
    authority::BoxFuture,
    reject::Rejection,
    respond::{self, Respond},
    signal::{self, Pending},
    token::{Facts, VerifiedToken},
};

pin_project! {
    /// The response of [`Bearer`](super::Bearer).
    pub struct ResponseFuture<S, ReqBody, R>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody, S::Future>,
        door: Arc<Door<R>>,
        // Who it is, when that was verified; for the audit.
        who: Option<Arc<Facts>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, ReqBody, F> {
        // Boxed, because it is rare, and its size would be that of every response.
        Waiting { waiting: Option<Box<Waiting<S, ReqBody>>> },
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
    pub(super) fn calling(response: S::Future, door: Arc<Door<R>>, who: Option<Arc<Facts>>) -> Self {
        who.iter().for_each(|who| audit::admitted(who));
        Self { state: State::Calling { response }, door, who }
    }

    pub(super) fn refused(refused: Refused, door: Arc<Door<R>>) -> Self {
        let Refused { why, who } = refused;
        Self { state: State::Refused { why: Some(why) }, door, who }
    }

    pub(super) fn waiting(
        verdict: BoxFuture<'static, Result<VerifiedToken, Rejection>>,
        hatches: Hatches,
        request: Request<ReqBody>,
        ready: S,
        door: Arc<Door<R>>,
    ) -> Self {
        let waiting = Some(Box::new(Waiting { verdict, hatches, request, ready }));
        Self { state: State::Waiting { waiting }, door, who: None }
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
                        *waiting.take().expect("it was there a line above");
                    let next = match this.door.layer.policy.admit(verdict, hatches) {
                        Ok(caller) => {
                            *this.who = caller.facts().cloned();
                            this.who.iter().for_each(|who| audit::admitted(who));
                            request.extensions_mut().insert(caller);
                            State::Calling { response: ready.call(request) }
                        }
                        Err(Refused { why, who }) => {
                            *this.who = who;
                            State::Refused { why: Some(why) }
                        }
                    };
                    this.state.set(next);
                }
                StateProj::Calling { response } => {
                    // Changed where it is: a response is some hundred bytes, and every layer that moves it pays for that.
                    let mut polled = response.poll(cx);
                    if let Poll::Ready(Ok(response)) = &mut polled
                        && let Some(pending) = signal::take(response)
                    {
                        *response = render(this.door, pending, this.who.as_deref());
                    }
                    return polled;
                }
                StateProj::Refused { why } => {
                    let why = why.take().expect("polled after completion");
                    let pending = Pending { why, operation: None };
                    return Poll::Ready(Ok(render(this.door, pending, this.who.as_deref())));
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
fn render<R, B>(door: &Door<R>, pending: Pending, who: Option<&Facts>) -> Response<B>
where
    R: Respond<B>,
{
    let layer = &door.layer;
    let why = layer.policy.route_step_up(pending.why, who);
    audit::refused(&why, who, pending.operation.as_deref());
    let mut headers = HeaderMap::new();
    // Only one challenge names the place, and to find it costs more than to write the others.
    let sign_in = match &why {
        Rejection::StepUp { .. } => layer.policy.verifier.sign_in_place(who.map(|who| &who.claims)),
        _ => None,
    };
    layer.policy.challenge.write(&why, sign_in.as_deref(), &door.ready, &mut headers);
    respond::refusal(&*layer.respond, why, headers)
}
