//! The audit trail of exchanges: one `tracing` event for each that reached Entra, or was refused without it; and one for each
//! request in which this service acted as itself, because no other log names the caller then; and one for each session at the
//! OAuth front door (feature `proxy`) that begins, goes on, or is ended before its time.
//!
//! | field | when | what |
//! |---|---|---|
//! | `decision` | always | `exchanged`, `not_exchanged`, `acted_as_service`, `session_begun`, `session_refreshed`, `session_revoked` |
//! | `identity` | acted as service | the identity in whose name the downstream API was called |
//! | `reason` | not exchanged | a word of a closed set, as [`ExchangeErrorKind::as_str`](crate::ExchangeErrorKind::as_str) gives it |
//! | `reason` | session revoked | `asked` (by its client), `reuse` (of a refresh token), `code_replayed`, `user_forgotten` |
//! | `tid`, `oid` | but for `code_replayed` | tenant and object id of the user who was acted for, who called, or whose session it is |
//! | `resource`, `scope` | an exchange | what a token was asked for |
//! | `correlation_id` | an exchange | what finds the attempt in Entra's sign-in log |
//! | `aadsts`, `trace_id` | Entra said so | the same, and why |
//! | `client` | a session, but for `user_forgotten` | a digest of the client's id; `azp` is the same for all clients of the front door |
//! | `session` | the same | what all events of one session have in common |
//! | `sequence` | session refreshed, `reuse` | how often the session had been refreshed |
//! | `redirect_host` | session begun, `code_replayed` | where the client got its code |
//! | `uti` | session begun or refreshed | the id of the access token that was handed out, which the bearer layer's events have too |
//!
//! Tokens that come from the cache are not audited here: the event of the request that used one is the bearer layer's, under
//! [`mcp_auth_layer::audit::TARGET`]. Both lie in the same span, so a request id that the service puts there joins them.

use mcp_auth_layer::{VerifiedToken, principal::UserId, tenant::TenantId};

use crate::{answer::TokenAnswer, error::ExchangeError, target::Target};

/// The `tracing` target of every event.
pub const TARGET: &str = "mcp_obo::audit";

/// Records an exchange.
pub(crate) fn exchanged(user: &UserId, target: &Target, answer: &TokenAnswer) {
    tracing::info!(
        target: TARGET,
        decision = "exchanged",
        tid = user.tenant().as_str(),
        oid = user.object_id(),
        resource = target.resource(),
        scope = target.scope(),
        correlation_id = answer.correlation_id(),
    );
}

/// Records one that failed.
pub(crate) fn not_exchanged(user: &UserId, target: &Target, why: &ExchangeError) {
    tracing::warn!(
        target: TARGET,
        decision = "not_exchanged",
        reason = why.kind().as_str(),
        tid = user.tenant().as_str(),
        oid = user.object_id(),
        resource = target.resource(),
        scope = target.scope(),
        aadsts = why.aadsts_code(),
        trace_id = why.trace_id(),
        correlation_id = why.correlation_id(),
    );
}

/// Records that this service's own identity is lent to a caller.
pub(crate) fn acted_as_service(caller: &VerifiedToken, identity: &str) {
    tracing::warn!(
        target: TARGET,
        decision = "acted_as_service",
        identity,
        tid = caller.claims().tenant().map(TenantId::as_str),
        oid = caller.claims().object_id(),
    );
}

/// What is said of a session at the front door.
#[cfg(feature = "proxy")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionEvent<'a> {
    pub(crate) client: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    pub(crate) sequence: Option<u64>,
    pub(crate) redirect_host: Option<&'a str>,
    pub(crate) tid: Option<&'a str>,
    pub(crate) oid: Option<&'a str>,
    pub(crate) uti: Option<&'a str>,
}

/// Why a session was ended before its time.
#[cfg(feature = "proxy")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revoked {
    Asked,
    Reuse,
    CodeReplayed,
    UserForgotten,
}

#[cfg(feature = "proxy")]
impl Revoked {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reuse => "reuse",
            Self::CodeReplayed => "code_replayed",
            Self::UserForgotten => "user_forgotten",
        }
    }
}

#[cfg(feature = "proxy")]
impl SessionEvent<'_> {
    /// Records that tokens were handed out, the first of a session or, with a sequence, later ones.
    pub(crate) fn granted(self) {
        let Self { client, session, sequence, redirect_host, tid, oid, uti } = self;
        let decision = if sequence.is_none() { "session_begun" } else { "session_refreshed" };
        tracing::info!(target: TARGET, decision, client, session, sequence, redirect_host, tid, oid, uti);
    }

    /// Records that a session was ended.
    pub(crate) fn revoked(self, reason: Revoked) {
        let Self { client, session, sequence, redirect_host, tid, oid, .. } = self;
        let (decision, reason) = ("session_revoked", reason.as_str());
        tracing::warn!(target: TARGET, decision, reason, client, session, sequence, redirect_host, tid, oid);
    }
}
