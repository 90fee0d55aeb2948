//! This server's refresh tokens: Entra's, sealed together with whose they are and how long the session may last.
//!
//! Entra does not end a refresh token when it is used, and a confidential client's outlives the change of a password. So what a
//! client holds has an end of its own, is another one after each use, and is worth nothing at Entra.

use std::{fmt, time::Duration};

use mcp_auth_layer::clock::UnixTime;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    client::ClientDigest,
    ledger::Begun,
    sealed::{self, TooLong},
};
use crate::{
    audit::SessionEvent,
    seal::{KeyRing, Purpose},
};

/// The longest life that may be configured: Entra's own refresh tokens last about as long without use.
pub(super) const LONGEST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The lives of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionLife {
    /// From the sign-in to the last refresh.
    pub(super) longest: Duration,
    /// Sessions that began before are over.
    pub(super) not_before: UnixTime,
}

impl SessionLife {
    /// Returns when a session ends that began with this sign-in.
    pub(super) const fn end(self, signed_in: UnixTime) -> UnixTime {
        signed_in.saturating_add(self.longest)
    }
}

impl Default for SessionLife {
    fn default() -> Self {
        Self { longest: Duration::from_secs(7 * 24 * 60 * 60), not_before: UnixTime::from_secs(0) }
    }
}

/// What a client gets to refresh its session with.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) client: ClientDigest,
    /// The tenant and the object id of whoever signed in.
    pub(super) tenant: String,
    pub(super) object_id: String,
    /// The sign-in that it came from; all that come of one are a family.
    pub(super) family: String,
    /// How many times it was refreshed.
    pub(super) sequence: u64,
    pub(super) names: Vec<String>,
    pub(super) echo: String,
    /// When its person signed in, in seconds since the epoch.
    pub(super) signed_in: u64,
    /// When it ends at the latest: what is recorded of it lasts as long, so a longer life would revive what was revoked.
    pub(super) ends: u64,
    /// Entra's own refresh token.
    pub(super) upstream: Zeroizing<String>,
}

impl Session {
    pub(super) fn seal(&self, ring: &KeyRing) -> Result<String, TooLong> {
        sealed::seal(ring, Purpose::Session, "", self)
    }

    /// Opens a refresh token of this server's, whoever's it is and however old.
    pub(super) fn read(ring: &KeyRing, text: &str) -> Option<Self> {
        sealed::open(ring, Purpose::Session, "", text)
    }

    /// Opens a refresh token of this server's for its own client, while the session lasts.
    pub(super) fn open(
        ring: &KeyRing,
        text: &str,
        client: &ClientDigest,
        life: SessionLife,
        now: UnixTime,
    ) -> Option<Self> {
        let session = Self::read(ring, text)?;
        let signed_in = UnixTime::from_secs(session.signed_in);
        let ends = life.end(signed_in).min(UnixTime::from_secs(session.ends));
        (signed_in >= life.not_before && ends > now && session.client == *client).then_some(session)
    }

    /// Returns what may have ended it.
    pub(super) fn begun(&self) -> Begun<'_> {
        let Self { family, tenant, object_id, signed_in, .. } = self;
        Begun { family, tenant, object_id, signed_in: *signed_in }
    }

    /// Returns what the audit trail says of it.
    pub(super) fn event(&self) -> SessionEvent<'_> {
        SessionEvent {
            client: Some(self.client.as_str()),
            session: Some(&self.family),
            tid: Some(&self.tenant),
            oid: Some(&self.object_id),
            ..SessionEvent::default()
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("client", &self.client)
            .field("family", &self.family)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}
