//! Which credentials are asked, and in which order: `AZURE_TOKEN_CREDENTIALS` and `AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL`.

use super::{
    name::CredentialName::{
        self, AzureCli, AzureDeveloperCli, AzurePowerShell, Environment, InteractiveBrowser, ManagedIdentity,
        VisualStudio, WorkloadIdentity,
    },
    values::HostValues,
};

/// Which credentials make up a chain.
///
/// # Defaults
/// [`Everyday`](Self::Everyday), as where `AZURE_TOKEN_CREDENTIALS` is not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// A service principal, then developers' tools, then a browser.
    #[default]
    Everyday,
    /// `prod`: what a deployed service has; it fails at once where it has none.
    Production,
    /// `dev`: developers' tools, then a browser.
    Development,
    /// One credential and no other.
    Only(CredentialName),
    /// The browser alone, because a broker was asked for.
    Broker,
}

/// How callers reach the process that owns a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frontend {
    /// By standard input and output, on the machine of the person who acts.
    Stdio,
    /// Over HTTP, from anywhere.
    Http,
}

/// Why a choice of credentials is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// Nobody knows the word.
    #[error("{given:?} is not known; write dev, prod or one of {}", valid())]
    Unknown {
        /// What was given.
        given: String,
    },
    /// The Azure SDKs know the credential, and there can be none here.
    #[error("{name} does not exist here: {why}; write dev, prod or one of {}", valid())]
    NotHere {
        /// The credential, in its usual spelling.
        name: &'static str,
        /// Why there is none.
        why: &'static str,
    },
    /// A broker signs in the person at the machine, who is nobody that a deployed service could know.
    #[error("a broker signs in a person, and {} leaves none to sign in", chosen.as_str())]
    NoPerson {
        /// What was chosen besides.
        chosen: Selection,
    },
    /// A browser window on the server's machine is not in front of the person who calls.
    #[error("a broker signs in the person at this machine, and over HTTP callers are elsewhere")]
    OverHttp,
}

/// What the Azure SDKs have and this process cannot.
const NOT_HERE: [(&str, &str); 3] = [
    (
        "VisualStudioCodeCredential",
        "it signs in by the broker of Windows, which only Microsoft's own libraries can call",
    ),
    (
        "BrokerCredential",
        "the broker is a library of Windows and macOS for Microsoft's own libraries; choose InteractiveBrowserCredential",
    ),
    ("DeviceCodeCredential", "there is no terminal to show a code on; choose InteractiveBrowserCredential"),
];

impl Selection {
    /// Reads the value of `AZURE_TOKEN_CREDENTIALS`, in any case; blank is as if not set.
    ///
    /// # Errors
    /// [`SelectionError::Unknown`] with the valid words, [`SelectionError::NotHere`] for a credential that cannot exist here.
    pub fn read(value: Option<&str>) -> Result<Self, SelectionError> {
        let given = value.unwrap_or_default().trim();
        match given.to_ascii_lowercase().as_str() {
            "" => return Ok(Self::Everyday),
            "prod" => return Ok(Self::Production),
            "dev" => return Ok(Self::Development),
            _ => {}
        }
        if let Some((name, why)) = NOT_HERE.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(given)) {
            return Err(SelectionError::NotHere { name, why });
        }
        let named = CredentialName::find(given).map(Self::Only);
        named.ok_or_else(|| SelectionError::Unknown { given: given.to_owned() })
    }

    /// Narrows it to a broker, as `AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL=true` asks.
    ///
    /// There is no broker here, so that a browser window takes its place; [`notices`](super::CredentialChain::notices) say so.
    ///
    /// # Errors
    /// [`SelectionError::NoPerson`] beside `prod` or another credential's name, [`SelectionError::OverHttp`] for a server that
    /// is called over HTTP.
    pub const fn broker_only(self, frontend: Frontend) -> Result<Self, SelectionError> {
        match (self, frontend) {
            (Self::Everyday | Self::Development | Self::Broker | Self::Only(InteractiveBrowser), Frontend::Stdio) => {
                Ok(Self::Broker)
            }
            (Self::Production | Self::Only(_), Frontend::Stdio) => Err(SelectionError::NoPerson { chosen: self }),
            (_, Frontend::Http) => Err(SelectionError::OverHttp),
        }
    }

    /// Returns the credentials in the order in which they are asked.
    #[must_use]
    pub const fn credentials(&self) -> &[CredentialName] {
        match self {
            Self::Everyday => {
                &[Environment, VisualStudio, AzureCli, AzurePowerShell, AzureDeveloperCli, InteractiveBrowser]
            }
            Self::Production => &[Environment, WorkloadIdentity, ManagedIdentity],
            Self::Development => &[VisualStudio, AzureCli, AzurePowerShell, AzureDeveloperCli, InteractiveBrowser],
            Self::Only(name) => std::slice::from_ref(name),
            Self::Broker => &[InteractiveBrowser],
        }
    }

    /// Returns what an operator should be told of the choice on this host.
    pub(super) fn notices(&self, host: &HostValues) -> Vec<&'static str> {
        match self {
            Self::Broker => vec![NO_BROKER],
            Self::Everyday if is_azures(host) => vec![NOT_CHOSEN],
            _ => Vec::new(),
        }
    }

    /// Returns the choice in the words of its variable.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Everyday => "the default chain",
            Self::Production => "AZURE_TOKEN_CREDENTIALS=prod",
            Self::Development => "AZURE_TOKEN_CREDENTIALS=dev",
            Self::Only(name) => name.as_str(),
            Self::Broker => "AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL=true",
        }
    }
}

fn valid() -> String {
    CredentialName::ALL.map(CredentialName::as_str).join(", ")
}

/// What Azure's platforms for services set, and developers' machines do not have. A virtual machine sets nothing.
fn is_azures(host: &HostValues) -> bool {
    let platforms = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT", "WEBSITE_SITE_NAME", "CONTAINER_APP_NAME"];
    host.token_file.is_some() || platforms.iter().any(|name| host.variable(name).is_some())
}

const NO_BROKER: &str = "AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL: there is no broker here; people sign in to an ordinary browser \
                         window, and no other credential is asked";
const NOT_CHOSEN: &str = "AZURE_TOKEN_CREDENTIALS is not set, and this looks like a host of Azure: neither its managed identity \
                          nor its workload identity is asked; set it to prod";
