//! Which service a host name of the public cloud belongs to.

use super::Kind;

/// One host of the cloud; those of a customer's resource with the resource's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    Entra,
    Graph,
    Management,
    Blob(String),
    Vault(String),
    AppConfiguration(String),
    Cosmos(String),
    HealthModels(String),
    Communication(String),
    Ledger(String),
    LedgerIdentity,
}

/// The hosts that are Microsoft's own.
const HOSTS: [(&str, Site); 5] = [
    (Site::LOGIN, Site::Entra),
    (Site::LOGINS[1], Site::Entra),
    ("graph.microsoft.com", Site::Graph),
    ("management.azure.com", Site::Management),
    ("identity.confidential-ledger.core.azure.com", Site::LedgerIdentity),
];

/// Makes the site of a resource's name.
type OfName = fn(String) -> Site;

/// The suffixes under which customers' resources have hosts.
const SUFFIXES: [(&str, OfName); 7] = [
    (".blob.core.windows.net", Site::Blob),
    (".vault.azure.net", Site::Vault),
    (".azconfig.io", Site::AppConfiguration),
    (".documents.azure.com", Site::Cosmos),
    (".healthmodels.azure.com", Site::HealthModels),
    (".communication.azure.com", Site::Communication),
    (".confidential-ledger.azure.com", Site::Ledger),
];

impl Site {
    /// The host by which Entra names itself, however it was reached.
    pub(crate) const LOGIN: &str = "login.microsoftonline.com";
    /// All of Entra's hosts.
    pub(crate) const LOGINS: [&str; 2] = [Self::LOGIN, "login.windows.net"];

    /// Returns the kind and the host's own label of a customer's resource; none for Microsoft's own hosts.
    pub(crate) fn resource(&self) -> Option<(Kind, &str)> {
        Some(match self {
            Self::Blob(name) => (Kind::StorageAccount, name),
            Self::Vault(name) => (Kind::Vault, name),
            Self::AppConfiguration(name) => (Kind::ConfigurationStore, name),
            Self::Cosmos(name) => (Kind::CosmosAccount, name),
            Self::HealthModels(name) => (Kind::HealthModel, name),
            Self::Communication(name) => (Kind::CommunicationService, name),
            Self::Ledger(name) => (Kind::Ledger, name),
            Self::Entra | Self::Graph | Self::Management | Self::LedgerIdentity => return None,
        })
    }

    /// Finds the service of a host; none for a host that is not the cloud's.
    pub(crate) fn of(host: &str) -> Option<Self> {
        let host = host.to_ascii_lowercase();
        if let Some((_, site)) = HOSTS.into_iter().find(|(name, _)| *name == host) {
            return Some(site);
        }
        SUFFIXES.iter().find_map(|(suffix, site)| {
            let name = host.strip_suffix(suffix)?;
            let good = !name.is_empty() && name.split('.').all(is_label);
            good.then(|| site(name.to_owned()))
        })
    }
}

/// Tells whether this can stand between two dots of a host name (RFC 1123 section 2.1).
fn is_label(label: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=63).contains(&label.len()) && label.chars().all(good) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_cloud_s_by_its_whole_name_or_suffix() {
        for (host, site) in [
            ("login.microsoftonline.com", Some(Site::Entra)),
            ("LOGIN.windows.net", Some(Site::Entra)),
            ("management.azure.com", Some(Site::Management)),
            ("one.blob.core.windows.net", Some(Site::Blob("one".to_owned()))),
            ("mine.unitedstates.communication.azure.com", Some(Site::Communication("mine.unitedstates".to_owned()))),
            ("identity.confidential-ledger.core.azure.com", Some(Site::LedgerIdentity)),
            (".vault.azure.net", None),
            ("vault.azure.net", None),
            ("evil.example", None),
            ("one.vault.azure.net.evil.example", None),
            ("evilvault.azure.net", None),
            ("-one.vault.azure.net", None),
            ("a..b.vault.azure.net", None),
            ("management.azure.com.", None),
        ] {
            assert_eq!(Site::of(host), site, "{host}");
        }
    }
}
