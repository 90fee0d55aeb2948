//! The proof types: a bearer token as text, and a token that was verified.

use std::{fmt, sync::Arc};

use crate::{claims::Claims, clock::UnixTime, digest::TokenDigest, principal::Principal};

/// A bearer token as the caller sent it; nothing of it is printed by `Debug`.
#[derive(Clone)]
pub struct BearerToken(Arc<str>);

impl BearerToken {
    /// Takes the text after the scheme.
    #[must_use]
    pub fn new(token: &str) -> Self {
        // Copied, never shared with the header: a `HeaderValue` keeps the whole request head alive.
        Self(token.into())
    }

    /// Returns the token's text. Every use of it is a place to review.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

/// A token whose signature, issuer, audience and times were checked by a [`Verifier`](crate::verify::Verifier).
///
/// Nobody else can make one, so a function that takes it cannot be called with an unverified token. Cloning is cheap.
#[derive(Clone)]
pub struct VerifiedToken(Arc<Parts>);

struct Parts {
    bearer: BearerToken,
    digest: TokenDigest,
    facts: Arc<Facts>,
}

/// What a verification found; shared between the requests that carry the same token.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) claims: Claims,
    pub(crate) principal: Principal,
}

impl VerifiedToken {
    pub(crate) fn new(bearer: BearerToken, digest: TokenDigest, facts: Arc<Facts>) -> Self {
        Self(Arc::new(Parts { bearer, digest, facts }))
    }

    /// Returns the verified claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.0.facts.claims
    }

    /// Returns who the token speaks for.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.facts.principal
    }

    /// Returns the process-local digest, made once.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        self.0.digest
    }

    /// Returns the token itself, which an exchange sends as its assertion.
    #[must_use]
    pub fn bearer(&self) -> &BearerToken {
        &self.0.bearer
    }

    /// Returns the time from which the token is no longer valid, without any leeway.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.0.facts.claims.expires_at()
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken").field("claims", &self.0.facts.claims).finish_non_exhaustive()
    }
}
