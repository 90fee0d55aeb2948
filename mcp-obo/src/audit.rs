//! The audit trail of exchanges: one `tracing` event for each that reached Entra, or was refused without it.
//!
//! | field | when | what |
//! |---|---|---|
//! | `decision` | always | `exchanged` or `not_exchanged` |
//! | `reason` | not exchanged | a word of a closed set, as [`ExchangeErrorKind::as_str`](crate::ExchangeErrorKind::as_str) gives it |
//! | `tid`, `oid` | always | tenant and object id of the user who was acted for |
//! | `resource`, `scope` | always | what a token was asked for |
//! | `aadsts`, `trace_id`, `correlation_id` | Entra said so | what finds the attempt in Entra's sign-in log |
//!
//! Tokens that come from the cache are not audited here: the event of the request that used one is the bearer layer's, under
//! [`mcp_auth_layer::audit::TARGET`]. Both lie in the same span, so a request id that the service puts there joins them.

use mcp_auth_layer::principal::UserId;

use crate::{error::ExchangeError, target::Target};

/// The `tracing` target of every event.
pub const TARGET: &str = "mcp_obo::audit";

/// Records an exchange.
pub(crate) fn exchanged(user: &UserId, target: &Target) {
    tracing::info!(
        target: TARGET,
        decision = "exchanged",
        tid = user.tenant().as_str(),
        oid = user.object_id(),
        resource = target.resource(),
        scope = target.scope(),
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
