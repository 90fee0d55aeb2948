//! The Azure services behind the tools: what they are called, where they are, and what a token for them is asked for.

mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use mcp_auth_layer::cloud::Cloud;
use mcp_obo::{Target, catalogue::KnownService};

pub use self::table::{DelegatedPermission, Place};

/// A service that tools call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Azure Resource Manager: subscriptions, and every resource's own record.
    Arm,
    /// Blobs.
    Storage,
    /// Secrets.
    KeyVault,
    /// Settings.
    AppConfiguration,
    /// Documents: the data plane, which is not Resource Manager's record of the account.
    Cosmos,
    /// Health models of Azure Monitor.
    HealthModels,
    /// SMS and e-mail.
    Communication,
    /// A ledger.
    ConfidentialLedger,
}

impl Service {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Arm,
        Self::Storage,
        Self::KeyVault,
        Self::AppConfiguration,
        Self::Cosmos,
        Self::HealthModels,
        Self::Communication,
        Self::ConfidentialLedger,
    ];

    /// Returns the name by which Microsoft calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arm => "Azure Resource Manager",
            Self::Storage => "Azure Storage",
            Self::KeyVault => "Azure Key Vault",
            Self::AppConfiguration => "Azure App Configuration",
            Self::Cosmos => "Azure Cosmos DB",
            Self::HealthModels => "Azure Health Models",
            Self::Communication => "Azure Communication Services",
            Self::ConfidentialLedger => "Azure Confidential Ledger",
        }
    }

    /// Returns the word by which options name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arm => "arm",
            Self::Storage => "storage",
            Self::KeyVault => "keyvault",
            Self::AppConfiguration => "appconfig",
            Self::Cosmos => "cosmos",
            Self::HealthModels => "healthmodels",
            Self::Communication => "communication",
            Self::ConfidentialLedger => "confidentialledger",
        }
    }

    /// Finds the service that a word names.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.word().eq_ignore_ascii_case(word.trim()))
    }

    /// Returns where it is in a cloud; none where its address there is not known.
    #[must_use]
    pub const fn place(self, cloud: Cloud) -> Option<Place> {
        table::place(self, cloud)
    }

    /// Returns the delegated permissions that tools need of it, by id; none where it exposes none.
    #[must_use]
    pub const fn delegated_permissions(self) -> &'static [DelegatedPermission] {
        table::delegated_permissions(self)
    }

    /// Returns what the catalogue knows of it.
    #[must_use]
    pub fn known(self) -> Option<&'static KnownService> {
        mcp_obo::catalogue::KNOWN_SERVICES.iter().find(|known| known.name() == self.name())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Place {
    /// Returns what a token is asked for: everything that was consented to.
    #[must_use]
    pub fn target(&self) -> Target {
        Target::new(self.resource, &[".default"]).expect("the table's resources are identifier URIs")
    }

    /// Tells whether a host is one of the service's own: a name below its suffix, or the suffix itself where it has one host.
    #[must_use]
    pub fn owns(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if self.is_one_host {
            return host == self.suffix;
        }
        let Some(label) = host.strip_suffix(self.suffix).and_then(|rest| rest.strip_suffix('.')) else { return false };
        // Regional names have more than one label (`vault.region.suffix`); none of them is empty or odd.
        let is_plain =
            |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        label.split('.').all(is_plain)
    }
}
