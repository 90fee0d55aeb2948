//! From a wish to an answer: the cache, a request under way, a refusal that still counts, or Entra.

use std::{sync::Arc, time::Instant};

use mcp_auth_layer::{VerifiedToken, clock::UnixTime};

use super::declared::Declared;
use crate::{
    access_token::AccessToken,
    audit,
    cache::{Boarding, EntryKey, FlightKey, Outcome, Renewal, TokenCache, UserCell, UserKey},
    challenges::Challenges,
    error::{
        ExchangeError,
        ExchangeErrorKind::{self, AssertionExpired, AssertionRefused, BlockedByPolicy, Consent, NoUser, StepUp},
    },
    grant::{Assertion, TokenRequest},
    meter::{self, Answer},
    refusals::Refusals,
    target::Target,
    token_endpoint::TokenEndpoint,
};

/// What the clones of an exchange share.
#[derive(Clone)]
pub(super) struct Inner {
    pub(super) endpoint: TokenEndpoint,
    pub(super) targets: Declared,
    pub(super) cache: Arc<TokenCache>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) challenges: Arc<Challenges>,
}

/// A request before it leaves, and all that its answer needs.
#[derive(Clone)]
struct Plan {
    request: TokenRequest,
    ends: UnixTime,
    key: FlightKey,
    user: UserKey,
    cell: Arc<UserCell>,
}

impl Inner {
    pub(super) fn empty(&mut self, max_bytes: u64) {
        self.cache = Arc::new(TokenCache::new(max_bytes, Arc::clone(self.endpoint.app().clock())));
        self.refusals = Arc::new(Refusals::new());
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

    /// Joins or begins the request to Entra.
    pub(super) async fn fly(this: &Arc<Self>, entry: EntryKey, request: TokenRequest) -> Outcome {
        let plan = this.plan(entry, request)?;
        let boarding = this.board(plan.clone(), || this.settled(&plan));
        meter::lookup(match &boarding {
            Boarding::Settled(Ok(_)) => Answer::Memory,
            Boarding::Settled(Err(_)) => Answer::Refusal,
            Boarding::Joined(_) => Answer::Flight,
            Boarding::Begun(_) => Answer::Entra,
        });
        boarding.outcome().await
    }

    /// Begins a request that nobody waits for, unless one is under way.
    fn renew(self: &Arc<Self>, entry: EntryKey, user: &VerifiedToken, target: &Target) {
        let plan = TokenRequest::on_behalf_of(user, target).ok().and_then(|request| self.plan(entry, request).ok());
        if let Some(plan) = plan {
            // What is settled is the very token that is to be renewed.
            drop(self.board(plan, || None));
        }
    }

    fn plan(&self, entry: EntryKey, request: TokenRequest) -> Result<Plan, ExchangeError> {
        let assertion = request.assertion().ok_or(NoUser)?;
        // The bearer layer forgives a minute at the end; Entra forgives nothing, so it is not even asked.
        if assertion.expires_at() <= self.endpoint.app().clock().now() {
            return Err(AssertionExpired.into());
        }
        let cell = self.cache.user(assertion.user());
        let user = UserKey::new(assertion.user(), request.target());
        let key = FlightKey { entry, claims: request.claims().cloned(), epoch: cell.epoch() };
        Ok(Plan { ends: assertion.expires_at(), key, user, cell, request })
    }

    fn board(self: &Arc<Self>, plan: Plan, settled: impl FnOnce() -> Option<Outcome>) -> Boarding {
        let flight = || Arc::clone(self).flight(plan.clone());
        self.cache.flights().board(plan.key.clone(), settled, flight)
    }

    /// What is known by now: a request with claims is never answered by a token from before.
    fn settled(&self, plan: &Plan) -> Option<Outcome> {
        let cached = if plan.key.claims.is_none() { self.cache.find(&plan.key.entry) } else { None };
        cached.map(Ok).or_else(|| self.refusals.find(&plan.key, &plan.user).map(Err))
    }

    async fn flight(self: Arc<Self>, plan: Plan) -> Outcome {
        let departure = self.cache.depart();
        let renews = plan.key.claims.is_none() && self.cache.find(&plan.key.entry).is_some();
        let began = Instant::now();
        let outcome = self.endpoint.clone().exchange(plan.request.clone()).await;
        let word = outcome.as_ref().map_or_else(|error| error.kind().as_str(), |_| "granted");
        meter::exchange(word, began.elapsed());
        if renews {
            meter::refresh(word);
        }
        let user = plan.request.assertion().map(Assertion::user);
        match outcome {
            Ok(answer) => {
                user.inspect(|user| audit::exchanged(user, plan.request.target()));
                self.cache.keep(&plan.key, departure, &answer, plan.ends, &plan.cell);
                Ok(answer.access_token().clone())
            }
            Err(error) => {
                user.inspect(|user| audit::not_exchanged(user, plan.request.target(), &error));
                self.refusals.note(&plan.key, &plan.user, &plan.cell, &error);
                // A challenge may be one operation's alone; then the token from before still serves the others.
                if plan.key.claims.is_none() && is_about_the_user(error.kind()) {
                    self.cache.revoke(&plan.key.entry, departure);
                }
                Err(error)
            }
        }
    }
}

/// Tells whether the refusal makes a token from before as doubtful as a new one would be.
const fn is_about_the_user(kind: ExchangeErrorKind) -> bool {
    matches!(kind, StepUp | Consent | BlockedByPolicy | AssertionRefused | AssertionExpired)
}
