//! What is counted of the shared cache, through the `metrics` facade (feature `metrics`).
//!
//! | name | kind | labels | measures |
//! |---|---|---|---|
//! | [`OPERATIONS`] | counter | `result` = `answered`, `unreachable`, `refused`, `timed_out`, `foreign`, `paused` | operations of the store, the proxy's ledger among them; `paused` ones were not asked for, because it had just failed |
//! | [`LOOKUPS`] | counter | `result` = `hit`, `absent`, `unknown`, `spent`, `garbage`, `absurd`, `expired`, `forgotten` | looks, by what was found; `unknown` when the store failed |
//! | [`FLIGHTS`] | counter | `role` = `holder`, `joined`, `left`, `overdue`, `alone`, `renewal` | misses, by who made up for them; all but `joined` exchanged |
//! | [`UP`] | gauge | | 0 from the first failure until the store has been well for ten seconds, then 1 |
//!
//! `garbage` that keeps coming means that replicas have different rings, or that somebody else writes there.

use super::{gate::Change, kept::Unusable, store::StoreError};

/// Operations of the store, by how they ended: label `result`.
pub const OPERATIONS: &str = "mcp_obo_shared_operations_total";

/// Looks into the shared cache, by what was found: label `result`.
pub const LOOKUPS: &str = "mcp_obo_shared_lookups_total";

/// Misses of the shared cache, by who made up for them: label `role`.
pub const FLIGHTS: &str = "mcp_obo_shared_flights_total";

/// Whether the store works: 1 or 0. Without a value it never failed.
pub const UP: &str = "mcp_obo_shared_up";

#[cfg(feature = "metrics")]
pub(crate) fn describe() {
    metrics::describe_counter!(OPERATIONS, "Operations of the shared store, by how they ended.");
    metrics::describe_counter!(LOOKUPS, "Looks into the shared cache, by what was found.");
    metrics::describe_counter!(FLIGHTS, "Misses of the shared cache, by who made up for them.");
    metrics::describe_gauge!(UP, "Whether the shared store works; no value while it never failed.");
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Answered,
    Unreachable,
    Refused,
    TimedOut,
    Foreign,
    Paused,
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Hit,
    Absent,
    /// The store could not say.
    Unknown,
    /// It is the token that the downstream API has refused.
    Spent,
    Unusable(Unusable),
}

/// How a miss was made up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// This replica had the lease.
    Holder,
    /// Another replica's exchange brought the token.
    Joined,
    /// Another replica's exchange brought none, and this one made its own.
    Left,
    /// Another replica's exchange took too long, and this one made its own.
    Overdue,
    /// The store could not help.
    Alone,
    /// A new token was wanted, whatever is there.
    Renewal,
}

impl<T> From<&Result<T, StoreError>> for Asked {
    fn from(answer: &Result<T, StoreError>) -> Self {
        match answer {
            Ok(_) => Self::Answered,
            Err(StoreError::Unreachable(_)) => Self::Unreachable,
            Err(StoreError::Refused(_)) => Self::Refused,
            Err(StoreError::TimedOut) => Self::TimedOut,
            Err(StoreError::Foreign) => Self::Foreign,
            Err(StoreError::Paused) => Self::Paused,
        }
    }
}

pub(super) fn asked(result: Asked) {
    let result = match result {
        Asked::Answered => "answered",
        Asked::Unreachable => "unreachable",
        Asked::Refused => "refused",
        Asked::TimedOut => "timed_out",
        Asked::Foreign => "foreign",
        Asked::Paused => "paused",
    };
    count(OPERATIONS, "result", result);
}

pub(super) fn lookup(result: Lookup) {
    let result = match result {
        Lookup::Hit => "hit",
        Lookup::Absent => "absent",
        Lookup::Unknown => "unknown",
        Lookup::Spent => "spent",
        Lookup::Unusable(Unusable::Garbage) => "garbage",
        Lookup::Unusable(Unusable::Absurd) => "absurd",
        Lookup::Unusable(Unusable::Expired) => "expired",
        Lookup::Unusable(Unusable::Forgotten) => "forgotten",
    };
    count(LOOKUPS, "result", result);
}

pub(super) fn flight(role: Role) {
    let role = match role {
        Role::Holder => "holder",
        Role::Joined => "joined",
        Role::Left => "left",
        Role::Overdue => "overdue",
        Role::Alone => "alone",
        Role::Renewal => "renewal",
    };
    count(FLIGHTS, "role", role);
}

#[cfg(feature = "metrics")]
pub(super) fn changed(change: Change) {
    let up = match change {
        Change::Failed => 0.0,
        Change::Recovered => 1.0,
    };
    metrics::gauge!(UP).set(up);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn changed(_: Change) {}

#[cfg(feature = "metrics")]
fn count(name: &'static str, label: &'static str, value: &'static str) {
    metrics::counter!(name, label => value).increment(1);
}

#[cfg(not(feature = "metrics"))]
fn count(_: &'static str, _: &'static str, _: &'static str) {}
