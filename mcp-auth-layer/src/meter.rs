//! Counters, through the `metrics` facade (feature `metrics`); without the feature nothing is counted here.
//!
//! | counter | labels | counts |
//! |---|---|---|
//! | [`DECISIONS`] | `decision`, `reason` | [audit](crate::audit) events; `reason` is the refusal's, or the hatch's name, or empty |
//! | [`VERDICTS`] | `known` = `yes` or `no` | tokens by whether their verdict was remembered |
//! | [`KEY_FETCHES`] | `result` = `success` or `failure` | fetches of an issuer's keys |
//!
//! Every label has a closed set of values, of which none comes from a request: a caller cannot make new time series.
//!
//! What a service does with them is its own: install a recorder, such as that of `metrics-exporter-prometheus`, and then
#![cfg_attr(feature = "metrics", doc = "[`describe`]")]
#![cfg_attr(not(feature = "metrics"), doc = "`describe`")]
//! them to it.

/// Decisions of all layers.
pub const DECISIONS: &str = "mcp_auth_decisions_total";

/// Tokens, by whether their verdict was known from before.
pub const VERDICTS: &str = "mcp_auth_verdicts_total";

/// Fetches of signing keys.
pub const KEY_FETCHES: &str = "mcp_auth_key_fetches_total";

/// Tells the recorder that is installed what they mean.
#[cfg(feature = "metrics")]
pub fn describe() {
    metrics::describe_counter!(DECISIONS, "Decisions of all layers, by reason of refusal or name of hatch.");
    metrics::describe_counter!(VERDICTS, "Tokens, by whether their verdict was remembered.");
    metrics::describe_counter!(KEY_FETCHES, "Fetches of signing keys.");
}

/// Whether a verdict was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Yes,
    No,
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    Success,
    Failure,
}

/// Counts what nearly every request does, by a key that is made when this is compiled.
///
/// `metrics::counter!` does that for a name that is written there, and hashes one that is a constant at each call.
macro_rules! count_often {
    ($name:expr, $($label:literal => $value:literal),+) => {{
        #[cfg(feature = "metrics")]
        {
            use metrics::{Key, Label, Level, Metadata};

            static LABELS: &[Label] = &[$(Label::from_static_parts($label, $value)),+];
            static KEY: Key = Key::from_static_parts($name, LABELS);
            static ABOUT: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
            metrics::with_recorder(|recorder| recorder.register_counter(&KEY, &ABOUT)).increment(1);
        }
    }};
}

/// Counts a request that was let through.
pub(crate) fn admitted() {
    count_often!(DECISIONS, "decision" => "admitted", "reason" => "");
}

pub(crate) fn decision(decision: &'static str, reason: &'static str) {
    count(DECISIONS, [("decision", decision), ("reason", reason)]);
}

pub(crate) fn verdict(known: Known) {
    match known {
        Known::Yes => count_often!(VERDICTS, "known" => "yes"),
        Known::No => count_often!(VERDICTS, "known" => "no"),
    }
}

pub(crate) fn key_fetch(result: Fetch) {
    let result = match result {
        Fetch::Success => "success",
        Fetch::Failure => "failure",
    };
    count(KEY_FETCHES, [("result", result)]);
}

#[cfg(feature = "metrics")]
fn count<const N: usize>(name: &'static str, labels: [(&'static str, &'static str); N]) {
    metrics::counter!(name, &labels).increment(1);
}

#[cfg(not(feature = "metrics"))]
fn count<const N: usize>(_: &'static str, _: [(&'static str, &'static str); N]) {}

#[cfg(test)]
#[cfg(feature = "metrics")]
mod tests;
