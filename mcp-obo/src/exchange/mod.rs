//! The On-Behalf-Of exchange: the token endpoint behind the cache.

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use mcp_auth_layer::{EntraApp, VerifiedToken, principal::UserId};

use crate::{
    access_token::AccessToken,
    cache::{EntryKey, FlightKey, Outcome, TokenCache, UserCell, UserKey},
    credential::ClientCredentials,
    error::{ExchangeError, ExchangeErrorKind},
    grant::TokenRequest,
    refusals::Refusals,
    target::Target,
    token_endpoint::TokenEndpoint,
};

/// Exchanges callers' tokens for tokens of downstream APIs.
///
/// Cloning is cheap, and clones share one cache. No constructor does I/O or starts a task.
///
/// # Defaults
/// No target is declared, so every exchange is refused until [`add_target`](Self::add_target). The cache holds up to 64 MiB.
/// No client capability is declared.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    endpoint: TokenEndpoint,
    targets: Vec<Target>,
    cache: Arc<TokenCache>,
    refusals: Arc<Refusals>,
}

const MAX_BYTES: u64 = 64 << 20;

impl Exchange {
    /// Exchanges as this app, with this credential or list of credentials.
    #[must_use]
    pub fn new(app: &EntraApp, credential: impl Into<ClientCredentials>) -> Self {
        let endpoint = TokenEndpoint::new(app, credential);
        let cache = Arc::new(TokenCache::new(MAX_BYTES, Arc::clone(app.clock())));
        Self(Arc::new(Inner { endpoint, targets: Vec::new(), cache, refusals: Arc::new(Refusals::new()) }))
    }

    /// Declares a target; what is not declared is never asked for, whoever wants it.
    #[must_use]
    pub fn add_target(mut self, target: &Target) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        if !inner.targets.contains(target) {
            inner.targets.push(target.clone());
        }
        self
    }

    /// Sets how many bytes of tokens are kept; starts with an empty cache.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        Arc::make_mut(&mut self.0).empty(bytes);
        self
    }

    /// Declares client capabilities such as `cp1` (continuous access evaluation); starts with an empty cache.
    ///
    /// # Deployment caveat
    /// With `cp1` tokens live up to 28 hours and downstream APIs answer with claims challenges at any time. Declare it only
    /// if every one of them is handed to [`token_with_claims`](Self::token_with_claims).
    #[must_use]
    pub fn with_client_capabilities(mut self, capabilities: &[&str]) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.endpoint = inner.endpoint.clone().with_capabilities(capabilities);
        inner.empty(inner.cache.max_bytes());
        self
    }

    /// Returns a token of `target` for this user: from the cache, or from Entra.
    ///
    /// # Errors
    /// [`ExchangeError`]; its [`kind`](ExchangeError::kind) says what it means.
    pub async fn token(&self, user: &VerifiedToken, target: &Target) -> Result<AccessToken, ExchangeError> {
        let inner = &self.0;
        inner.check_declared(target)?;
        let key = EntryKey::new(user.digest(), target);
        match inner.cache.find(&key) {
            Some(token) => Ok(token),
            None => Inner::fly(inner, key, TokenRequest::on_behalf_of(user, target)?, target).await,
        }
    }

    /// Returns a token that satisfies a downstream API's claims challenge, always from Entra.
    ///
    /// `challenge` is the value of `claims` as in the `WWW-Authenticate` header, or JSON. The token replaces the one that
    /// was challenged.
    ///
    /// # Errors
    /// [`ExchangeError`]; mostly [`StepUp`](ExchangeErrorKind::StepUp), which the user must satisfy.
    pub async fn token_with_claims(
        &self,
        user: &VerifiedToken,
        target: &Target,
        challenge: &str,
    ) -> Result<AccessToken, ExchangeError> {
        let inner = &self.0;
        inner.check_declared(target)?;
        let key = EntryKey::new(user.digest(), target);
        let request = TokenRequest::on_behalf_of(user, target)?.with_claims(challenge)?;
        Inner::fly(inner, key, request, target).await
    }

    /// Drops a token that the downstream API refused, unless another has taken its place.
    pub fn invalidate(&self, user: &VerifiedToken, target: &Target, spent: &AccessToken) {
        self.0.cache.remove(&EntryKey::new(user.digest(), target), spent);
    }

    /// Drops everything of a user: tokens, refusals, and what requests under way will bring.
    pub fn forget_user(&self, user: &UserId) {
        self.0.cache.forget(user);
    }
}

impl Inner {
    fn check_declared(&self, target: &Target) -> Result<(), ExchangeError> {
        if self.targets.contains(target) { Ok(()) } else { Err(ExchangeErrorKind::UndeclaredTarget.into()) }
    }

    fn empty(&mut self, max_bytes: u64) {
        self.cache = Arc::new(TokenCache::new(max_bytes, Arc::clone(self.endpoint.app().clock())));
        self.refusals = Arc::new(Refusals::new());
    }

    /// Joins or begins the request to Entra.
    async fn fly(this: &Arc<Self>, entry: EntryKey, request: TokenRequest, target: &Target) -> Outcome {
        // The bearer layer forgives a minute at the end; Entra forgives nothing, so it is not even asked.
        if request.assertion_expires_at() <= this.endpoint.app().clock().now() {
            return Err(ExchangeErrorKind::AssertionExpired.into());
        }
        let cell = this.cache.user(request.user());
        let user = UserKey::new(request.user(), target);
        let key = FlightKey { entry, claims: request.claims().cloned(), epoch: cell.epoch() };
        let settled = || this.settled(&key, &user);
        let flight = || Arc::clone(this).flight(request, key.clone(), user.clone(), cell);
        this.cache.flights().board(key.clone(), settled, flight).outcome().await
    }

    /// What is known by now: a request with claims is never answered by a token from before.
    fn settled(&self, key: &FlightKey, user: &UserKey) -> Option<Outcome> {
        let cached = if key.claims.is_none() { self.cache.find(&key.entry) } else { None };
        cached.map(Ok).or_else(|| self.refusals.find(key, user).map(Err))
    }

    async fn flight(
        self: Arc<Self>,
        request: TokenRequest,
        key: FlightKey,
        user: UserKey,
        cell: Arc<UserCell>,
    ) -> Outcome {
        let departure = self.cache.depart();
        let assertion = request.assertion_expires_at();
        match self.endpoint.clone().exchange(request).await {
            Ok(answer) => {
                self.cache.keep(&key, departure, &answer, assertion, &cell);
                Ok(answer.access_token().clone())
            }
            Err(error) => {
                self.refusals.note(&key, &user, &cell, &error);
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("endpoint", &self.0.endpoint)
            .field("targets", &self.0.targets)
            .finish_non_exhaustive()
    }
}
