//! Keys that are given as text; for machines that cannot reach the issuer, and for tests.

use super::{KeyHint, KeySource, Lookup, Readiness, jwk};
use crate::{authority::BoxFuture, config::ConfigError};

/// A JWK set that never changes.
#[derive(Debug)]
pub struct FixedKeys(jwk::Keys);

impl FixedKeys {
    /// Reads a JWK set document (RFC 7517 section 5).
    ///
    /// # Errors
    /// [`ConfigError::Key`] when no key in it can verify RS256.
    pub fn from_jwks(document: &str) -> Result<Self, ConfigError> {
        let keys =
            jwk::read(document.as_bytes()).ok_or(ConfigError::Key { why: "no RSA signing key in the JWK set" })?;
        Ok(Self(keys))
    }
}

impl KeySource for FixedKeys {
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup {
        self.0.get(wanted.kid).map_or(Lookup::Unknown, |key| Lookup::Found(key.clone()))
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
