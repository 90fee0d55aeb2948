//! The audit trail of exchanges: one `tracing` event for each that reached Entra, or was refused without it; and one for each
//! request in which this service acted as itself, because no other log names the caller then.
//!
//! | field | when | what |
//! |---|---|---|
//! | `decision` | always | `exchanged`, `not_exchanged` or `acted_as_service` |
//! | `identity` | acted as service | the identity in whose name the downstream API was called |
//! | `reason` | not exchanged | a word of a closed set, as [`ExchangeErrorKind::as_str`](crate::ExchangeErrorKind::as_str) gives it |
//! | `tid`, `oid` | always | tenant and object id of the user who was acted for, or who called |
//! | `resource`, `scope` | an exchange | what a token was asked for |
//! | `correlation_id` | an exchange | what finds the attempt in Entra's sign-in log |
//! | `aadsts`, `trace_id` | Entra said so | the same, and why |
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
