//! The On-Behalf-Of exchange: the token endpoint behind the cache.

mod declared;
mod flight;
mod replicas;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use mcp_auth_layer::{EntraApp, VerifiedToken, clock::UnixTime, principal::UserId};

use self::{declared::Declared, flight::Inner, replicas::Replicas};
use crate::{
    access_token::AccessToken,
    cache::{EntryKey, TokenCache},
    catalogue::Catalogue,
    challenges::Challenges,
    credential::{ClientCredentials, CredentialStatus},
    error::{ExchangeError, ExchangeErrorKind, Failure},
    grant::TokenRequest,
    refusals::Refusals,
    seal::KeyRing,
    shared::SharedStore,
    target::{Target, TargetError},
    token_endpoint::TokenEndpoint,
};

/// Exchanges callers' tokens for tokens of downstream APIs.
///
/// Cloning is cheap, and clones share one cache. No constructor does I/O or starts a task.
///
/// A token near its end is renewed in the background by the hit that notices it; everybody goes on with the old one, and if
/// Entra answers that the user may no longer have one, the old one is dropped as well.
///
/// # Defaults
/// No target is declared, so every exchange is refused until [`add_target`](Self::add_target). The cache holds up to 64 MiB. No
/// client capability is declared. Nothing is shared with other replicas. The catalogue is [`Catalogue::known`]. A token is
/// renewed from five minutes before the end of its use on, which is five minutes before its own end. Refusals are remembered
/// for the assertion (a minute where only a new sign-in helps, 15 s where people repair something), for the user (as long as
/// Entra says, an hour at most; 30 s when throttled, 1 s after an outage), or for all of a tenant (5 s when this app's own
/// credential is refused, 30 s when the tenant is throttled).
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

const MAX_BYTES: u64 = 64 << 20;

/// No such tenant, no such app in it, and an app that is disabled there.
const NO_SUCH_APP: [u32; 3] = [90_002, 700_016, 7_000_112];

impl Exchange {
    /// Exchanges as this app, with this credential or list of credentials.
    #[must_use]
    pub fn new(app: &EntraApp, credential: impl Into<ClientCredentials>) -> Self {
        let endpoint = TokenEndpoint::new(app, credential);
        let cache = Arc::new(TokenCache::new(MAX_BYTES, Arc::clone(app.clock())));
        let refusals = Arc::new(Refusals::new(Arc::clone(cache.forgotten())));
        let challenges = Arc::default();
        let (targets, replicas) = (Declared::default(), Replicas::default());
        Self(Arc::new(Inner { endpoint, targets, cache, replicas, refusals, challenges }))
    }

    /// Declares a target; what is not declared is never asked for, whoever wants it.
    #[must_use]
    pub fn add_target(mut self, target: &Target) -> Self {
        Arc::make_mut(&mut self.0).targets.add(target);
        self
    }

    /// Uses another catalogue of services that cannot be called on behalf of a user.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        Arc::make_mut(&mut self.0).targets.judge_by(catalogue);
        self
    }

    /// Sets how many bytes of tokens are kept; starts with an empty cache.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        Arc::make_mut(&mut self.0).empty(bytes);
        self
    }

    /// Shares tokens with the other replicas of this service through a store, sealed under this ring.
    ///
    /// All replicas need the same app, clock and ring. The store can make no request fail; see [`shared`](crate::shared) for
    /// what an outage costs, and what lies in the store.
    #[must_use]
    pub fn with_shared(mut self, store: impl SharedStore, ring: KeyRing) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.replicas = Replicas::over(store, ring, inner.endpoint.app());
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
        inner.targets.check(target)?;
        let key = EntryKey::new(user.digest(), target);
        match inner.hit(&key, user, target) {
            Some(token) => Ok(token),
            None => Inner::fly(inner, key, TokenRequest::on_behalf_of(user, target)?).await,
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
        inner.targets.check(target)?;
        let key = EntryKey::new(user.digest(), target);
        let request = TokenRequest::on_behalf_of(user, target)?.with_claims(challenge)?;
        Inner::fly(inner, key, request).await
    }

    /// Drops a token that the downstream API refused, and no newer one.
    ///
    /// Where replicas share tokens it is dropped for all of them.
    pub fn invalidate(&self, user: &VerifiedToken, target: &Target, spent: &AccessToken) {
        self.0.invalidate(user, target, spent);
    }

    /// Drops everything of a user: tokens, refusals, and what requests under way will bring.
    ///
    /// From here on nobody is handed any token of it: who waits for one waits for a later request, and is told that it is
    /// unavailable when that happens three times. Tokens leave the memory at once where there are few; a large cache is looked
    /// through on a thread of the present Tokio runtime, and without one here.
    ///
    /// Where replicas share tokens the store is told in the background, on the present Tokio runtime; one that cannot be reached,
    /// until it is. Without a runtime the log says that nobody tells it, and it hears with the user's next request here. What
    /// another replica holds in its memory it uses until its end.
    ///
    /// It ends no session at the OAuth front door: `Proxy::forget_user` (feature `proxy`) does that.
    pub fn forget_user(&self, user: &UserId) {
        // First the store: whoever finds the memory empty already must not fill it from there.
        self.0.replicas.forget(user);
        self.0.cache.forget(user);
    }

    /// Tells whether the shared store answered when it was last asked.
    ///
    /// None when there is no store.
    #[must_use]
    pub fn is_shared_store_up(&self) -> Option<bool> {
        self.0.replicas.is_up()
    }

    /// Returns what an operator should know about each credential.
    ///
    /// The order is that in which they would be tried now.
    #[must_use]
    pub fn credentials(&self) -> Vec<CredentialStatus> {
        self.0.endpoint.credentials().status(self.now())
    }

    /// Asks Entra whether it accepts this app's credential.
    ///
    /// That is a request for a token of the app for itself, which is dropped. For an app of one tenant; for others there is no
    /// tenant to ask, and the first exchange will tell. A request for each call: for the start of a service and after an
    /// outage, not for each probe of `/readyz`, because every one stands in the sign-in log.
    ///
    /// # Errors
    /// [`ExchangeError`] of kind [`ClientCredential`](ExchangeErrorKind::ClientCredential) when it is refused or cannot be
    /// presented, [`Unavailable`](ExchangeErrorKind::Unavailable) or [`Throttled`](ExchangeErrorKind::Throttled) when Entra did
    /// not say, and [`Configuration`](ExchangeErrorKind::Configuration) when it knows no such tenant, or no such app there,
    /// which it finds out before it looks at a credential. Whatever else Entra refuses, it has accepted the credential first.
    pub async fn check_credential(&self) -> Result<(), ExchangeError> {
        let endpoint = self.0.endpoint.clone();
        let endpoints = endpoint.app().authority().endpoints().await?;
        let Some(tenant) = endpoints.tenant().cloned() else { return Ok(()) };
        let own = Target::new(endpoint.app().client_id(), &[".default"])
            .map_err(|why: TargetError| Failure::new(ExchangeErrorKind::Configuration).because(why))?;
        use ExchangeErrorKind::{ClientCredential, Throttled, Unavailable};
        let is_of_nobody = |error: &ExchangeError| error.aadsts_code().is_some_and(|code| NO_SUCH_APP.contains(&code));
        match endpoint.exchange(TokenRequest::client_credentials(tenant, own)).await {
            Err(error) if is_of_nobody(&error) => Err(error),
            Err(error) if matches!(error.kind(), ClientCredential | Throttled | Unavailable) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    pub(crate) fn challenges(&self) -> &Challenges {
        &self.0.challenges
    }

    fn now(&self) -> UnixTime {
        self.0.endpoint.app().clock().now()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("endpoint", &self.0.endpoint)
            .field("targets", &self.0.targets.targets().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
