//! Keys of an Entra tenant, fetched and kept fresh.
//!
//! Reads take no lock. One fetch runs at a time, as a task of its own. Which callers start one: the first; one that names an
//! unknown key, at most once per cool-down; and one that finds the set older than its refresh age, without waiting, even when
//! its verdict is known from before. A failed fetch evicts nothing; a successful one replaces the whole set, so that a
//! withdrawn key is gone.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwapOption;
use http::StatusCode;
use tokio::time::Instant;

use super::{KeyError, KeyHint, KeyLimits, KeySource, Lookup, Readiness, VerifyingKey, jwk};
use crate::{
    authority::{Authority, BoxFuture, PATIENCE, Unavailable},
    fetch::{FetchError, HttpClient},
    flight::{Boarding, Flight, Landing, Ticket},
};

/// The keys of a tenant's discovery document.
#[derive(Clone)]
pub struct RemoteKeys(Arc<Inner>);

struct Inner {
    authority: Authority,
    http: HttpClient,
    limits: KeyLimits,
    loaded: ArcSwapOption<Loaded>,
    flight: Flight,
}

struct Loaded {
    keys: jwk::Keys,
    at: Instant,
    generation: u64,
}

impl RemoteKeys {
    /// Takes the keys from where `authority` says they are.
    #[must_use]
    pub fn new(authority: Authority, http: HttpClient, limits: KeyLimits) -> Self {
        let flight = Flight::new(limits.cool_down, limits.retry_after);
        Self(Arc::new(Inner { authority, http, limits, loaded: ArcSwapOption::empty(), flight }))
    }

    fn board(&self) -> Boarding {
        let keys = self.clone();
        self.0.flight.board(move || async move { keys.refresh().await })
    }

    async fn refresh(self) -> Landing {
        match self.0.fetch().await {
            Ok(keys) => {
                self.0.store(keys);
                Landing::Success
            }
            Err(error) => {
                tracing::warn!(authority = ?self.0.authority, %error, "the issuer's keys could not be fetched");
                Landing::Failure
            }
        }
    }

    /// Returns the set in use, and starts its refresh when that is due.
    fn current(&self) -> Option<Arc<Loaded>> {
        let loaded = self.0.fresh()?;
        if loaded.at.elapsed() >= self.0.limits.refresh_after {
            // Started here and not waited for: the old keys are still good.
            let _ = self.board();
        }
        Some(loaded)
    }

    async fn arrival(self, ticket: Ticket, kid: Box<str>) -> Result<Arc<VerifyingKey>, KeyError> {
        let landing = tokio::time::timeout(PATIENCE, ticket.landing()).await;
        if let Some(key) = self.0.fresh().and_then(|loaded| loaded.keys.get(&kid).cloned()) {
            return Ok(key);
        }
        match landing {
            Ok(Landing::Success) => Err(KeyError::Unknown),
            Ok(Landing::Failure) | Err(_) => Err(Unavailable { retry_after: self.0.limits.retry_after }.into()),
        }
    }
}

impl KeySource for RemoteKeys {
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup {
        let current = self.current();
        if let Some(key) = current.as_ref().and_then(|loaded| loaded.keys.get(wanted.kid)) {
            return Lookup::Found(Arc::clone(key));
        }
        match self.board() {
            Boarding::Aboard(ticket) => Lookup::Wait(Box::pin(self.clone().arrival(ticket, wanted.kid.into()))),
            Boarding::CoolingDown { last: Landing::Success, .. } if current.is_some() => Lookup::Unknown,
            // Whether the key exists could not be found out, which is not the caller's fault.
            Boarding::CoolingDown { left, .. } => Lookup::Unavailable(Unavailable { retry_after: left }),
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
            if keys.current().is_none()
                && let Boarding::Aboard(ticket) = keys.board()
            {
                let _ = tokio::time::timeout(PATIENCE, ticket.landing()).await;
            }
            keys.readiness()
        })
    }

    fn generation(&self) -> Option<u64> {
        self.current().map(|loaded| loaded.generation)
    }
}

impl Inner {
    /// Returns the set unless it is older than outages may last.
    fn fresh(&self) -> Option<Arc<Loaded>> {
        self.loaded.load_full().filter(|loaded| loaded.at.elapsed() < self.limits.serve_for)
    }

    fn store(&self, keys: jwk::Keys) {
        let old = self.loaded.load_full();
        let generation = old.map_or(0, |old| {
            let lost = old.keys.iter().any(|(kid, old)| !keys.get(kid).is_some_and(|new| new.is(old)));
            old.generation + u64::from(lost)
        });
        self.loaded.store(Some(Arc::new(Loaded { keys, at: Instant::now(), generation })));
    }

    async fn fetch(&self) -> Result<jwk::Keys, KeyFetchError> {
        let endpoints = self.authority.endpoints().await?;
        let answer = self.http.get(endpoints.jwks_uri()).await?;
        if answer.status() != StatusCode::OK {
            return Err(KeyFetchError::Status(answer.status()));
        }
        jwk::read(answer.body()).ok_or(KeyFetchError::Document)
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("authority", &self.0.authority).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
enum KeyFetchError {
    #[error(transparent)]
    Authority(#[from] Unavailable),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer is not a JWK set with an RSA signing key")]
    Document,
}
