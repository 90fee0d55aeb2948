//! The exchange's side of the cache that replicas share.

use std::{fmt, future::Future, sync::Arc};

use mcp_auth_layer::{EntraApp, clock::UnixTime, principal::UserId};
use secrecy::SecretString;
use tokio::runtime::{Handle, TryCurrentError};

use crate::{
    access_token::AccessToken,
    answer::TokenAnswer,
    cache::usable_until,
    error::ExchangeError,
    grant::{Assertion, TokenRequest},
    seal::KeyRing,
    shared::{Kept, KeyParts, Landed, Shared, SharedKey, SharedStore},
    target::Target,
};

/// The shared cache, if there is one.
#[derive(Clone, Default)]
pub(super) struct Replicas(Option<Shared>);

/// Which token will do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Any,
    /// One that ends later than the one that is being renewed.
    LaterThan(UnixTime),
    /// A new one, whatever is stored: a claims request is never answered by a token from before.
    New,
}

/// A token, and whether Entra was asked for it.
pub(super) enum Arrived {
    OfEntra(TokenAnswer),
    OfReplica(TokenAnswer),
}

impl Arrived {
    pub(super) const fn answer(&self) -> &TokenAnswer {
        match self {
            Self::OfEntra(answer) | Self::OfReplica(answer) => answer,
        }
    }
}

/// What makes a request the same in all replicas.
pub(super) fn key(
    app: &EntraApp,
    capabilities: &[Box<str>],
    user: &UserId,
    assertion: &str,
    target: &Target,
) -> SharedKey {
    SharedKey::new(&KeyParts {
        authority: app.authority().host(),
        tenant: user.tenant().as_str(),
        client_id: app.client_id(),
        assertion,
        scope: target.scope(),
        capabilities,
    })
}

impl Replicas {
    pub(super) fn over(store: impl SharedStore, ring: KeyRing, app: &EntraApp) -> Self {
        Self(Some(Shared::new(store, ring, Arc::clone(app.clock()))))
    }

    pub(super) fn is_up(&self) -> Option<bool> {
        self.0.as_ref().map(Shared::is_up)
    }

    /// Gets a token from another replica, or by the exchange, which all others then share.
    pub(super) async fn ask<F>(
        &self,
        key: impl FnOnce(&Assertion) -> SharedKey,
        request: &TokenRequest,
        wanted: Wanted,
        exchange: impl FnOnce() -> F + Send,
    ) -> Result<Arrived, ExchangeError>
    where
        F: Future<Output = Result<TokenAnswer, ExchangeError>> + Send,
    {
        let (Some(shared), Some(assertion)) = (&self.0, request.assertion()) else {
            return exchange().await.map(Arrived::OfEntra);
        };
        let (key, user, ends) = (key(assertion), assertion.user(), assertion.expires_at());
        // What Entra said besides the token is not shared, and need not be: the one who asked keeps it.
        let mut told = None;
        let tell = &mut told;
        let exchange = || async move {
            let answer = exchange().await?;
            let kept = kept(&answer, ends);
            *tell = Some(answer);
            Ok::<_, ExchangeError>(kept)
        };
        let landed = match wanted {
            Wanted::Any => shared.flight(&key, user, exchange).await?,
            Wanted::LaterThan(end) => shared.refresh(&key, user, end, exchange).await?,
            Wanted::New => Landed::Exchanged(shared.renew(&key, user, exchange).await?),
        };
        Ok(match told {
            Some(answer) => Arrived::OfEntra(answer),
            None => Arrived::OfReplica(answer(&landed.into_kept())),
        })
    }

    /// Takes away a token that the downstream API no longer stands by, and no other.
    pub(super) fn reject(&self, key: impl FnOnce() -> SharedKey, spent: &AccessToken) {
        let Some(shared) = &self.0 else { return };
        // Without a runtime it counts in this process alone, and the others find out in the same way.
        let _ = in_the_background(shared.reject(&key(), spent.expose_secret()));
    }

    /// Takes away this token and whatever else is shared in its place, because Entra grants none any more.
    pub(super) fn withdraw(&self, key: impl FnOnce() -> SharedKey, spent: &AccessToken) {
        let Some(shared) = &self.0 else { return };
        let _ = in_the_background(shared.withdraw(&key(), spent.expose_secret()));
    }

    /// Voids everything of a user, in all replicas that share the store.
    pub(super) fn forget(&self, user: &UserId) {
        let Some(shared) = &self.0 else { return };
        if let Err(error) = in_the_background(shared.forget_in_the_end(user)) {
            tracing::error!(%error, "the shared store is not told of a forgotten user until their next request here");
        }
    }
}

/// What counts in this process counts already; the store is told by a task that ends by itself.
fn in_the_background(telling: impl Future<Output = ()> + Send + 'static) -> Result<(), TryCurrentError> {
    Handle::try_current().map(|runtime| drop(runtime.spawn(telling)))
}

fn kept(answer: &TokenAnswer, assertion: UnixTime) -> Kept {
    let token = answer.access_token();
    let usable = usable_until(token.expires_at(), answer.lifetime(), assertion);
    Kept::new(SecretString::from(token.expose_secret()), token.expires_at(), answer.lifetime(), usable)
}

fn answer(kept: &Kept) -> TokenAnswer {
    TokenAnswer::kept(AccessToken::new(kept.token().clone(), kept.expires_at()), kept.lifetime())
}

impl fmt::Debug for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
