//! From a wish to an answer: the cache, a request under way, a refusal that still counts, or Entra.

use std::{sync::Arc, time::Instant};

use mcp_auth_layer::{VerifiedToken, clock::UnixTime};

use super::{
    declared::Declared,
    replicas::{self, Arrived, Replicas, Wanted},
};
use crate::{
    access_token::AccessToken,
    audit,
    cache::{Boarding, Departure, EntryKey, FlightKey, Outcome, Renewal, TokenCache, UserKey, UserTag},
    challenges::Challenges,
    error::{
        ExchangeError,
        ExchangeErrorKind::{self, AssertionExpired, AssertionRefused, BlockedByPolicy, Consent, NoUser, StepUp},
        Failure,
    },
    grant::{Assertion, TokenRequest},
    meter::{self, Answer},
    refusals::Refusals,
    shared::SharedKey,
    target::Target,
    token_endpoint::TokenEndpoint,
};

/// What the clones of an exchange share.
#[derive(Clone)]
pub(super) struct Inner {
    pub(super) endpoint: TokenEndpoint,
    pub(super) targets: Declared,
    pub(super) cache: Arc<TokenCache>,
    pub(super) replicas: Replicas,
    pub(super) refusals: Arc<Refusals>,
    pub(super) challenges: Arc<Challenges>,
}

/// How many requests one caller waits for whose user is forgotten every time before they come back.
const TURNS: usize = 3;

/// Nobody may have a token that was asked for before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the user was forgotten again while the token was fetched")]
struct ForgottenAgain;

/// A request before it leaves, and all that its answer needs.
#[derive(Clone)]
struct Plan {
    request: TokenRequest,
    ends: UnixTime,
    key: FlightKey,
    user: UserKey,
    tag: UserTag,
}

impl Inner {
    pub(super) fn empty(&mut self, max_bytes: u64) {
        self.cache = Arc::new(TokenCache::new(max_bytes, Arc::clone(self.endpoint.app().clock())));
        self.refusals = Arc::new(Refusals::new(Arc::clone(self.cache.forgotten())));
    }

    /// Looks into the memory, and has a token renewed whose end is near.
    pub(super) fn hit(self: &Arc<Self>, key: &EntryKey, user: &VerifiedToken, target: &Target) -> Option<AccessToken> {
        let hit = self.cache.hit(key)?;
        meter::lookup(Answer::Memory);
        if hit.renewal == Renewal::Due {
            self.renew(*key, user, target);
        }
        Some(hit.token)
    }

    /// Joins or begins the request to Entra, and another one where the user was forgotten before it came back.
    pub(super) async fn fly(this: &Arc<Self>, entry: EntryKey, request: TokenRequest) -> Outcome {
        let plan = this.plan(entry, request)?;
        for _ in 0..TURNS {
            this.check_end(plan.ends)?;
            let boarding = this.board_and_count(&plan);
            let departure = boarding.departure();
            let outcome = boarding.outcome().await;
            // Also where it is no longer known whether the user was among the forgotten: many were, while this one waited.
            let counts = |departure| this.cache.forgotten().admits(plan.tag, departure);
            if outcome.is_err() || departure.is_none_or(counts) {
                return outcome;
            }
        }
        Err(Failure::new(ExchangeErrorKind::Unavailable).because(ForgottenAgain).into())
    }

    fn board_and_count(self: &Arc<Self>, plan: &Plan) -> Boarding {
        let boarding = self.board(plan.clone(), || self.settled(plan));
        match &boarding {
            Boarding::Settled(Ok(_)) => meter::lookup(Answer::Memory),
            Boarding::Settled(Err(_)) => meter::lookup(Answer::Refusal),
            Boarding::Joined(_) => meter::lookup(Answer::Flight),
            // Counted when it is known who answered.
            Boarding::Begun(_) => {}
        }
        boarding
    }

    /// Begins a request that nobody waits for, unless one is under way.
    fn renew(self: &Arc<Self>, entry: EntryKey, user: &VerifiedToken, target: &Target) {
        let plan = TokenRequest::on_behalf_of(user, target).ok().and_then(|request| self.plan(entry, request).ok());
        if let Some(plan) = plan {
            // A token that is there is the very one that is to be renewed; but when Entra named a time, it counts here too.
            drop(self.board(plan.clone(), || self.refusals.find(&plan.key, &plan.user).map(Err)));
        }
    }

    fn plan(&self, entry: EntryKey, request: TokenRequest) -> Result<Plan, ExchangeError> {
        let assertion = request.assertion().ok_or(NoUser)?;
        self.check_end(assertion.expires_at())?;
        let tag = self.cache.forgotten().tag(assertion.user());
        let user = UserKey::new(assertion.user(), request.target());
        let key = FlightKey { entry, claims: request.claims().cloned() };
        Ok(Plan { ends: assertion.expires_at(), key, user, tag, request })
    }

    /// The bearer layer forgives a minute at the end; Entra forgives nothing, so it is not even asked.
    fn check_end(&self, ends: UnixTime) -> Result<(), ExchangeError> {
        if ends <= self.endpoint.app().clock().now() { Err(AssertionExpired.into()) } else { Ok(()) }
    }

    fn board(self: &Arc<Self>, plan: Plan, settled: impl FnOnce() -> Option<Outcome>) -> Boarding {
        let (key, tag) = (plan.key.clone(), plan.tag);
        let flight = |departure| Arc::clone(self).flight(plan, departure);
        self.cache.flights().board(key, tag, settled, flight)
    }

    /// What is known by now: a request with claims is never answered by a token from before.
    fn settled(&self, plan: &Plan) -> Option<Outcome> {
        let cached = if plan.key.claims.is_none() { self.cache.find(&plan.key.entry) } else { None };
        cached.map(Ok).or_else(|| self.refusals.find(&plan.key, &plan.user).map(Err))
    }

    async fn flight(self: Arc<Self>, plan: Plan, departure: Departure) -> Outcome {
        let present = if plan.key.claims.is_none() { self.cache.find(&plan.key.entry) } else { None };
        let began = Instant::now();
        let outcome = self.ask(&plan, present.as_ref()).await;
        measure(&outcome, present.is_some(), began);
        self.record(&plan, &outcome);
        match outcome {
            Ok(arrived) => {
                let answer = arrived.answer();
                self.cache.keep(&plan.key.entry, departure, answer, plan.ends, plan.tag);
                Ok(answer.access_token().clone())
            }
            Err(error) => {
                self.refusals.note(&plan.key, &plan.user, (plan.tag, departure), &error);
                // A challenge may be one operation's alone; then the token from before still serves the others.
                if plan.key.claims.is_none() && is_about_the_user(error.kind()) {
                    self.cache.revoke(&plan.key.entry, departure);
                    let (spent, assertion) = (present.as_ref(), plan.request.assertion());
                    spent.zip(assertion).inspect(|(spent, assertion)| {
                        self.replicas.withdraw(|| self.shared_key(assertion, plan.request.target()), spent);
                    });
                }
                Err(error)
            }
        }
    }

    /// Asks the replicas, and Entra if none of them has what is wanted.
    async fn ask(&self, plan: &Plan, present: Option<&AccessToken>) -> Result<Arrived, ExchangeError> {
        let wanted = match present {
            _ if plan.key.claims.is_some() => Wanted::New,
            Some(token) => Wanted::LaterThan(token.expires_at()),
            None => Wanted::Any,
        };
        let request = &plan.request;
        let key = |assertion: &Assertion| self.shared_key(assertion, request.target());
        self.replicas.ask(key, request, wanted, || self.endpoint.clone().exchange(request.clone())).await
    }

    fn shared_key(&self, assertion: &Assertion, target: &Target) -> SharedKey {
        let (app, capabilities) = (self.endpoint.app(), self.endpoint.capabilities());
        replicas::key(app, capabilities, assertion.user(), assertion.expose_secret(), target)
    }

    pub(super) fn invalidate(&self, user: &VerifiedToken, target: &Target, spent: &AccessToken) {
        // First the store: whoever finds the memory empty already must not fill it from there.
        if let Ok(request) = TokenRequest::on_behalf_of(user, target)
            && let Some(assertion) = request.assertion()
        {
            self.replicas.reject(|| self.shared_key(assertion, target), spent);
        }
        self.cache.remove(&EntryKey::new(user.digest(), target), spent);
    }

    /// Writes what reached Entra into the audit trail.
    fn record(&self, plan: &Plan, outcome: &Result<Arrived, ExchangeError>) {
        let Some(user) = plan.request.assertion().map(Assertion::user) else { return };
        match outcome {
            Ok(Arrived::OfEntra(answer)) => audit::exchanged(user, plan.request.target(), answer),
            Ok(Arrived::OfReplica(_)) => {}
            Err(error) => audit::not_exchanged(user, plan.request.target(), error),
        }
    }
}

fn measure(outcome: &Result<Arrived, ExchangeError>, renews: bool, began: Instant) {
    let (answer, word) = match outcome {
        Ok(Arrived::OfReplica(_)) => (Answer::Shared, "shared"),
        Ok(Arrived::OfEntra(_)) => (Answer::Entra, "granted"),
        // The breaker refused it in a moment; among requests to Entra it would make an outage look like a fast answer.
        Err(error) if error.is_of_breaker() => (Answer::Refusal, error.kind().as_str()),
        Err(error) => (Answer::Entra, error.kind().as_str()),
    };
    if answer == Answer::Entra {
        meter::exchange(word, began.elapsed());
    }
    if renews { meter::refresh(word) } else { meter::lookup(answer) }
}

/// Tells whether the refusal makes a token from before as doubtful as a new one would be.
const fn is_about_the_user(kind: ExchangeErrorKind) -> bool {
    matches!(kind, StepUp | Consent | BlockedByPolicy | AssertionRefused | AssertionExpired)
}
