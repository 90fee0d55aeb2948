//! A token as it lies in the store.

use std::{fmt, time::Duration};

use mcp_auth_layer::clock::UnixTime;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{key::SharedKey, users::Epoch};
use crate::seal::{KeyRing, Purpose};

/// The layout of what is sealed: `layout (1) | epoch (16) | stored (8) | usable until (8) | expires (8) | lifetime (4) | token`.
const LAYOUT: u8 = 1;
const FIXED: usize = 1 + Epoch::LENGTH + 3 * 8 + 4;

/// More than any token of Entra, the longest of which live 28 hours.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(48 * 60 * 60);

/// The largest token that is shared: what does not fit into a request's header is of no use to anybody.
const MAX_TOKEN: usize = 32 << 10;

/// How far another replica's clock may be ahead.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// A token that replicas share, with all that its next holder must know.
#[derive(Clone)]
pub struct Kept {
    token: SecretString,
    expires_at: UnixTime,
    lifetime: Duration,
    usable_until: UnixTime,
}

/// Why what lay in the store was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It does not open, or is nothing that this version has written.
    Garbage,
    /// Its numbers cannot be.
    Absurd,
    /// It is over.
    Expired,
    /// Its user was forgotten since.
    Forgotten,
}

impl Kept {
    /// Describes a token: its own end and lifetime, and until when it may be handed out.
    #[must_use]
    pub const fn new(token: SecretString, expires_at: UnixTime, lifetime: Duration, usable_until: UnixTime) -> Self {
        Self { token, expires_at, lifetime, usable_until }
    }

    /// Returns the token's text.
    #[must_use]
    pub const fn token(&self) -> &SecretString {
        &self.token
    }

    /// Returns the time from which the downstream API refuses it.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// Returns how long it lives from its issue.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Returns the time from which no cache hands it out.
    #[must_use]
    pub const fn usable_until(&self) -> UnixTime {
        self.usable_until
    }

    /// Seals the token for its place and its user's epoch; nothing when it is not fit to be shared.
    pub(super) fn seal(&self, ring: &KeyRing, key: &SharedKey, epoch: Epoch, now: UnixTime) -> Option<Vec<u8>> {
        self.check(now).ok()?;
        let token = self.token.expose_secret();
        let mut plain = Zeroizing::new(Vec::with_capacity(FIXED + token.len()));
        plain.push(LAYOUT);
        plain.extend_from_slice(epoch.as_bytes());
        for time in [now, self.usable_until, self.expires_at] {
            plain.extend_from_slice(&time.as_secs().to_be_bytes());
        }
        plain.extend_from_slice(&u32::try_from(self.lifetime.as_secs()).ok()?.to_be_bytes());
        plain.extend_from_slice(token.as_bytes());
        ring.seal(Purpose::SharedToken, key.as_bytes(), &plain).ok()
    }

    /// Opens what lay in this place, if it is of one of these epochs, was stored after this time, and is good now.
    pub(super) fn open(
        ring: &KeyRing,
        key: &SharedKey,
        epochs: &[Epoch],
        after: UnixTime,
        now: UnixTime,
        sealed: &[u8],
    ) -> Result<Self, Unusable> {
        let plain = ring.open(Purpose::SharedToken, key.as_bytes(), sealed).ok_or(Unusable::Garbage)?;
        let (epoch, stored_at, kept) = Self::read(&plain).ok_or(Unusable::Garbage)?;
        if stored_at > now.saturating_add(CLOCK_SKEW) {
            return Err(Unusable::Absurd);
        }
        kept.check(now)?;
        if epochs.contains(&epoch) && stored_at > after { Ok(kept) } else { Err(Unusable::Forgotten) }
    }

    /// Reads what is sealed there, whether or not it is good for anything.
    pub(super) fn peek(ring: &KeyRing, key: &SharedKey, sealed: &[u8]) -> Option<Self> {
        let plain = ring.open(Purpose::SharedToken, key.as_bytes(), sealed)?;
        Self::read(&plain).map(|(_, _, kept)| kept)
    }

    fn read(plain: &[u8]) -> Option<(Epoch, UnixTime, Self)> {
        let (&LAYOUT, rest) = plain.split_first()? else { return None };
        let (epoch, rest) = rest.split_first_chunk()?;
        let (stored_at, rest) = time(rest)?;
        let (usable_until, rest) = time(rest)?;
        let (expires_at, rest) = time(rest)?;
        let (lifetime, token) = rest.split_first_chunk()?;
        let lifetime = Duration::from_secs(u32::from_be_bytes(*lifetime).into());
        let token = SecretString::from(str::from_utf8(token).ok()?);
        Some((Epoch::from_bytes(*epoch), stored_at, Self { token, expires_at, lifetime, usable_until }))
    }

    /// The seal says that a replica wrote it, not that the replica was right: it may have had a broken clock.
    fn check(&self, now: UnixTime) -> Result<(), Unusable> {
        let token = self.token.expose_secret();
        let is_sane = (1..=MAX_TOKEN).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic())
            && self.usable_until <= self.expires_at
            && self.expires_at <= now.saturating_add(LONGEST_LIFE)
            && (1..=LONGEST_LIFE.as_secs()).contains(&self.lifetime.as_secs());
        match (is_sane, now < self.usable_until) {
            (false, _) => Err(Unusable::Absurd),
            (true, false) => Err(Unusable::Expired),
            (true, true) => Ok(()),
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

fn time(bytes: &[u8]) -> Option<(UnixTime, &[u8])> {
    let (time, rest) = bytes.split_first_chunk()?;
    Some((UnixTime::from_secs(u64::from_be_bytes(*time)), rest))
}

#[cfg(test)]
mod tests;
