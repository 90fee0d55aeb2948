//! Judges a token, in one fixed order.
//!
//! 1. Size: at most 24 KiB, before anything is decoded; and two dots.
//! 2. A verdict from before, by digest: the signature is not checked again, the times are.
//! 3. Shape: three parts, base64url, a header and claims that parse strictly.
//! 4. Header: an algorithm of the policy (RS256 for Entra, no HMAC anywhere), no `crit`, a `typ` of access tokens, no
//!    encoding.
//! 5. The issuer, if there are several: the one that `iss` names. A token is judged by one issuer's rules alone.
//! 6. Cheap claims: audience, issuer, tenant, times, binding. A forger learns nothing from them, and an honest mistake costs
//!    no key fetch and no signature check.
//! 7. The key, by `kid`, from that issuer alone; `jwk`, `jku`, `x5u` and `x5c` in the header are never read.
//! 8. The key's own issuer, then the signature, then the kind of caller.
//!
//! A caller whose key, or tenant, is not known yet waits at most 2 s in all for the fetches that it started or joined.

mod checks;
mod jwt;
mod progress;
mod seen;
#[cfg(test)]
mod tests;
mod trusted;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use tokio::task::JoinSet;

pub(crate) use self::progress::Progress;
pub use self::seen::CacheCounts;
use self::{
    jwt::Jwt,
    seen::{Verdict, Verdicts},
    trusted::{Known, Trusted},
};
use crate::{
    algorithm::Algorithms,
    audience,
    authority::{Endpoints, PATIENCE, Unavailable},
    claims::Claims,
    clock::UnixTime,
    config::ConfigError,
    digest::TokenDigest,
    entra::EntraApp,
    keys::{KeyError, KeySource, Lookup, Readiness, VerifyingKey},
    oidc::OidcIssuer,
    reject::{Rejection, RequestFault, TokenFault},
    scope::ScopeHierarchy,
    token::{BearerToken, Facts, Presented, VerifiedToken},
};

/// The longest token that is looked at, in bytes. Entra's longest (200 groups) has about 12 KiB.
pub const MAX_TOKEN: usize = 24 * 1024;

/// The clock difference that is forgiven at `exp` and `nbf`.
pub const LEEWAY: Duration = Duration::from_secs(60);

const CACHE_CAPACITY: u64 = 10_000;

/// Judges tokens by the rules of one [`EntraApp`], of one [`OidcIssuer`], or of several of them.
///
/// Cloning is cheap and shares the cache of verified tokens, which belongs to this policy alone.
///
/// # Defaults
/// Keys from the issuer's discovery document; up to 10,000 verdicts remembered, each for an hour, and no longer than its token is valid; 60 s of
/// leeway; no scope implies another.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    /// Never empty; no two claim the same tokens.
    trusted: Vec<Trusted>,
    /// What any of them allows.
    algorithms: Algorithms,
    hierarchy: ScopeHierarchy,
    capacity: u64,
    seen: Option<Verdicts>,
}

/// Prints how it judges, never whom it has judged.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("trusted", &self.trusted).field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Verifier {
    /// Judges by the app's tenants, audiences and clock.
    #[must_use]
    pub fn entra(app: &EntraApp) -> Self {
        Self::with(vec![Trusted::entra(app)], ScopeHierarchy::default(), CACHE_CAPACITY)
    }

    /// Judges by the rules of a plain OpenID Connect or RFC 8414 issuer.
    #[must_use]
    pub fn oidc(issuer: &OidcIssuer) -> Self {
        Self::with(vec![Trusted::plain(issuer)], ScopeHierarchy::default(), CACHE_CAPACITY)
    }

    /// Trusts the issuers of another verifier too.
    ///
    /// A token is judged by the rules of the issuer that it names, and by no other's. This verifier's cache capacity, scope
    /// hierarchy and, for the policies of the bearer layer, clock stay. Where two issuers overlap, as a tenant and "any
    /// organisation" do, the one that was trusted first judges.
    ///
    /// # Errors
    /// [`ConfigError::RepeatedIssuer`] when both trust the same issuer: the second would never be asked.
    pub fn or(self, other: &Self) -> Result<Self, ConfigError> {
        let mut trusted = self.0.trusted.clone();
        for more in &other.0.trusted {
            if let Some(known) = trusted.iter().find(|known| known.is_same_issuer(more)) {
                return Err(ConfigError::RepeatedIssuer { name: known.name() });
            }
            trusted.push(more.clone());
        }
        Ok(Self::with(trusted, self.0.hierarchy.clone(), self.0.capacity))
    }

    /// Uses keys of another source for the first issuer.
    #[must_use]
    pub fn with_keys(self, keys: impl KeySource) -> Self {
        let mut trusted = self.0.trusted.clone();
        trusted[0].keys = Arc::new(keys);
        Self::with(trusted, self.0.hierarchy.clone(), self.0.capacity)
    }

    /// Sets how many verdicts are remembered; 0 remembers none.
    #[must_use]
    pub fn with_cache_capacity(self, entries: u64) -> Self {
        Self::with(self.0.trusted.clone(), self.0.hierarchy.clone(), entries)
    }

    /// Sets which scopes imply which, for all that judge by scopes.
    #[must_use]
    pub fn with_scope_hierarchy(self, hierarchy: ScopeHierarchy) -> Self {
        Self::with(self.0.trusted.clone(), hierarchy, self.0.capacity)
    }

    /// Loads the keys of every issuer that has none to use, and tells whether tokens can be judged.
    pub async fn warm(&self) -> Readiness {
        // At the same time: a probe does not wait for one silent issuer after the other.
        let mut warming: JoinSet<_> = self.0.trusted.iter().map(|trusted| trusted.keys.warm()).collect();
        let mut worst = Readiness::Ready;
        while let Some(one) = warming.join_next().await {
            worst = worst.worse(one.unwrap_or(Readiness::NotLoaded));
        }
        worst
    }

    /// Tells whether tokens of every issuer can be judged now, without asking anybody.
    ///
    /// The keys of a service that nobody calls grow too old, and this alone does not fetch them: let a readiness probe ask
    /// [`warm`](Self::warm).
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.0.trusted.iter().map(|trusted| trusted.keys.readiness()).fold(Readiness::Ready, Readiness::worse)
    }

    /// Returns how often a verdict was known from before; nothing but zeros without a cache.
    #[must_use]
    pub fn cache_counts(&self) -> CacheCounts {
        self.0.seen.as_ref().map(Verdicts::counts).unwrap_or_default()
    }

    /// Judges a token.
    ///
    /// # Errors
    /// [`Rejection::Request`] and [`Rejection::Token`] for a token that is not good here, [`Rejection::Unavailable`] while
    /// the issuer's keys cannot be had.
    pub fn verify(&self, token: BearerToken) -> impl Future<Output = Result<VerifiedToken, Rejection>> + Send + use<> {
        let verifier = self.clone();
        async move {
            match verifier.begin(Presented::token(token)) {
                Progress::Done(verdict) => verdict,
                Progress::Waiting(verdict) => verdict.await,
            }
        }
    }

    /// Judges a token as far as it can be judged at once; on a known token that is all the way.
    pub(crate) fn begin(&self, given: Presented) -> Progress {
        if given.bytes().len() > MAX_TOKEN {
            return Progress::Done(Err(RequestFault::TooLarge.into()));
        }
        if let Err(why) = jwt::has_parts(&given) {
            return Progress::Done(Err(why));
        }
        let digest = TokenDigest::of(given.bytes());
        if let Some(verdict) = self.remembered(digest) {
            return Progress::Done(verdict.map(|facts| VerifiedToken::new(given.into_token(), digest, facts)));
        }
        match Jwt::parse(given, digest) {
            // Before the issuer is known: an algorithm that nobody uses here is refused without a fetch.
            Ok(jwt) if !self.0.algorithms.allow(jwt.jws.algorithm) => Progress::Done(Err(TokenFault::Algorithm.into())),
            Ok(jwt) => self.judge(jwt),
            Err(why) => Progress::Done(Err(why)),
        }
    }

    /// Returns the time by which policies judge.
    pub(crate) fn now(&self) -> UnixTime {
        self.0.trusted[0].clock().now()
    }

    /// Returns what stands before a scope's name when a client asks for it.
    pub(crate) fn scope_prefix(&self) -> String {
        // The GUID form works whatever the App ID URI is, and it alone can be refreshed when client and API are one app
        // (AADSTS90009). Plain issuers know scopes by their bare names.
        self.0.trusted[0].app().map(|app| format!("{}/", app.client_id())).unwrap_or_default()
    }

    /// Returns where a caller must sign in again, as far as that is known.
    pub(crate) fn sign_in_place(&self, caller: Option<&Claims>) -> Option<Arc<Endpoints>> {
        let may_be_its = |trusted: &&Trusted| caller.is_none_or(|one| trusted.is_named_by(one) == Some(true));
        let known = self.0.trusted.iter().filter(may_be_its).find_map(Trusted::app)?.authority().known()?;
        match caller.and_then(Claims::tenant) {
            Some(tenant) => known.of_tenant(tenant).map(Arc::new),
            None => Some(known),
        }
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> Arc<dyn KeySource> {
        Arc::clone(&self.0.trusted[0].keys)
    }

    fn with(trusted: Vec<Trusted>, hierarchy: ScopeHierarchy, capacity: u64) -> Self {
        let algorithms = trusted.iter().skip(1).fold(trusted[0].algorithms(), |all, one| all.or(one.algorithms()));
        let seen = (capacity > 0).then(|| Verdicts::new(capacity));
        Self(Arc::new(Inner { trusted, algorithms, hierarchy, capacity, seen }))
    }

    fn remembered(&self, digest: TokenDigest) -> Option<Result<Arc<Facts>, Rejection>> {
        let verdicts = self.0.seen.as_ref()?;
        let known =
            verdicts.get(&digest).filter(|seen| self.0.trusted[seen.issuer].keys.generation() == Some(seen.generation));
        let Some(seen) = known else {
            verdicts.count_miss();
            return None;
        };
        verdicts.count_hit();
        let now = self.0.trusted[seen.issuer].clock().now();
        Some(match checks::times(&seen.facts.claims, now) {
            Ok(()) => Ok(seen.facts),
            Err(fault) => {
                verdicts.forget(&digest);
                Err(fault.into())
            }
        })
    }

    fn judge(&self, jwt: Jwt) -> Progress {
        match self.select(&jwt) {
            Selection::Of(index, known) => self.judge_as(jwt, index, known),
            Selection::Nobody => Progress::Done(Err(self.stranger(&jwt).into())),
            Selection::NotYet => {
                let verifier = self.clone();
                Progress::waiting(async move {
                    let outage = verifier.learn(&jwt).await.err();
                    match (verifier.select(&jwt), outage) {
                        (Selection::Of(index, known), _) => match verifier.judge_as(jwt, index, known) {
                            Progress::Done(verdict) => verdict,
                            Progress::Waiting(verdict) => verdict.await,
                        },
                        // Whose token it is could not be found out, which is not the caller's fault.
                        (_, Some(why)) => Err(Rejection::Unavailable { retry_after: why.retry_after() }),
                        (Selection::Nobody | Selection::NotYet, None) => Err(verifier.stranger(&jwt).into()),
                    }
                })
            }
        }
    }

    /// Selects the issuer by whose rules the token is judged.
    ///
    /// A single one judges every token; of several, the one that the token names.
    fn select(&self, jwt: &Jwt) -> Selection {
        if let [only] = self.0.trusted.as_slice() {
            return only.known().map_or(Selection::NotYet, |known| Selection::Of(0, known));
        }
        let mut all_known = true;
        for (index, trusted) in self.0.trusted.iter().enumerate() {
            match (trusted.is_named_by(&jwt.claims), trusted.known()) {
                (Some(true), Some(known)) => return Selection::Of(index, known),
                (Some(false), _) => {}
                _ => all_known = false,
            }
        }
        if all_known { Selection::Nobody } else { Selection::NotYet }
    }

    /// Finds out what must be known of every issuer, or of the token's own.
    ///
    /// All are asked at the same time: a silent one keeps no token of another waiting.
    async fn learn(&self, jwt: &Jwt) -> Result<(), Unavailable> {
        let each = self.0.trusted.iter().cloned().map(|trusted| async move { trusted.learn().await.map(drop) });
        let mut learning: JoinSet<_> = each.collect();
        let mut outage = Ok(());
        while !matches!(self.select(jwt), Selection::Of(..))
            && let Some(learned) = learning.join_next().await
        {
            outage = learned.unwrap_or(Err(Unavailable::new(PATIENCE))).and(outage);
        }
        outage
    }

    /// Says what is wrong with a token of none of the issuers: a caller who sent one for Microsoft Graph must hear that.
    fn stranger(&self, jwt: &Jwt) -> TokenFault {
        audience::known_resource(jwt.claims.audiences()).map_or(TokenFault::WrongIssuer, TokenFault::KnownResource)
    }

    fn judge_as(&self, jwt: Jwt, index: usize, known: Known) -> Progress {
        let trusted = &self.0.trusted[index];
        if !trusted.algorithms().allow(jwt.jws.algorithm) {
            return Progress::Done(Err(TokenFault::Algorithm.into()));
        }
        if let Err(fault) = trusted.check(&jwt.claims, &known, trusted.clock().now()) {
            return Progress::Done(Err(fault.into()));
        }
        // Read before the key, also before one that is waited for: a key that leaves the set while its signature is checked
        // makes the verdict an old one. None at a cold start: what is judged then is not remembered.
        let generation = trusted.keys.generation();
        match trusted.keys.find(&jwt.jws.hint()) {
            Lookup::Found(key) => Progress::Done(self.conclude(jwt, (index, generation), &known, &key)),
            Lookup::Unknown => Progress::Done(Err(TokenFault::UnknownKey.into())),
            Lookup::Unavailable(why) => Progress::Done(Err(Rejection::Unavailable { retry_after: why.retry_after() })),
            Lookup::Wait(arrival) => {
                let verifier = self.clone();
                Progress::waiting(async move {
                    let key = arrival.await.map_err(|why| match why {
                        KeyError::Unknown => TokenFault::UnknownKey.into(),
                        KeyError::Unavailable(why) => Rejection::Unavailable { retry_after: why.retry_after() },
                    })?;
                    verifier.conclude(jwt, (index, generation), &known, &key)
                })
            }
        }
    }

    fn conclude(
        &self,
        mut jwt: Jwt,
        (index, generation): (usize, Option<u64>),
        known: &Known,
        key: &VerifyingKey,
    ) -> Result<VerifiedToken, Rejection> {
        let trusted = &self.0.trusted[index];
        trusted.check_key(key, &jwt.claims, known)?;
        key.verify(jwt.jws.algorithm, jwt.signed(), &jwt.jws.signature)?;
        let principal = trusted.principal(&jwt.claims, &self.0.hierarchy)?;
        trusted.leave_out_internal(&mut jwt.claims);
        let facts = Arc::new(Facts { claims: jwt.claims, principal });
        if let (Some(verdicts), Some(generation)) = (&self.0.seen, generation) {
            verdicts.insert(jwt.digest, Verdict { facts: Arc::clone(&facts), issuer: index, generation });
        }
        Ok(VerifiedToken::new(jwt.token, jwt.digest, facts))
    }
}

/// By whose rules a token is judged.
enum Selection {
    Of(usize, Known),
    /// The token names none of the issuers.
    Nobody,
    /// The token may name an issuer whose names are not known yet.
    NotYet,
}
