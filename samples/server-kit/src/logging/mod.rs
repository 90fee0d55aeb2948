//! Log lines: to standard error, as text or JSON, each before the answer to the request that it is about.
//!
//! An audit trail is on unless `RUST_LOG` names it.

mod fields;
mod lines;

use std::io::{self, IsTerminal as _};

pub use tracing::Level;
use tracing::Metadata;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::filter_fn,
    fmt,
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

pub(crate) use self::lines::AfterLines;
use self::{fields::OnOneLine, lines::ToLines};
use crate::settings::Vars;

/// Who called, and in whose name the exchange or this server acted.
const AUDIT: [&str; 2] = ["mcp_auth::audit", "mcp_obo::audit"];

/// Sets logging up for this process.
///
/// Where `RUST_LOG` says nothing, `default` decides how much is written.
///
/// # Errors
/// A text that says which variable cannot be read.
pub fn start(vars: &impl Vars, default: Level) -> Result<(), String> {
    let (filter, form) = read(vars, default)?;
    // Colours are for people; in a file or a collector they would be noise.
    let lines = fmt::layer().with_writer(ToLines).with_ansi(io::stderr().is_terminal());
    let lines = match form {
        Form::Text => lines.fmt_fields(OnOneLine).boxed(),
        Form::Json => lines.json().boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines).with(filter).with(filter_fn(is_fit_to_print));
    subscriber.try_init().map_err(|error: TryInitError| error.to_string())
}

/// Says what would keep [`start`] from its work, and sets nothing up.
///
/// # Errors
/// As of [`start`].
pub fn check(vars: &dyn Vars) -> Result<(), String> {
    read(vars, Level::INFO).map(drop)
}

enum Form {
    Text,
    Json,
}

fn read(vars: &dyn Vars, default: Level) -> Result<(EnvFilter, Form), String> {
    let filter = EnvFilter::try_new(directives(vars.get("RUST_LOG").as_deref(), default));
    let filter = filter.map_err(|error| format!("RUST_LOG: {error}"))?;
    match vars.get("LOG_FORMAT").as_deref().map(str::trim) {
        None | Some("" | "text") => Ok((filter, Form::Text)),
        Some("json") => Ok((filter, Form::Json)),
        Some(other) => Err(format!("LOG_FORMAT: {other:?} is not known; write text or json")),
    }
}

/// Tells whether an event may be written at all, whatever `RUST_LOG` asks for.
///
/// At `info` rmcp writes three lines for each request, which cost as much as answering it and say nothing; below, it writes
/// whole requests, and the `accessToken` argument is a part of one. What its service warns of is a caller's mistake, with as
/// much of it as the caller likes.
#[must_use]
pub fn is_fit_to_print(event: &Metadata<'_>) -> bool {
    let most = match event.target() {
        target if target.starts_with("rmcp::service") => Level::ERROR,
        target if target.starts_with("rmcp") => Level::WARN,
        _ => Level::TRACE,
    };
    *event.level() <= most
}

/// Keeps the audit trails whoever quietens the rest; each goes only by its own name.
fn directives(rust_log: Option<&str>, default: Level) -> String {
    let default = default.as_str().to_ascii_lowercase();
    let given = rust_log.filter(|text| !text.trim().is_empty()).unwrap_or(&default);
    let kept = AUDIT.iter().filter(|trail| !given.contains(**trail)).map(|trail| format!(",{trail}=info"));
    std::iter::once(given.to_owned()).chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_trail_goes_only_by_its_own_name() {
        for (rust_log, expected) in [
            (None, "info,mcp_auth::audit=info,mcp_obo::audit=info"),
            (Some(" "), "info,mcp_auth::audit=info,mcp_obo::audit=info"),
            (Some("error"), "error,mcp_auth::audit=info,mcp_obo::audit=info"),
            (Some("warn,h2=off"), "warn,h2=off,mcp_auth::audit=info,mcp_obo::audit=info"),
            (Some("info,mcp_auth::audit=off"), "info,mcp_auth::audit=off,mcp_obo::audit=info"),
            (Some("mcp_obo::audit=off,mcp_auth::audit=off"), "mcp_obo::audit=off,mcp_auth::audit=off"),
        ] {
            assert_eq!(directives(rust_log, Level::INFO), expected, "{rust_log:?}");
            EnvFilter::try_new(directives(rust_log, Level::INFO)).unwrap();
        }
    }
}
