//! Judges a token, in one fixed order.
//!
//! 1. Size: at most 24 KiB, before anything is decoded.
//! 2. A verdict from before, by digest: the signature is not checked again, the times are.
//! 3. Shape: three parts, base64url, a header and claims that parse strictly.
//! 4. Header: RS256 and nothing else, no `crit`, a `typ` of access tokens, no encoding, a `kid`.
//! 5. Cheap claims: audience, issuer, tenant, times, binding, kind of token. A forger learns nothing from them, and an honest
//!    mistake costs no key fetch and no signature check.
//! 6. The key, by `kid`, from the configured issuer alone; `jwk`, `jku`, `x5u` and `x5c` in the header are never read.
//! 7. The key's own issuer, then the signature.
//!
//! A caller whose key, or tenant, is not known yet waits at most 2 s in all for the fetches that it started or joined.

mod checks;
mod jwt;
#[cfg(test)]
mod tests;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use moka::sync::Cache;

use self::jwt::Jwt;
use crate::{
    authority::{BoxFuture, Endpoints, PATIENCE},
    clock::UnixTime,
    digest::TokenDigest,
    entra::EntraApp,
    keys::{KeyError, KeyHint, KeyLimits, KeySource, Lookup, Readiness, RemoteKeys, VerifyingKey},
    reject::{Rejection, RequestFault, TokenFault},
    token::{BearerToken, Facts, VerifiedToken},
};

/// The longest token that is looked at, in bytes. Entra's longest (200 groups) has about 12 KiB.
pub const MAX_TOKEN: usize = 24 * 1024;

/// The clock difference that is forgiven at `exp` and `nbf`.
pub const LEEWAY: Duration = Duration::from_secs(60);

const CACHE_CAPACITY: u64 = 10_000;

/// Judges tokens by the rules of one [`EntraApp`].
///
/// Cloning is cheap and shares the cache of verified tokens, which belongs to this policy alone.
///
/// # Defaults
/// Keys from the tenant's discovery document; up to 10,000 verdicts remembered; 60 s of leeway.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    app: EntraApp,
    keys: Arc<dyn KeySource>,
    seen: Option<Cache<TokenDigest, Seen>>,
}

/// Prints how it judges, never whom it has judged: the cache would print every caller.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("app", &self.app).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// A remembered verdict: claims, never the token.
#[derive(Clone, Debug)]
struct Seen {
    facts: Arc<Facts>,
    generation: u64,
}

/// A verdict, or the wait for one.
pub(crate) enum Progress {
    Done(Result<VerifiedToken, Rejection>),
    Waiting(BoxFuture<'static, Result<VerifiedToken, Rejection>>),
}

impl Progress {
    /// Bounds the whole wait: discovery and keys have a bound each, and a key source of one's own may have none.
    fn waiting(verdict: impl Future<Output = Result<VerifiedToken, Rejection>> + Send + 'static) -> Self {
        Self::Waiting(Box::pin(async move {
            let bounded = tokio::time::timeout(PATIENCE, verdict).await;
            bounded.unwrap_or(Err(Rejection::Unavailable { retry_after: PATIENCE }))
        }))
    }
}

impl Verifier {
    /// Judges by the app's tenant, audiences and clock.
    #[must_use]
    pub fn entra(app: &EntraApp) -> Self {
        let keys = RemoteKeys::new(app.authority().clone(), app.http().clone(), KeyLimits::default());
        Self::with(app.clone(), Arc::new(keys), CACHE_CAPACITY)
    }

    /// Uses keys of another source.
    #[must_use]
    pub fn with_keys(self, keys: impl KeySource) -> Self {
        Self::with(self.0.app.clone(), Arc::new(keys), self.capacity())
    }

    /// Sets how many verdicts are remembered; 0 remembers none.
    #[must_use]
    pub fn with_cache_capacity(self, entries: u64) -> Self {
        Self::with(self.0.app.clone(), Arc::clone(&self.0.keys), entries)
    }

    /// Loads the keys if there are none to use, and tells whether tokens can be judged.
    pub async fn warm(&self) -> Readiness {
        self.0.keys.warm().await
    }

    /// Tells whether tokens can be judged now, without asking anybody.
    ///
    /// The keys of a service that nobody calls grow too old, and this alone does not fetch them: let a readiness probe ask
    /// [`warm`](Self::warm).
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.0.keys.readiness()
    }

    /// Judges a token.
    ///
    /// # Errors
    /// [`Rejection::Request`] and [`Rejection::Token`] for a token that is not good here, [`Rejection::Unavailable`] while
    /// the tenant's keys cannot be had.
    pub fn verify(&self, token: BearerToken) -> impl Future<Output = Result<VerifiedToken, Rejection>> + Send + use<> {
        let verifier = self.clone();
        async move {
            match verifier.begin(token) {
                Progress::Done(verdict) => verdict,
                Progress::Waiting(verdict) => verdict.await,
            }
        }
    }

    /// Judges a token as far as it can be judged at once; on a known token that is all the way.
    pub(crate) fn begin(&self, token: BearerToken) -> Progress {
        if token.expose_secret().len() > MAX_TOKEN {
            return Progress::Done(Err(RequestFault::TooLarge.into()));
        }
        let digest = TokenDigest::of(token.expose_secret().as_bytes());
        if let Some(verdict) = self.remembered(digest, &token) {
            return Progress::Done(verdict);
        }
        match Jwt::parse(token, digest) {
            Ok(jwt) => self.judge(jwt),
            Err(fault) => Progress::Done(Err(fault.into())),
        }
    }

    /// Returns the time by which tokens are judged.
    pub(crate) fn now(&self) -> UnixTime {
        self.0.app.clock().now()
    }

    /// Returns what stands before a scope's name when a client asks for it.
    pub(crate) fn scope_prefix(&self) -> String {
        // The GUID form works whatever the App ID URI is, and it alone can be refreshed when client and API are one app
        // (AADSTS90009).
        format!("{}/", self.0.app.client_id())
    }

    /// Returns where a caller must sign in again, as far as that is known.
    pub(crate) fn sign_in_place(&self, _: Option<&VerifiedToken>) -> Option<Arc<Endpoints>> {
        self.0.app.authority().known()
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> Arc<dyn KeySource> {
        Arc::clone(&self.0.keys)
    }

    fn with(app: EntraApp, keys: Arc<dyn KeySource>, capacity: u64) -> Self {
        let seen = (capacity > 0).then(|| Cache::new(capacity));
        Self(Arc::new(Inner { app, keys, seen }))
    }

    fn capacity(&self) -> u64 {
        self.0.seen.as_ref().and_then(|seen| seen.policy().max_capacity()).unwrap_or(0)
    }

    fn remembered(&self, digest: TokenDigest, token: &BearerToken) -> Option<Result<VerifiedToken, Rejection>> {
        let cache = self.0.seen.as_ref()?;
        let seen = cache.get(&digest)?;
        if self.0.keys.generation() != Some(seen.generation) {
            return None;
        }
        let now = self.0.app.clock().now();
        Some(match checks::times(&seen.facts.claims, now) {
            Ok(()) => Ok(VerifiedToken::new(token.clone(), digest, seen.facts)),
            Err(fault) => {
                cache.invalidate(&digest);
                Err(fault.into())
            }
        })
    }

    fn judge(&self, jwt: Jwt) -> Progress {
        match self.0.app.authority().known() {
            Some(endpoints) => self.judge_with(jwt, endpoints),
            None => {
                let verifier = self.clone();
                Progress::waiting(async move {
                    let endpoints = verifier
                        .0
                        .app
                        .authority()
                        .endpoints()
                        .await
                        .map_err(|why| Rejection::Unavailable { retry_after: why.retry_after() })?;
                    match verifier.judge_with(jwt, endpoints) {
                        Progress::Done(verdict) => verdict,
                        Progress::Waiting(verdict) => verdict.await,
                    }
                })
            }
        }
    }

    fn judge_with(&self, jwt: Jwt, endpoints: Arc<Endpoints>) -> Progress {
        let app = &self.0.app;
        if let Err(fault) = checks::claims(&jwt.claims, app.accepted(), &endpoints, app.clock().now()) {
            return Progress::Done(Err(fault.into()));
        }
        // Read before the key, also before one that is waited for: a key that leaves the set while its signature is checked
        // makes the verdict an old one. None at a cold start: what is judged then is not remembered.
        let generation = self.0.keys.generation();
        match self.0.keys.find(&KeyHint { kid: &jwt.kid }) {
            Lookup::Found(key) => Progress::Done(self.conclude(jwt, &endpoints, &key, generation)),
            Lookup::Unknown => Progress::Done(Err(TokenFault::UnknownKey.into())),
            Lookup::Unavailable(why) => Progress::Done(Err(Rejection::Unavailable { retry_after: why.retry_after() })),
            Lookup::Wait(arrival) => {
                let verifier = self.clone();
                Progress::waiting(async move {
                    let key = arrival.await.map_err(|why| match why {
                        KeyError::Unknown => TokenFault::UnknownKey.into(),
                        KeyError::Unavailable(why) => Rejection::Unavailable { retry_after: why.retry_after() },
                    })?;
                    verifier.conclude(jwt, &endpoints, &key, generation)
                })
            }
        }
    }

    fn conclude(
        &self,
        jwt: Jwt,
        endpoints: &Endpoints,
        key: &VerifyingKey,
        generation: Option<u64>,
    ) -> Result<VerifiedToken, Rejection> {
        key.check_issuer(&jwt.claims, endpoints.issuer_v2())?;
        key.verify(jwt.signed(), &jwt.signature)?;
        let principal = checks::principal(&jwt.claims)?;
        let facts = Arc::new(Facts { claims: jwt.claims, principal });
        if let (Some(cache), Some(generation)) = (&self.0.seen, generation) {
            cache.insert(jwt.digest, Seen { facts: Arc::clone(&facts), generation });
        }
        Ok(VerifiedToken::new(jwt.token, jwt.digest, facts))
    }
}
