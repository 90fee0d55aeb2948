//! The credentials of a chain, by the names that `AZURE_TOKEN_CREDENTIALS` knows.

use std::fmt;

use serde::{Serialize, Serializer};

/// A credential of the Azure SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialName {
    /// A service principal, by its secret or certificate.
    Environment,
    /// A workload of Kubernetes, by its token in a file.
    WorkloadIdentity,
    /// The identity that Azure gives to the machine.
    ManagedIdentity,
    /// Whoever is signed in to Visual Studio; there is none outside Windows' .NET.
    VisualStudio,
    /// Whoever ran `az login`.
    AzureCli,
    /// Whoever ran `Connect-AzAccount`.
    AzurePowerShell,
    /// Whoever ran `azd auth login`.
    AzureDeveloperCli,
    /// Whoever signs in to a browser window that this process opens.
    InteractiveBrowser,
}

impl CredentialName {
    /// All of them, in the order of the Azure SDKs.
    pub const ALL: [Self; 8] = [
        Self::Environment,
        Self::WorkloadIdentity,
        Self::ManagedIdentity,
        Self::VisualStudio,
        Self::AzureCli,
        Self::AzurePowerShell,
        Self::AzureDeveloperCli,
        Self::InteractiveBrowser,
    ];

    /// Returns the name as `AZURE_TOKEN_CREDENTIALS` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "EnvironmentCredential",
            Self::WorkloadIdentity => "WorkloadIdentityCredential",
            Self::ManagedIdentity => "ManagedIdentityCredential",
            Self::VisualStudio => "VisualStudioCredential",
            Self::AzureCli => "AzureCliCredential",
            Self::AzurePowerShell => "AzurePowerShellCredential",
            Self::AzureDeveloperCli => "AzureDeveloperCliCredential",
            Self::InteractiveBrowser => "InteractiveBrowserCredential",
        }
    }

    /// Finds a credential by its name, in any case.
    pub(super) fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for CredentialName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
