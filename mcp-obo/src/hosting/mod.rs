//! The identity of the place where this service runs, for calls that are made as the service and not as a user.
//!
//! A service principal proves itself at the token endpoint by any [`ClientCredential`](crate::ClientCredential): secret,
//! certificate, or a workload's federated token. With the feature `azure-identity` a managed identity, or any credential of the
//! Azure SDK, or a whole [`chain`] of what the host offers, takes its place. Every value is given by the caller; a managed
//! identity's metadata service alone is found by `azure_identity` itself.
//!
//! There is one token for each declared target, asked for once for all who wait and replaced before it ends. No failure is ever
//! told to a caller as if signing in could cure it.

#[cfg(feature = "azure-identity")]
pub mod chain;
mod itself;
mod source;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "azure-identity")]
use azure_core::credentials::TokenCredential;
use mcp_auth_layer::{
    EntraApp,
    clock::{Clock, UnixTime},
};
use moka::sync::Cache;

#[cfg(feature = "azure-identity")]
use self::chain::CredentialChain;
use self::source::Source;
#[cfg(feature = "azure-identity")]
use crate::managed_identity::{ManagedIdentityError, ManagedIdentityId, MetadataService};
use crate::{
    access_token::AccessToken,
    boxed::BoxFuture,
    credential::{ClientCredentials, CredentialStatus},
    error::{ExchangeError, ExchangeErrorKind},
    kept::{Kept, Lapse, Lease, Made},
    target::Target,
    token_endpoint::TokenEndpoint,
    token_source::TokenSource,
    www_authenticate::ClaimsRequest,
};

/// This service's own identity.
///
/// Cloning is cheap, and clones share their tokens. No constructor asks anybody.
///
/// # Defaults
/// No target is declared, so every call is refused until [`add_target`](Self::add_target).
#[derive(Clone)]
pub struct HostingIdentity(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    source: Arc<Source>,
    clock: Arc<dyn Clock>,
    places: Vec<(Target, Place)>,
}

type KeptToken = Kept<AccessToken, ExchangeError>;

/// The token of one target.
#[derive(Clone)]
struct Place {
    kept: KeptToken,
    /// For each claims request the one call to Entra that is under way.
    challenged: Cache<ClaimsRequest, KeptToken>,
}

/// Downstream APIs invent claims requests; each differs from the last by its time.
const CHALLENGES: u64 = 64;

impl HostingIdentity {
    /// Acts as the service principal of `app`.
    ///
    /// It proves itself by this credential or list of credentials.
    #[must_use]
    pub fn service_principal(app: &EntraApp, credential: impl Into<ClientCredentials>) -> Self {
        Self::of(app, Source::ServicePrincipal(TokenEndpoint::new(app, credential)))
    }

    /// Acts as a managed identity of the machine, with the network and the clock of `app`.
    ///
    /// # Errors
    /// [`ManagedIdentityError::Id`] for a blank or malformed id, [`Environment`](ManagedIdentityError::Environment) for a
    /// process environment that names no usable metadata service.
    #[cfg(feature = "azure-identity")]
    pub fn managed(app: &EntraApp, id: ManagedIdentityId) -> Result<Self, ManagedIdentityError> {
        Ok(Self::of(app, Source::Managed(MetadataService::new(app.http(), id)?)))
    }

    /// Acts as whatever a credential of the Azure SDK stands for, with the clock of `app`.
    ///
    /// # Deployment caveat
    /// Such credentials have caches of their own, and cannot be told of a claims challenge: a token that a downstream API
    /// refused may come back until it ends.
    #[cfg(feature = "azure-identity")]
    #[must_use]
    pub fn from_azure(app: &EntraApp, credential: Arc<dyn TokenCredential>) -> Self {
        Self::of(app, Source::Azure(credential))
    }

    /// Acts as the first of this host's credentials that gives a token, with the clock of `app`.
    #[cfg(feature = "azure-identity")]
    #[must_use]
    pub fn chain(app: &EntraApp, chain: CredentialChain) -> Self {
        Self::of(app, Source::Chain(chain))
    }

    /// Declares a target; what is not declared is never asked for.
    ///
    /// Whatever scopes it names, an identity without a user gets all the app roles that it was granted (`.default`).
    #[must_use]
    pub fn add_target(mut self, target: &Target) -> Self {
        let place = Place::new(&self.0.source, target);
        let inner = Arc::make_mut(&mut self.0);
        if !inner.places.iter().any(|(known, _)| known == target) {
            inner.places.push((target.clone(), place));
        }
        self
    }

    /// Returns what an operator should know about each of its credentials.
    ///
    /// Empty where the platform has them.
    #[must_use]
    pub fn credentials(&self) -> Vec<CredentialStatus> {
        self.0.source.credentials(self.0.clock.now())
    }

    /// Returns the chain that it is of; none where it is one identity.
    #[cfg(feature = "azure-identity")]
    #[must_use]
    pub fn credential_chain(&self) -> Option<&CredentialChain> {
        match &*self.0.source {
            Source::Chain(chain) => Some(chain),
            _ => None,
        }
    }

    /// Returns who that is, in words for logs and audit events.
    #[must_use]
    pub fn description(&self) -> String {
        self.0.source.to_string()
    }

    fn of(app: &EntraApp, source: Source) -> Self {
        Self(Arc::new(Inner { source: Arc::new(source), clock: Arc::clone(app.clock()), places: Vec::new() }))
    }

    fn place(&self, target: &Target) -> Result<&Place, ExchangeError> {
        let place = self.0.places.iter().find(|(known, _)| known == target);
        place.map(|(_, place)| place).ok_or_else(|| ExchangeErrorKind::UndeclaredTarget.into())
    }
}

impl TokenSource for HostingIdentity {
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(async move {
            let place = self.place(target)?;
            place.kept.spend(|token| self.0.source.disowns(token));
            place.kept.get(self.0.clock.now()).await
        })
    }

    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(async move {
            let place = self.place(target)?;
            place.challenged(&self.0.source, target, challenge)?.get(self.0.clock.now()).await
        })
    }

    fn invalidate(&self, target: &Target, spent: &AccessToken) {
        if let Ok(place) = self.place(target) {
            place.kept.spend(|token| token.is(spent));
        }
    }
}

impl Place {
    fn new(source: &Arc<Source>, target: &Target) -> Self {
        let (source, target, deadline) = (Arc::clone(source), target.clone(), source.deadline());
        let kept = Kept::within(deadline, move |now| {
            let (source, target) = (Arc::clone(&source), target.clone());
            async move {
                let token = source.token(&target, None, now).await.map_err(lapse)?;
                let end = token.expires_at();
                Ok(Lease::until(token, end, now))
            }
        });
        Self { kept, challenged: Cache::new(CHALLENGES) }
    }

    /// Returns the call that answers this challenge, whose token takes the place of the one that provoked it.
    fn challenged(&self, source: &Arc<Source>, target: &Target, challenge: &str) -> Result<KeptToken, ExchangeError> {
        let claims = ClaimsRequest::read(challenge)?;
        let call = || {
            let (source, target, kept) = (Arc::clone(source), target.clone(), self.kept.clone());
            let challenge: Arc<str> = challenge.into();
            let deadline = source.deadline();
            Kept::within(deadline, move |now| {
                answer(Arc::clone(&source), target.clone(), Arc::clone(&challenge), kept.clone(), now)
            })
        };
        Ok(self.challenged.get_with_by_ref(&claims, call))
    }
}

async fn answer(
    source: Arc<Source>,
    target: Target,
    challenge: Arc<str>,
    kept: KeptToken,
    now: UnixTime,
) -> Made<AccessToken, ExchangeError> {
    let token = source.token(&target, Some(&challenge), now).await.map_err(lapse)?;
    // A source that cannot be told of claims may bring what was refused a moment ago.
    if !source.takes_claims() && kept.holds(|known| known.is(&token)) {
        return Err(source.still_refused().into());
    }
    let end = token.expires_at();
    kept.put(Lease::until(token.clone(), end, now));
    Ok(Lease::once(token, now))
}

/// How long a failure is repeated without asking again: as long as Entra says, and where people must act, a little longer.
fn lapse(error: ExchangeError) -> Lapse<ExchangeError> {
    let by_kind = match error.kind() {
        ExchangeErrorKind::ClientCredential => 5,
        ExchangeErrorKind::Configuration => 15,
        _ => 1,
    };
    let pause = error.retry_after().unwrap_or(Duration::from_secs(by_kind));
    Lapse { error, pause }
}

impl fmt::Debug for HostingIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<_> = self.0.places.iter().map(|(target, _)| target).collect();
        f.debug_struct("HostingIdentity").field("source", &self.description()).field("targets", &targets).finish()
    }
}
