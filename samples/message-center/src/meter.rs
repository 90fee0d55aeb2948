//! What is measured, as Prometheus reads it at `/metrics`.
//!
//! The libraries' own measures are in `mcp_auth_layer::meter` and `mcp_obo::meter`; here is what this server adds.
//!
//! | name | kind | labels | measures |
//! |---|---|---|---|
//! | [`CALL_SECONDS`] | histogram | `outcome` = `messages` or a failure's kind | calls of `getMessages`, in seconds |
//! | [`LIMITED`] | counter | `rule` | requests beyond a rate limit |

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Durations of calls, by outcome.
pub const CALL_SECONDS: &str = "message_center_call_seconds";

/// Requests that were one too many, by the rule that said so.
pub const LIMITED: &str = "message_center_limited_total";

/// From a hit in the cache to the longest that anything may take, in seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 45.0];

/// Histograms keep every value until they are read; where nobody reads, this sums them up.
const UPKEEP: Duration = Duration::from_secs(10);

/// A process has one recorder, however many routers it makes.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts measuring, and returns where to read; nothing when the process measures by other means already.
pub fn recorder() -> Option<PrometheusHandle> {
    let install = || match install() {
        Ok(handle) => Some(handle),
        Err(error) => {
            tracing::warn!(%error, "this process measures by other means, so there is no /metrics");
            None
        }
    };
    RECORDER.get_or_init(install).clone()
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let handle = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?.install_recorder()?;
    mcp_auth_layer::meter::describe();
    mcp_obo::meter::describe();
    metrics::describe_histogram!(CALL_SECONDS, metrics::Unit::Seconds, "Calls of getMessages, by outcome.");
    metrics::describe_counter!(LIMITED, "Requests beyond a rate limit, by rule.");
    Ok(handle)
}

/// Sums up for as long as the process lives.
pub async fn upkeep() {
    let Some(handle) = recorder() else { return };
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

pub(crate) fn called(outcome: &'static str, begun: Instant) {
    metrics::histogram!(CALL_SECONDS, "outcome" => outcome).record(begun.elapsed());
}

pub(crate) fn limited(rule: &'static str) {
    metrics::counter!(LIMITED, "rule" => rule).increment(1);
}
