//! What is measured, as Prometheus reads it at `/metrics`.
//!
//! The libraries' own measures are in `mcp_auth_layer::meter` and `mcp_obo::meter`; a server adds its own.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// From a hit in the cache to the longest that anything may take, in seconds.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 45.0];

/// Histograms keep every value until they are read; where nobody reads, this sums them up.
const UPKEEP: Duration = Duration::from_secs(10);

/// A process has one recorder, however many routers it makes.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts measuring, and returns where to read; nothing when the process measures by other means already.
///
/// `describe` says what the server adds; it is asked once.
pub fn recorder(describe: fn()) -> Option<PrometheusHandle> {
    let install = || match install() {
        Ok(handle) => {
            describe();
            Some(handle)
        }
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
    Ok(handle)
}

/// Sums up for as long as the process lives, if it measures.
pub async fn upkeep() {
    let Some(handle) = RECORDER.get().cloned().flatten() else { return };
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}
