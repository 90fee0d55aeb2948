//! Log lines: to standard error, as text or JSON. The audit trail is on unless `RUST_LOG` says otherwise.

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::filter_fn,
    fmt,
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

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
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match vars.get("LOG_FORMAT").as_deref().map(str::trim) {
        None | Some("" | "text") => lines.boxed(),
        Some("json") => lines.json().boxed(),
        Some(other) => return Err(format!("LOG_FORMAT: {other:?} is not known; write text or json")),
    };
    let subscriber = tracing_subscriber::registry().with(lines).with(filter).with(filter_fn(is_fit_to_print));
    subscriber.try_init().map_err(|error: TryInitError| error.to_string())
}

/// Tells whether an event may be written at all, whatever `RUST_LOG` asks for.
///
/// Below `info` rmcp writes whole requests, and the `accessToken` argument is a part of one.
#[must_use]
pub fn is_fit_to_print(event: &Metadata<'_>) -> bool {
    !event.target().starts_with("rmcp") || *event.level() <= Level::INFO
}
