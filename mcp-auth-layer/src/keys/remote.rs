//! Keys of an issuer, fetched and kept fresh.
//!
//! Reads take no lock. One fetch runs at a time, as a task of its own. Which callers start one: the first; one that names an
//! unknown key, at most once per cool-down and key; and one that finds the set older than its refresh age, without waiting,
//! even when its verdict is known from before. A failed fetch evicts nothing; a successful one replaces the whole set, so that
//! a withdrawn key is gone.

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use moka::sync::Cache;
use tokio::time::Instant;

use super::{KeyError, KeyHint, KeyLimits, KeySource, Lookup, Readiness, VerifyingKey, jwk, source::Place};
use crate::{
    algorithm::Algorithms,
    authority::{Authority, BoxFuture, PATIENCE, Unavailable},
    config::ConfigError,
    digest::TokenDigest,
    discovery::PlainIssuer,
    fetch::HttpClient,
    flight::{Boarding, Flight, Landing, Ticket},
    meter,
};

/// How many unknown keys are remembered; more than that are forgotten, and then cost one fetch per cool-down in all.
const UNKNOWN_KEYS: u64 = 1_024;

/// The keys that an issuer publishes.
#[derive(Clone)]
pub struct RemoteKeys(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    place: Place,
    http: HttpClient,
    limits: KeyLimits,
    algorithms: Algorithms,
    loaded: Arc<ArcSwapOption<Loaded>>,
    flight: Flight,
    /// When the issuer did not have a key; by digest, because a caller chooses names and their length.
    unknown: Cache<TokenDigest, Instant>,
}

struct Loaded {
    keys: jwk::Keys,
    at: Instant,
    refresh_after: Duration,
    generation: u64,
}

impl RemoteKeys {
    /// Takes the keys from where an authority of Entra says they are; RS256.
    #[must_use]
    pub fn new(authority: Authority, http: HttpClient, limits: KeyLimits) -> Self {
        Self::of(Place::Entra(authority), http, limits)
    }

    /// Takes the keys from where a plain issuer's document says they are; RS256.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for a name that is not https, or http on loopback.
    pub fn of_issuer(issuer: &str, http: HttpClient, limits: KeyLimits) -> Result<Self, ConfigError> {
        Ok(Self::of_plain(PlainIssuer::new(issuer)?, http, limits))
    }

    pub(crate) fn of_plain(issuer: PlainIssuer, http: HttpClient, limits: KeyLimits) -> Self {
        Self::of(Place::Plain(issuer), http, limits)
    }

    fn of(place: Place, http: HttpClient, limits: KeyLimits) -> Self {
        Self(Arc::new(Inner {
            place,
            http,
            limits,
            algorithms: Algorithms::RS256,
            loaded: Arc::default(),
            flight: Flight::new(limits.cool_down, limits.retry_after),
            unknown: Cache::new(UNKNOWN_KEYS),
        }))
    }

    /// Reads keys for these algorithms, which must be those of the issuer's policy.
    ///
    /// Keys that were read or [brought along](Self::with_initial_keys) before are forgotten.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: Algorithms) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.algorithms = algorithms;
        // Keys that were read for other algorithms are other keys; a flight in the air would bring more of them.
        inner.loaded = Arc::default();
        inner.unknown = Cache::new(UNKNOWN_KEYS);
        inner.flight = Flight::new(inner.limits.cool_down, inner.limits.retry_after);
        self
    }

    /// Starts with the keys of this JWK set, until the issuer's own are there.
    ///
    /// The first caller starts their fetch and does not wait for it. While it fails they are served as if they had been fetched
    /// when this was called.
    ///
    /// # Errors
    /// [`ConfigError::Key`] when the set has no usable key.
    pub fn with_initial_keys(self, jwks: &str) -> Result<Self, ConfigError> {
        let keys = jwk::read(jwks.as_bytes(), self.0.algorithms);
        let keys = keys.ok_or(ConfigError::Key { why: "no usable signing key in the initial JWK set" })?;
        self.0.store(keys, Duration::ZERO);
        Ok(self)
    }

    fn board(&self) -> Boarding {
        let keys = self.clone();
        self.0.flight.board(move || async move { keys.refresh().await })
    }

    async fn refresh(self) -> Landing {
        match self.0.place.fetch(&self.0.http, self.0.algorithms).await {
            Ok(keys) => {
                meter::key_fetch(meter::Fetch::Success);
                self.0.store(keys, earlier(self.0.limits.refresh_after));
                Landing::Success
            }
            Err(error) => {
                meter::key_fetch(meter::Fetch::Failure);
                tracing::warn!(issuer = self.0.place.name(), %error, "the issuer's keys could not be fetched");
                Landing::Failure
            }
        }
    }

    /// Looks into the set in use, and starts its refresh when that is due.
    fn current<T>(&self, look: impl FnOnce(&Loaded) -> T) -> Option<T> {
        // On the way of every request: a guard is not counted as a clone is, and the clock is read once.
        let loaded = self.0.loaded.load();
        let loaded = loaded.as_ref()?;
        let age = loaded.at.elapsed();
        if age >= self.0.limits.serve_for {
            return None;
        }
        if age >= loaded.refresh_after {
            // Started here and not waited for: the old keys are still good.
            let _ = self.board();
        }
        Some(look(loaded))
    }

    async fn arrival(self, ticket: Ticket, kid: Box<str>) -> Result<Arc<VerifyingKey>, KeyError> {
        let landing = tokio::time::timeout(PATIENCE, ticket.landing()).await;
        if let Some(key) = self.0.fresh().and_then(|loaded| loaded.keys.get(&kid).cloned()) {
            return Ok(key);
        }
        match landing {
            Ok(Landing::Success) => {
                self.0.unknown.insert(TokenDigest::of(kid.as_bytes()), Instant::now());
                Err(KeyError::Unknown)
            }
            Ok(Landing::Failure) | Err(_) => Err(Unavailable::new(self.0.limits.retry_after).into()),
        }
    }
}

impl KeySource for RemoteKeys {
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup {
        let current = self.current(|loaded| wanted.kid.and_then(|kid| loaded.keys.get(kid).cloned()));
        let Some(kid) = wanted.kid else { return Lookup::Unknown };
        if let Some(Some(key)) = current {
            return Lookup::Found(key);
        }
        if current.is_some() && self.0.is_known_to_be_unknown(kid) {
            return Lookup::Unknown;
        }
        match self.board() {
            Boarding::Aboard(ticket) => Lookup::Wait(Box::pin(self.clone().arrival(ticket, kid.into()))),
            Boarding::CoolingDown { last: Landing::Success, .. } if current.is_some() => Lookup::Unknown,
            // Whether the key exists could not be found out, which is not the caller's fault.
            Boarding::CoolingDown { left, .. } => Lookup::Unavailable(Unavailable::new(left)),
        }
    }

    fn readiness(&self) -> Readiness {
        match (self.0.loaded.load().as_ref(), self.0.fresh()) {
            (None, _) => Readiness::NotLoaded,
            (Some(_), None) => Readiness::TooOld,
            (Some(_), Some(_)) => Readiness::Ready,
        }
    }

    fn warm(&self) -> BoxFuture<'static, Readiness> {
        let keys = self.clone();
        Box::pin(async move {
            // A probe keeps the keys of a service fresh that nobody else calls.
            if keys.current(|_| ()).is_none()
                && let Boarding::Aboard(ticket) = keys.board()
            {
                let _ = tokio::time::timeout(PATIENCE, ticket.landing()).await;
            }
            keys.readiness()
        })
    }

    fn generation(&self) -> Option<u64> {
        self.current(|loaded| loaded.generation)
    }
}

impl Inner {
    /// Returns the set unless it is older than outages may last.
    fn fresh(&self) -> Option<Arc<Loaded>> {
        self.loaded.load_full().filter(|loaded| loaded.at.elapsed() < self.limits.serve_for)
    }

    fn is_known_to_be_unknown(&self, kid: &str) -> bool {
        let since = self.unknown.get(&TokenDigest::of(kid.as_bytes()));
        since.is_some_and(|since| since.elapsed() < self.limits.unknown_for)
    }

    fn store(&self, keys: jwk::Keys, refresh_after: Duration) {
        let old = self.loaded.load_full();
        let generation = old.map_or(0, |old| {
            let lost = old.keys.iter().any(|(kid, old)| !keys.get(kid).is_some_and(|new| new.is(old)));
            old.generation + u64::from(lost)
        });
        self.loaded.store(Some(Arc::new(Loaded { keys, at: Instant::now(), refresh_after, generation })));
    }
}

/// Shortens an age by up to a tenth, so that replicas that started together do not ask together.
fn earlier(age: Duration) -> Duration {
    let mut random = [0_u8; 2];
    // Without randomness nothing is shortened, and everything else still works.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let share = f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX);
    age - age.mul_f64(share / 10.0)
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("place", &self.0.place).finish_non_exhaustive()
    }
}
