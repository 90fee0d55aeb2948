//! What this server measures besides the libraries (`mcp_auth_layer::meter` and `mcp_obo::meter`).
//!
//! | name | kind | labels | measures |
//! |---|---|---|---|
//! | [`CALL_SECONDS`] | histogram | `tool`, `acting_as`, `outcome` = `ok` or a failure's kind | calls of tools, in seconds |

use std::time::Instant;

use mcp_obo::outgoing::ActingAs;

/// Durations of calls, by tool, identity and outcome.
pub const CALL_SECONDS: &str = "azure_tools_call_seconds";

/// Says what they are.
pub fn describe() {
    metrics::describe_histogram!(
        CALL_SECONDS,
        metrics::Unit::Seconds,
        "Calls of tools, by tool, identity and outcome."
    );
}

pub(crate) fn called(tool: &'static str, acting_as: ActingAs, outcome: &'static str, begun: Instant) {
    let labels = [("tool", tool), ("acting_as", acting_as.as_str()), ("outcome", outcome)];
    metrics::histogram!(CALL_SECONDS, &labels).record(begun.elapsed());
}
