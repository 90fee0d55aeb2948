//! Where values come from: the process, and `.env.local` below it.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

/// A source of variables; tests pass a map.
pub trait Vars {
    /// Returns the value of a variable, if it is set.
    fn get(&self, name: &str) -> Option<String>;
}

impl Vars for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }
}

/// The process environment.
#[derive(Clone, Copy, Debug)]
pub struct Process;

impl Vars for Process {
    fn get(&self, name: &str) -> Option<String> {
        #[allow(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
        env::var(name).ok()
    }
}

/// Variables over others: the upper ones win, blank ones count as unset.
#[derive(Debug)]
pub struct Layered<U> {
    upper: U,
    lower: BTreeMap<String, String>,
    file: Option<PathBuf>,
}

impl<U: Vars> Layered<U> {
    /// Puts the file `.env.local` of `folder`, if there is one, below `upper`.
    ///
    /// The file is not read when `upper` itself says production: a file that was copied into an image must not change what
    /// the platform decided.
    ///
    /// # Errors
    /// A text with the file's path when it cannot be read or parsed.
    pub fn over_env_local(upper: U, folder: &Path) -> Result<Self, String> {
        let path = absolute(&folder.join(".env.local"));
        if says_production(&upper) || !path.is_file() {
            return Ok(Self { upper, lower: BTreeMap::new(), file: None });
        }
        let unreadable = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let entries = dotenvy::from_path_iter(&path).map_err(|error| unreadable(&error))?;
        // A parse error names the line, which may hold a secret; so only that there is one is said.
        let lower = entries.collect::<Result<_, _>>().map_err(|_| unreadable(&"a line is not NAME=value"))?;
        Ok(Self { upper, lower, file: Some(path) })
    }

    /// Returns the file that was read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl<U: Vars> Vars for Layered<U> {
    fn get(&self, name: &str) -> Option<String> {
        let set = |value: &String| !value.trim().is_empty();
        self.upper.get(name).filter(set).or_else(|| self.lower.get(name).cloned())
    }
}

/// Names the file as an operator finds it, from wherever the program was started.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn says_production(vars: &impl Vars) -> bool {
    ["MCP_ENV", "NODE_ENV"]
        .iter()
        .any(|name| vars.get(name).is_some_and(|value| !value.trim().is_empty() && value != "development"))
}
