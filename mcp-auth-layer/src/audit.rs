//! The audit trail: one `tracing` event per decision, under one target, always with the same fields.
//!
//! | field | when | what |
//! |---|---|---|
//! | `decision` | always | `admitted`, `refused`, `bypassed` (a hatch was used), `opened` (a hatch was announced at the start) |
//! | `reason` | refused | a word of a closed set, as [`Rejection::reason`] gives it, or of the redirect allowlist |
//! | `detail` | not admitted | this crate's own sentence for it |
//! | `status` | refused | the HTTP status of the answer |
//! | `operation` | refused by the tool policy | the method and the name of a listed operation |
//! | `tid`, `oid` | the caller was verified by Entra | tenant and object id |
//! | `iss`, `sub` | the caller was verified by a plain issuer | issuer and subject |
//! | `caller` | the caller was verified | `user`, or `application` without one |
//! | `azp`, `uti` | the caller was verified | the client, and the token's id |
//! | `hatch` | bypassed, opened | the hatch |
//! | `uses` | bypassed | how often it was used since the start |
//!
//! Ids are those of verified tokens. Of a token that was refused before it was verified nothing is logged: whoever sent it chose
//! its claims. Admissions have level `INFO`, everything else `WARN`. Fields of the spans around the request, such as a request
//! id, come with the event as with every other.
//!
//! The schema of the fields as JSON, to build alerts upon:
//! ```json
#![doc = include_str!("../audit.schema.json")]
//! ```
//!
//! Without a subscriber an event costs one comparison of a level.

#[cfg(test)]
mod tests;

use std::{cell::LazyCell, fmt};

use crate::{challenge, meter, principal::Principal, reject::Rejection, token::Facts};

/// The `tracing` target of every audit event.
pub const TARGET: &str = "mcp_auth::audit";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Admitted,
    Refused,
    Bypassed,
    Opened,
}

impl Decision {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Bypassed => "bypassed",
            Self::Opened => "opened",
        }
    }
}

/// One decision, with what may be said of it.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    decision: Decision,
    reason: Option<&'static str>,
    detail: Option<&'a dyn fmt::Display>,
    status: Option<u16>,
    operation: Option<&'a str>,
    caller: Option<&'a Facts>,
    hatch: Option<&'static str>,
    uses: Option<u64>,
}

/// Records that a request was let through.
pub(crate) fn admitted(caller: &Facts) {
    Event { caller: Some(caller), ..Event::of(Decision::Admitted) }.emit();
}

/// Records that a request was refused, and whom it came from if that was verified.
pub(crate) fn refused(why: &Rejection, caller: Option<&Facts>, operation: Option<&str>) {
    Event {
        reason: Some(why.reason()),
        detail: Some(why),
        status: Some(challenge::outside(why).status().as_u16()),
        operation,
        caller,
        ..Event::of(Decision::Refused)
    }
    .emit();
}

/// Records that a layer which knows no callers refused a request, for a reason of its own closed set.
pub(crate) fn refused_for(reason: &'static str, detail: &dyn fmt::Display, status: u16) {
    Event { reason: Some(reason), detail: Some(detail), status: Some(status), ..Event::of(Decision::Refused) }.emit();
}

/// Records the use of a hatch.
pub(crate) fn bypassed(hatch: &'static str, uses: u64) {
    let detail = Some(&"a hatch of the production guard was used" as &dyn fmt::Display);
    Event { detail, hatch: Some(hatch), uses: Some(uses), ..Event::of(Decision::Bypassed) }.emit();
}

/// Announces an open hatch.
pub(crate) fn opened(hatch: &'static str) {
    let detail = Some(&"a hatch of the production guard is open" as &dyn fmt::Display);
    Event { detail, hatch: Some(hatch), ..Event::of(Decision::Opened) }.emit();
}

impl Event<'_> {
    const fn of(decision: Decision) -> Self {
        Self {
            decision,
            reason: None,
            detail: None,
            status: None,
            operation: None,
            caller: None,
            hatch: None,
            uses: None,
        }
    }

    fn emit(&self) {
        match self.decision {
            Decision::Admitted => meter::admitted(),
            other => meter::decision(other.as_str(), self.reason.or(self.hatch).unwrap_or_default()),
        }
        // Looked up only where somebody listens: this stands on the way of every request. Who listens is for the event itself to
        // ask, since filters on events and the `log` crate behind `tracing` give another answer to the question alone.
        let who = LazyCell::new(|| self.caller.map(Who::of).unwrap_or_default());
        // A level is part of an event's static description, so there is one description for each.
        macro_rules! emit {
            ($level:expr) => {
                tracing::event!(
                    target: TARGET,
                    $level,
                    decision = self.decision.as_str(),
                    reason = self.reason,
                    detail = self.detail.map(tracing::field::display),
                    status = self.status,
                    operation = self.operation,
                    caller = who.caller,
                    tid = who.tid,
                    oid = who.oid,
                    iss = who.iss,
                    sub = who.sub,
                    azp = who.azp,
                    uti = who.uti,
                    hatch = self.hatch,
                    uses = self.uses,
                )
            };
        }
        match self.decision {
            Decision::Admitted => emit!(tracing::Level::INFO),
            Decision::Refused | Decision::Bypassed | Decision::Opened => emit!(tracing::Level::WARN),
        }
    }
}

/// The ids of a verified caller.
#[derive(Default)]
struct Who<'a> {
    caller: Option<&'static str>,
    tid: Option<&'a str>,
    oid: Option<&'a str>,
    iss: Option<&'a str>,
    sub: Option<&'a str>,
    azp: Option<&'a str>,
    uti: Option<&'a str>,
}

impl<'a> Who<'a> {
    fn of(facts: &'a Facts) -> Self {
        let Facts { claims, principal } = facts;
        let caller = match principal {
            Principal::User { .. } | Principal::Subject { .. } => "user",
            Principal::App { .. } | Principal::Client { .. } => "application",
        };
        let client = Self { caller: Some(caller), azp: claims.client_id(), uti: claims.token_id(), ..Self::default() };
        match principal {
            Principal::User { .. } | Principal::App { .. } => {
                let tid = claims.tenant().map(crate::tenant::TenantId::as_str);
                Self { tid, oid: claims.object_id(), ..client }
            }
            // Claims by Entra's names in a token of somebody else say nothing.
            Principal::Subject { issuer, subject, .. } | Principal::Client { issuer, subject, .. } => {
                Self { iss: Some(issuer), sub: Some(subject), ..client }
            }
        }
    }
}
