//! Where values come from: the process, and `.env.local` below it.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

/// A source of variables; tests pass a map.
pub trait Vars {
    /// Returns the value of a variable, if it is set.
    fn get(&self, name: &str) -> Option<String>;

    /// Returns the whole environment, for programs that this process starts.
    fn environment(&self) -> Vec<(OsString, OsString)>;

    /// Tells whether a person may be shown a window to sign in to.
    fn may_open_windows(&self) -> bool {
        true
    }
}

/// The same variables for a program that only looks: it opens no window before anybody.
#[derive(Clone, Copy)]
pub struct Unattended<'a>(pub &'a dyn Vars);

impl Vars for Unattended<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name)
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        self.0.environment()
    }

    fn may_open_windows(&self) -> bool {
        false
    }
}

impl fmt::Debug for Unattended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unattended(..)")
    }
}

impl Vars for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        self.iter().map(|(name, value)| (name.into(), value.into())).collect()
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

    fn environment(&self) -> Vec<(OsString, OsString)> {
        env::vars_os().collect()
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
        let unreadable = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
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

    /// The file is this server's own, and nothing of it is passed on.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        self.upper.environment()
    }
}

/// Names the file as an operator finds it, from wherever the program was started.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn says_production(vars: &impl Vars) -> bool {
    let said = |name| vars.get(name).filter(|value| !value.trim().is_empty());
    // .NET compares the name in any case.
    let dotnet = said("ASPNETCORE_ENVIRONMENT").map(|name| name.to_ascii_lowercase());
    let others = ["MCP_ENV", "NODE_ENV"].into_iter().filter_map(said);
    others.chain(dotnet).any(|name| name != "development")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-3333-4444-555555555555";
    const SECRET: &str = "a-secret-that-nobody-prints";

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn vars(pairs: Pairs<'_>) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_file_lies_below_the_process_and_is_not_read_in_production() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env.local"), format!("PORT=9001\nGRAPH_CLIENT_ID={ID}\n")).unwrap();
        let layered = |pairs: Pairs<'_>| Layered::over_env_local(vars(pairs), folder.path()).unwrap();
        let development = layered(&[("MCP_ENV", "development"), ("PORT", "9002"), ("GRAPH_CLIENT_ID", " ")]);
        assert!(development.file().is_some_and(|file| file.ends_with(".env.local")));
        assert_eq!(development.get("PORT").as_deref(), Some("9002"));
        assert_eq!(development.get("GRAPH_CLIENT_ID").as_deref(), Some(ID));
        assert_eq!(layered(&[]).get("PORT").as_deref(), Some("9001"));
        assert_eq!(layered(&[("ASPNETCORE_ENVIRONMENT", "Development")]).get("PORT").as_deref(), Some("9001"));
        for name in ["MCP_ENV", "NODE_ENV", "ASPNETCORE_ENVIRONMENT"] {
            for value in ["production", "Production", "Staging"] {
                let production = layered(&[(name, value)]);
                assert_eq!((production.file(), production.get("PORT")), (None, None), "{name}={value}");
            }
        }

        std::fs::write(folder.path().join(".env.local"), format!("this is not\n{SECRET}")).unwrap();
        let text = Layered::over_env_local(vars(&[]), folder.path()).unwrap_err();
        assert!(text.contains(".env.local") && !text.contains(SECRET), "{text}");
    }
}
