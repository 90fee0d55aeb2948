//! A token for a downstream API.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{HeaderValue, header::InvalidHeaderValue};
use mcp_auth_layer::clock::UnixTime;
use secrecy::{ExposeSecret, SecretString};

/// An access token of one [`Target`](crate::Target), issued by Entra.
///
/// It is for one user, or for this service itself where that is who acts. Cloning is cheap; the text is wiped when the last
/// clone goes.
#[derive(Clone)]
pub struct AccessToken(Arc<Parts>);

struct Parts {
    secret: SecretString,
    expires_at: UnixTime,
    /// Seconds since the epoch. Here and not in the cache, because all who were handed the token share one answer, and an
    /// allocation of its own would cost every cached token as much again.
    renew_from: AtomicU64,
}

impl AccessToken {
    pub(crate) fn new(secret: SecretString, expires_at: UnixTime) -> Self {
        Self(Arc::new(Parts { secret, expires_at, renew_from: AtomicU64::new(u64::MAX) }))
    }

    /// Has the token renewed from this time on; never, where none is given.
    pub(crate) fn renew_from(&self, time: Option<UnixTime>) {
        self.0.renew_from.store(time.map_or(u64::MAX, UnixTime::as_secs), Ordering::Relaxed);
    }

    /// Tells one of those who ask that the token is to be renewed, and the next one after this pause.
    pub(crate) fn is_due(&self, now: UnixTime, pause: Duration) -> bool {
        let from = self.0.renew_from.load(Ordering::Relaxed);
        let again = now.saturating_add(pause).as_secs();
        // Where it fails, somebody else was told in this moment.
        from <= now.as_secs()
            && self.0.renew_from.compare_exchange(from, again, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Returns the token's text, for the downstream API and nobody else.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.secret.expose_secret()
    }

    /// Returns the time from which the downstream API refuses it.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.0.expires_at
    }

    /// Writes the `Authorization` header (RFC 6750 section 2.1), which prints nothing of it.
    pub(crate) fn to_header(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        self.to_header_behind("Bearer ")
    }

    /// The same with what another scheme has before the token.
    pub(crate) fn to_header_behind(&self, prefix: &str) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut header = HeaderValue::try_from(format!("{prefix}{}", self.expose_secret()))?;
        header.set_sensitive(true);
        Ok(header)
    }

    #[cfg(test)]
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Tells whether both are the same token, not merely tokens for the same thing.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.expose_secret() == other.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.0.expires_at).finish_non_exhaustive()
    }
}
