//! Log lines: to standard error, as text or JSON. The audit trail is on unless `RUST_LOG` says otherwise.

use tracing_subscriber::{EnvFilter, fmt};

use crate::settings::Vars;

const DEFAULT: &str = "info,mcp_auth::audit=info";

/// Sets logging up for this process.
///
/// # Errors
/// A text that says which variable cannot be read.
pub fn start(vars: &impl Vars) -> Result<(), String> {
    let directives = vars.get("RUST_LOG").filter(|text| !text.trim().is_empty());
    let filter =
        EnvFilter::try_new(directives.as_deref().unwrap_or(DEFAULT)).map_err(|error| format!("RUST_LOG: {error}"))?;
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match vars.get("LOG_FORMAT").as_deref().map(str::trim) {
        None | Some("" | "text") => log.try_init(),
        Some("json") => log.json().try_init(),
        Some(other) => return Err(format!("LOG_FORMAT: {other:?} is not known; write text or json")),
    };
    started.map_err(|error| error.to_string())
}
