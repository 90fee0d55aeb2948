//! The decision, and the service that acts on it.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    BearerLayer,
    caller::{Caller, ForeignToken},
    credential::{self, Credential},
    future::ResponseFuture,
    layer::Policy,
};
use crate::{
    authority::BoxFuture,
    bypass::{Hatch, OpenHatches, Permit},
    challenge::Ready,
    known_resource::KnownResource,
    reject::{Rejection, RequestFault, TokenFault},
    respond::{EmptyBody, Respond},
    scope::ScopeSet,
    token::{BearerToken, Facts, VerifiedToken},
    verify::Progress,
};

/// Lets requests with a good access token through to `S`; see the [module docs](super).
pub struct Bearer<S, R = EmptyBody> {
    inner: S,
    door: Arc<Door<R>>,
}

/// What every response under way shares.
pub(super) struct Door<R> {
    pub(super) layer: BearerLayer<R>,
    pub(super) ready: Ready,
}

/// What is known about a request when it arrives.
pub(super) enum Decision {
    Known(Result<Caller, Refused>),
    Waiting(BoxFuture<'static, Result<VerifiedToken, Rejection>>, Hatches),
}

/// Why a caller is not let in; and who it is, for the audit, when that was verified.
pub(super) struct Refused {
    pub(super) why: Rejection,
    pub(super) who: Option<Arc<Facts>>,
}

impl<F: Into<Rejection>> From<F> for Refused {
    fn from(fault: F) -> Self {
        Self { why: fault.into(), who: None }
    }
}

/// A token and the permit that would let it in although it is no token for us.
pub(super) type Hatches = Option<(BearerToken, Permit)>;

impl Policy {
    /// Decides from the head of a request; synchronous unless a key must be waited for.
    ///
    /// The credential is taken out of it.
    pub(super) fn decide<B>(&self, request: &mut Request<B>) -> Decision {
        if credential::stands_in_query(request.uri()) {
            return Decision::Known(Err(RequestFault::InQuery.into()));
        }
        let credential = credential::take(request.headers_mut());
        let open = |hatch| request.extensions().get::<OpenHatches>().and_then(|open| open.get(hatch)).cloned();
        match credential {
            Err(fault) => Decision::Known(Err(fault.into())),
            // Another scheme is a credential that is not good here; a hatch lets the absence of one pass, nothing else.
            Ok(Credential::Other) => Decision::Known(Err(Rejection::NoCredentials.into())),
            Ok(Credential::None) => Decision::Known(match open(Hatch::NoAuthentication) {
                Some(permit) => {
                    permit.record_use();
                    Ok(Caller::Anonymous(permit))
                }
                None => Err(Rejection::NoCredentials.into()),
            }),
            Ok(Credential::Bearer(given)) => {
                let hatches = open(Hatch::ForeignBearer).map(|permit| (given.copy(), permit));
                match self.verifier.begin(given) {
                    Progress::Done(verdict) => Decision::Known(self.admit(verdict, hatches)),
                    Progress::Waiting(verdict) => Decision::Waiting(verdict, hatches),
                }
            }
        }
    }

    /// Decides whether a judged token opens this door.
    pub(super) fn admit(&self, verdict: Result<VerifiedToken, Rejection>, hatches: Hatches) -> Result<Caller, Refused> {
        let token = match (verdict, hatches) {
            (Ok(token), _) => token,
            (Err(Rejection::Token(TokenFault::KnownResource(KnownResource::Graph))), Some((token, permit))) => {
                permit.record_use();
                return Ok(Caller::Foreign(ForeignToken::new(token, permit)));
            }
            (Err(why), _) => return Err(why.into()),
        };
        match self.judge(&token) {
            Ok(()) => Ok(Caller::Verified(token)),
            Err(why) => Err(Refused { why, who: Some(Arc::clone(token.facts())) }),
        }
    }

    /// Asks every policy; the scopes that several of them miss are named at once.
    fn judge(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        let mut lacking = ScopeSet::default();
        for access in &self.access {
            match access.judge_at(token.claims(), token.principal(), || self.verifier.now()) {
                Ok(()) => {}
                Err(Rejection::Scope { required }) => lacking.extend(&required),
                Err(other) if lacking.is_empty() => return Err(other),
                // Scopes first: the caller can do something about them.
                Err(_) => {}
            }
        }
        if lacking.is_empty() { Ok(()) } else { Err(Rejection::Scope { required: lacking }) }
    }
}

impl Policy {
    /// Lets the route for step-ups, if there is one, speak to the callers whom it knows.
    pub(super) fn route_step_up(&self, why: Rejection, who: Option<&Facts>) -> Rejection {
        let Rejection::StepUp { claims } = &why else { return why };
        let scope = self.step_up.as_ref().zip(who).and_then(|(route, who)| route.scope(&who.claims, claims));
        scope.map_or(why, |scope| Rejection::StepUpScope { scope })
    }
}

impl<S, R> Bearer<S, R> {
    pub(super) fn new(inner: S, layer: BearerLayer<R>) -> Self {
        let ready = Ready::of(&layer.policy.challenge);
        Self { inner, door: Arc::new(Door { layer, ready }) }
    }
}

impl<S: Clone, R> Clone for Bearer<S, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), door: Arc::clone(&self.door) }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for Bearer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("inner", &self.inner).field("layer", &self.door.layer).finish()
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for Bearer<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    R: Respond<ResBody>,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let decision = self.door.layer.policy.decide(&mut request);
        let door = Arc::clone(&self.door);
        match decision {
            Decision::Known(Ok(caller)) => {
                let who = caller.facts().cloned();
                request.extensions_mut().insert(caller);
                ResponseFuture::calling(self.inner.call(request), door, who)
            }
            Decision::Known(Err(refused)) => ResponseFuture::refused(refused, door),
            Decision::Waiting(verdict, hatches) => {
                // The service that was polled ready goes along; the clone, whose readiness nobody asked for, stays.
                let not_ready = self.inner.clone();
                let ready = mem::replace(&mut self.inner, not_ready);
                ResponseFuture::waiting(verdict, hatches, request, ready, door)
            }
        }
    }
}
