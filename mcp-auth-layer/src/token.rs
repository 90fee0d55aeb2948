//! The proof types: a bearer token as text, and a token that was verified.

use std::{fmt, ops::Range, sync::Arc};

use http::HeaderValue;

use crate::{claims::Claims, clock::UnixTime, digest::TokenDigest, principal::Principal};

/// A bearer token as the caller sent it; nothing of it is printed by `Debug`.
pub struct BearerToken(Place);

/// Where a token's text lies.
enum Place {
    Own(Arc<str>),
    /// In the request's header, which is not copied for every request: most need nothing of the token but its digest.
    Header(HeaderValue, Range<usize>),
}

impl BearerToken {
    /// Takes the text after the scheme.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Place::Own(token.into()))
    }

    /// Returns the token's text. Every use of it is a place to review.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        match &self.0 {
            Place::Own(text) => text,
            // A text, or it would not have become a token; else none is exposed.
            Place::Header(..) => std::str::from_utf8(self.bytes()).unwrap_or_default(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.0 {
            Place::Own(text) => text.as_bytes(),
            Place::Header(value, range) => &value.as_bytes()[range.clone()],
        }
    }

    /// Lets another hold the same text, wherever it lies.
    fn share(&self) -> Self {
        Self(match &self.0 {
            Place::Own(text) => Place::Own(Arc::clone(text)),
            Place::Header(value, range) => Place::Header(value.clone(), range.clone()),
        })
    }
}

impl Clone for BearerToken {
    /// Copies a text that lies in a header: whoever clones it keeps it, and a header keeps the whole request head in memory.
    fn clone(&self) -> Self {
        match &self.0 {
            Place::Own(_) => self.share(),
            Place::Header(..) => Self::new(self.expose_secret()),
        }
    }
}

/// A token as it was presented, before anything about it is known.
pub(crate) struct Presented(BearerToken);

impl Presented {
    /// Takes what stands in a header, from `range.start` to `range.end`.
    pub(crate) const fn in_header(value: HeaderValue, range: Range<usize>) -> Self {
        Self(BearerToken(Place::Header(value, range)))
    }

    pub(crate) const fn token(token: BearerToken) -> Self {
        Self(token)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Copies it; it is as unknown as before.
    pub(crate) fn copy(&self) -> BearerToken {
        self.0.clone()
    }

    /// Takes it for the token that has the same digest, or that was read in it.
    pub(crate) fn into_token(self) -> BearerToken {
        self.0
    }

    /// Tells whether it could be a token at all.
    ///
    /// RFC 6750 section 2.1: letters, digits and `-._~+/`, then `=` at the end only.
    pub(crate) fn is_token68(&self) -> bool {
        let bytes = self.bytes();
        let body = bytes.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        // Without a way out before the end, so that many bytes are compared at once.
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        body > 0 && bytes[..body].iter().fold(true, |all, byte| all & is_good(*byte))
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(..)")
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
///
/// It is for the time of its request, whose head it keeps in memory; what is to be kept longer is the
/// [`principal`](Self::principal).
pub struct VerifiedToken {
    /// In place: caches ask for nothing else, and need not go to memory for it.
    digest: TokenDigest,
    bearer: BearerToken,
    facts: Arc<Facts>,
}

/// What a verification found; shared between the requests that carry the same token.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) claims: Claims,
    pub(crate) principal: Principal,
}

impl VerifiedToken {
    pub(crate) const fn new(bearer: BearerToken, digest: TokenDigest, facts: Arc<Facts>) -> Self {
        Self { digest, bearer, facts }
    }

    /// Returns the verified claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.facts.claims
    }

    /// Returns who the token speaks for.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.facts.principal
    }

    /// Returns the process-local digest, made once.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// Returns the token itself, which an exchange sends as its assertion.
    #[must_use]
    pub const fn bearer(&self) -> &BearerToken {
        &self.bearer
    }

    /// Returns the time from which the token is no longer valid, without any leeway.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.facts.claims.expires_at()
    }

    /// Returns what was found, for those who have no use for the token itself.
    pub(crate) const fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }
}

impl Clone for VerifiedToken {
    /// Copies no text: a clone is for the time of the request, too.
    fn clone(&self) -> Self {
        Self { digest: self.digest, bearer: self.bearer.share(), facts: Arc::clone(&self.facts) }
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken").field("claims", &self.facts.claims).finish_non_exhaustive()
    }
}
