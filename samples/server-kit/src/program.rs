//! How a program of a server begins, and how it says that it cannot.

use std::{error::Error, path::Path};

/// The allocator of a server's program.
///
/// A request is some hundred short-lived allocations, of which rmcp's channels are the largest; the system's own allocator
/// takes about a tenth of a request's processor time (glibc; musl's takes more).
pub use mimalloc::MiMalloc as Allocator;

use crate::{
    logging::{self, Level},
    settings::{Mistakes, Vars},
};

/// What a mistake in the configuration ends with.
pub const CONFIGURATION: u8 = 2;

/// Starts logging and reads the settings; both are read before either is judged, so that all mistakes are told at once.
///
/// # Errors
/// [`Mistakes`] of either.
pub fn begin<V: Vars, S>(vars: &V, level: Level, read: impl FnOnce(&V) -> Result<S, Mistakes>) -> Result<S, Mistakes> {
    match (logging::start(vars, level), read(vars)) {
        (Ok(()), Ok(settings)) => Ok(settings),
        (logging, settings) => {
            let mistakes = settings.err().map(|mistakes| mistakes.0).unwrap_or_default();
            Err(Mistakes(logging.err().into_iter().chain(mistakes).collect()))
        }
    }
}

/// Says which file was read, and what an operator must know, once.
pub fn announce(file: Option<&Path>, warnings: &[String]) {
    if let Some(file) = file {
        tracing::info!(file = %file.display(), "variables were read from a file");
    }
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// Says why a program ends, with every cause below it; returns the code that it ends with.
#[allow(clippy::print_stderr, reason = "logging may not have started")]
pub fn fail(program: &str, error: &dyn Error, code: u8) -> u8 {
    eprintln!("{program}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because {cause}");
        source = cause.source();
    }
    code
}
