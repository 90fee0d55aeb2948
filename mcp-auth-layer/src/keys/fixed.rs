//! Keys that are given as text; for machines that cannot reach the issuer, and for tests.

use std::sync::Arc;

use super::{KeyHint, KeySource, Lookup, Readiness, VerifyingKey, jwk};
use crate::{algorithm::Algorithms, authority::BoxFuture, config::ConfigError};

/// Keys that never change.
#[derive(Debug)]
pub struct FixedKeys(Kind);

#[derive(Debug)]
enum Kind {
    Set(jwk::Keys),
    One { kid: Option<Box<str>>, key: Arc<VerifyingKey> },
}

impl FixedKeys {
    /// Reads a JWK set document (RFC 7517 section 5), for RS256.
    ///
    /// # Errors
    /// [`ConfigError::Key`] when no key in it can verify RS256.
    pub fn from_jwks(document: &str) -> Result<Self, ConfigError> {
        Self::from_jwks_for(document, Algorithms::RS256)
    }

    /// Reads a JWK set document (RFC 7517 section 5), for these algorithms.
    ///
    /// # Errors
    /// [`ConfigError::Key`] when no key in it can verify any of them.
    pub fn from_jwks_for(document: &str, allowed: Algorithms) -> Result<Self, ConfigError> {
        let keys = jwk::read(document.as_bytes(), allowed);
        keys.map(|keys| Self(Kind::Set(keys))).ok_or(ConfigError::Key { why: "no usable signing key in the JWK set" })
    }

    /// Reads a single JWK (RFC 7517 section 4), for these algorithms.
    ///
    /// It is found without a name too; a name that differs from its own is another key's.
    ///
    /// # Errors
    /// [`ConfigError::Key`] when it can verify none of them.
    pub fn from_jwk_for(document: &str, allowed: Algorithms) -> Result<Self, ConfigError> {
        let value = serde_json::from_str(document).map_err(|_| ConfigError::Key { why: "it is not JSON" })?;
        let (kid, key) =
            jwk::read_one(value, allowed).ok_or(ConfigError::Key { why: "it is not a usable signing key" })?;
        Ok(Self(Kind::One { kid, key: Arc::new(key) }))
    }
}

impl KeySource for FixedKeys {
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup {
        let found = match &self.0 {
            Kind::Set(keys) => wanted.kid.and_then(|kid| keys.get(kid)),
            Kind::One { kid: own, key } => {
                let another = matches!((own.as_deref(), wanted.kid), (Some(own), Some(wanted)) if own != wanted);
                (!another).then_some(key)
            }
        };
        found.map_or(Lookup::Unknown, |key| Lookup::Found(Arc::clone(key)))
    }

    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn warm(&self) -> BoxFuture<'static, Readiness> {
        Box::pin(std::future::ready(Readiness::Ready))
    }

    fn generation(&self) -> Option<u64> {
        Some(0)
    }
}
