//! The audit trail: one `tracing` event per decision, under one target.
//!
//! Fields are ids that Entra verified and words from closed sets. A refused token's claims are not logged: whoever sent it
//! chose them.

use crate::{challenge, reject::Rejection, token::VerifiedToken};

/// The `tracing` target of every audit event.
pub const TARGET: &str = "mcp_auth::audit";

/// Records that a request was let through.
pub(crate) fn admitted(token: &VerifiedToken) {
    let claims = token.claims();
    tracing::info!(
        target: TARGET,
        decision = "admitted",
        tid = claims.tenant().map(crate::tenant::TenantId::as_str),
        oid = claims.object_id(),
        azp = claims.client_id(),
        uti = claims.token_id(),
    );
}

/// Records that a request was refused, and whom it came from if that was verified.
pub(crate) fn refused(why: &Rejection, token: Option<&VerifiedToken>) {
    let claims = token.map(VerifiedToken::claims);
    tracing::warn!(
        target: TARGET,
        decision = "refused",
        reason = why.reason(),
        detail = %why,
        status = challenge::outside(why).status().as_u16(),
        tid = claims.and_then(|claims| claims.tenant()).map(crate::tenant::TenantId::as_str),
        oid = claims.and_then(|claims| claims.object_id()),
        azp = claims.and_then(|claims| claims.client_id()),
        uti = claims.and_then(|claims| claims.token_id()),
    );
}
