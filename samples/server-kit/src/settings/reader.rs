//! Reads variables and collects every mistake, so that an administrator sees them all at once.

use std::{error::Error, ffi::OsString, fmt};

use super::Vars;

/// Mistakes and warnings, as they come up.
pub struct Reader<'a> {
    vars: &'a dyn Vars,
    /// What cannot be used.
    pub mistakes: Vec<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Reads these.
    #[must_use]
    pub fn new(vars: &'a dyn Vars) -> Self {
        Self { vars, mistakes: Vec::new(), warnings: Vec::new() }
    }

    /// Returns a value; blank is unset, and nothing is trimmed from a value that is not blank.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.vars.get(name).filter(|value| !value.trim().is_empty())
    }

    /// Returns the first value that is set, with its name.
    #[must_use]
    pub fn first(&self, names: &[&'static str]) -> Option<(&'static str, String)> {
        names.iter().find_map(|name| self.get(name).map(|value| (*name, value)))
    }

    /// Tells whether a variable has a value.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the whole environment, for programs that this process starts.
    #[must_use]
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        self.vars.environment()
    }

    /// Tells whether a person may be shown a window to sign in to.
    #[must_use]
    pub fn may_open_windows(&self) -> bool {
        self.vars.may_open_windows()
    }

    /// Notes a mistake, once: a variable may count for several things.
    pub fn mistake(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.mistakes.contains(&text) {
            self.mistakes.push(text);
        }
    }

    /// Notes what the operator should know.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Keeps a value, or notes why there is none.
    pub fn keep<T>(&mut self, name: &str, result: Result<T, impl Into<Box<dyn Error>>>) -> Option<T> {
        result.map_err(|error| self.mistake(format!("{name}: {}", explained(&*error.into())))).ok()
    }

    /// Reads a number, or takes the default.
    pub fn number<T: std::str::FromStr>(&mut self, name: &str, default: T) -> T {
        let Some(text) = self.get(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.mistake(format!("{name}: {text:?} is not a number in range"));
            default
        })
    }
}

/// Returns an error with the reason below it: an administrator gets one line.
#[must_use]
pub fn explained(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Splits a comma list; spaces around entries do not count.
#[must_use]
pub fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variables hold secrets.
        f.debug_struct("Reader")
            .field("mistakes", &self.mistakes)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}
