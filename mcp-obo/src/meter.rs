//! Counters, gauges and histograms, through the `metrics` facade (feature `metrics`); without the feature nothing is measured.
//!
//! | name | kind | labels | measures |
//! |---|---|---|---|
//! | [`LOOKUPS`] | counter | `answer` = `memory`, `flight`, `refusal`, `shared`, `entra` | where the answer to a wish for a token came from; `refusal` is a remembered one, or that Entra is not asked for a while |
//! | [`EXCHANGE_SECONDS`] | histogram | `outcome` = `granted` or a [kind](crate::ExchangeErrorKind::as_str) | requests to Entra, in seconds, credential and retries included |
//! | [`REFRESHES`] | counter | `outcome`, as above | tokens renewed in the background |
//! | [`ENTRIES`], [`BYTES`] | gauge | | tokens in memory, and what they weigh |
//! | [`REFUSALS`] | gauge | | refusals that are remembered |
//!
//! Every label has a closed set of values, of which none comes from a request: a caller cannot make new time series. A wish
//! that goes on from one place to the next counts where it ends: `entra` are those that became requests, `flight` those that
//! joined one.

use std::time::Duration;

/// Wishes for a token, by where the answer came from.
pub const LOOKUPS: &str = "mcp_obo_lookups_total";

/// Durations of requests to Entra, by outcome.
pub const EXCHANGE_SECONDS: &str = "mcp_obo_exchange_seconds";

/// Tokens renewed in the background, by outcome.
pub const REFRESHES: &str = "mcp_obo_refreshes_total";

/// Tokens in memory.
pub const ENTRIES: &str = "mcp_obo_cache_entries";

/// What the tokens in memory weigh, in bytes.
pub const BYTES: &str = "mcp_obo_cache_bytes";

/// Refusals that are remembered.
pub const REFUSALS: &str = "mcp_obo_refusals";

/// Tells the installed recorder what the metrics mean.
///
/// Those of the [shared cache](crate::shared::meter) and of the OAuth front door are included.
#[cfg(feature = "metrics")]
pub fn describe() {
    metrics::describe_counter!(LOOKUPS, "Wishes for a token, by where the answer came from.");
    metrics::describe_histogram!(EXCHANGE_SECONDS, metrics::Unit::Seconds, "Requests to Entra, by outcome.");
    metrics::describe_counter!(REFRESHES, "Tokens renewed in the background, by outcome.");
    metrics::describe_gauge!(ENTRIES, "Tokens in memory.");
    metrics::describe_gauge!(BYTES, metrics::Unit::Bytes, "What the tokens in memory weigh.");
    metrics::describe_gauge!(REFUSALS, "Refusals that are remembered.");
    crate::shared::meter::describe();
    #[cfg(feature = "proxy")]
    crate::proxy::meter::describe();
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Memory,
    Flight,
    Refusal,
    Shared,
    Entra,
}

// One arm per value: a label that is known at compile time costs no allocation, and this stands on the path of a hit.
#[cfg(feature = "metrics")]
pub(crate) fn lookup(answer: Answer) {
    match answer {
        Answer::Memory => metrics::counter!(LOOKUPS, "answer" => "memory"),
        Answer::Flight => metrics::counter!(LOOKUPS, "answer" => "flight"),
        Answer::Refusal => metrics::counter!(LOOKUPS, "answer" => "refusal"),
        Answer::Shared => metrics::counter!(LOOKUPS, "answer" => "shared"),
        Answer::Entra => metrics::counter!(LOOKUPS, "answer" => "entra"),
    }
    .increment(1);
}

#[cfg(feature = "metrics")]
pub(crate) fn exchange(outcome: &'static str, took: Duration) {
    metrics::histogram!(EXCHANGE_SECONDS, "outcome" => outcome).record(took);
}

#[cfg(feature = "metrics")]
pub(crate) fn refresh(outcome: &'static str) {
    metrics::counter!(REFRESHES, "outcome" => outcome).increment(1);
}

/// An entry came into memory.
#[cfg(feature = "metrics")]
pub(crate) fn entered(bytes: u32) {
    metrics::gauge!(ENTRIES).increment(1.0);
    metrics::gauge!(BYTES).increment(f64::from(bytes));
}

/// An entry left it.
#[cfg(feature = "metrics")]
pub(crate) fn left(bytes: u32) {
    metrics::gauge!(ENTRIES).decrement(1.0);
    metrics::gauge!(BYTES).decrement(f64::from(bytes));
}

#[cfg(feature = "metrics")]
pub(crate) fn refusal_entered() {
    metrics::gauge!(REFUSALS).increment(1.0);
}

#[cfg(feature = "metrics")]
pub(crate) fn refusal_left() {
    metrics::gauge!(REFUSALS).decrement(1.0);
}

#[cfg(not(feature = "metrics"))]
pub(crate) use self::silent::{entered, exchange, left, lookup, refresh, refusal_entered, refusal_left};

#[cfg(not(feature = "metrics"))]
mod silent {
    use super::{Answer, Duration};

    pub(crate) const fn lookup(_: Answer) {}
    pub(crate) const fn exchange(_: &'static str, _: Duration) {}
    pub(crate) const fn refresh(_: &'static str) {}
    pub(crate) const fn entered(_: u32) {}
    pub(crate) const fn left(_: u32) {}
    pub(crate) const fn refusal_entered() {}
    pub(crate) const fn refusal_left() {}
}
