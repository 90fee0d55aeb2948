//! A developer's own tools, `az`, `pwsh` and `azd`, as far as getting a token needs them.
//!
//! What is put into a folder are short scripts for bash, which send their arguments to the emulator and print what it
//! answers; so a test can change what a tool does while a server runs, and count its calls. Tokens are the tenant's, for
//! the scope and tenant that were asked for. The forms of answers and errors are those of the real tools. `pwsh` runs no
//! script: it looks for one that asks `Get-AzAccessToken`, and prints what such a script would.

mod account;
mod arguments;
mod azure_cli;
mod developer_cli;
mod power_shell;
mod reply;
mod routes;
mod script;

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Deserialize;

pub(crate) use self::routes::routes;
use crate::shared::Shared;

/// A tool with which a developer signs in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeveloperTool {
    /// The Azure CLI, `az`.
    AzureCli,
    /// Azure PowerShell, `pwsh` with its module `Az.Accounts`.
    AzurePowerShell,
    /// The Azure Developer CLI, `azd`.
    AzureDeveloperCli,
}

impl DeveloperTool {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AzureCli, Self::AzurePowerShell, Self::AzureDeveloperCli];

    /// Returns the program's name.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::AzureCli => "az",
            Self::AzurePowerShell => "pwsh",
            Self::AzureDeveloperCli => "azd",
        }
    }

    fn of(program: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.program() == program)
    }
}

/// What a tool does when it is asked for a token.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolBehaviour {
    /// It gives a token of alice's.
    #[default]
    SignedIn,
    /// It gives a token of this user's, by name.
    SignedInAs(String),
    /// Nobody has signed in.
    NotSignedIn,
    /// The account is of another tenant: without a tenant its own is meant, and with one it is refused.
    OtherTenant,
    /// The refresh token was not used for too long (AADSTS700082).
    Expired,
    /// The sign-in was revoked (AADSTS50173).
    Revoked,
    /// The account is a personal Microsoft account.
    Personal,
    /// It prints other things before the token.
    Banner,
    /// It answers after thirty seconds.
    Hang,
    /// PowerShell without the module `Az.Accounts`; the other tools have none, and are signed in.
    ModuleMissing,
}

/// What each tool does, and how it was called.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    behaviours: Mutex<HashMap<DeveloperTool, ToolBehaviour>>,
    calls: Mutex<Vec<(DeveloperTool, Vec<String>)>>,
}

impl Tools {
    pub(crate) fn set(&self, tool: DeveloperTool, behaviour: ToolBehaviour) {
        lock(&self.behaviours).insert(tool, behaviour);
    }

    fn get(&self, tool: DeveloperTool) -> ToolBehaviour {
        lock(&self.behaviours).get(&tool).cloned().unwrap_or_default()
    }

    fn remember(&self, tool: DeveloperTool, arguments: &[String]) {
        lock(&self.calls).push((tool, arguments.to_vec()));
    }

    pub(crate) fn calls(&self) -> Vec<(DeveloperTool, Vec<String>)> {
        lock(&self.calls).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the named tools into a folder, and takes the others out of it.
pub(crate) fn install(shared: &Shared, folder: &Path, tools: &[(DeveloperTool, ToolBehaviour)]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let port = shared.state.addresses.http.port();
    for tool in DeveloperTool::ALL {
        let path = folder.join(tool.program());
        match tools.iter().find(|(known, _)| *known == tool) {
            Some((_, behaviour)) => {
                shared.state.tools.set(tool, behaviour.clone());
                script::write(&path, tool.program(), port)?;
            }
            None if path.exists() => std::fs::remove_file(&path)?,
            None => {}
        }
    }
    Ok(())
}
