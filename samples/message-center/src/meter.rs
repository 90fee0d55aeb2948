//! What this server measures besides the libraries (`mcp_auth_layer::meter` and `mcp_obo::meter`).
//!
//! | name | kind | labels | measures |
//! |---|---|---|---|
//! | [`CALL_SECONDS`] | histogram | `outcome` = `messages` or a failure's kind | calls of `getMessages`, in seconds |
//! | [`LIMITED`] | counter | `rule` | requests beyond a rate limit |

use std::time::Instant;

/// Durations of calls, by outcome.
pub const CALL_SECONDS: &str = "message_center_call_seconds";

/// Requests that were one too many, by the rule that said so.
pub const LIMITED: &str = "message_center_limited_total";

/// Says what they are.
pub fn describe() {
    metrics::describe_histogram!(CALL_SECONDS, metrics::Unit::Seconds, "Calls of getMessages, by outcome.");
    metrics::describe_counter!(LIMITED, "Requests beyond a rate limit, by rule.");
}

pub(crate) fn called(outcome: &'static str, begun: Instant) {
    metrics::histogram!(CALL_SECONDS, "outcome" => outcome).record(begun.elapsed());
}

pub(crate) fn limited(rule: &'static str) {
    metrics::counter!(LIMITED, "rule" => rule).increment(1);
}
