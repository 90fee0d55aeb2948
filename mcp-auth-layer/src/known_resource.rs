//! The well-known APIs whose tokens are never meant for us.

use std::fmt;

/// A Microsoft API whose tokens callers present by mistake, or to misuse this service.
///
/// Forwarding such a token would make this service a confused deputy; it is refused by name, so that the reason is plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownResource {
    /// Microsoft Graph, all clouds.
    Graph,
    /// Azure AD Graph, retired.
    AzureAdGraph,
    /// Azure Resource Manager, all clouds.
    ResourceManager,
    /// Azure Key Vault.
    KeyVault,
    /// Azure Storage.
    Storage,
    /// Office 365 Exchange Online.
    Exchange,
    /// Office 365 SharePoint Online, by its application id.
    SharePoint,
}

/// Audience strings without their trailing slash, in lower case.
const KNOWN: &[(&str, KnownResource)] = &[
    ("https://graph.microsoft.com", KnownResource::Graph),
    ("https://graph.microsoft.us", KnownResource::Graph),
    ("https://dod-graph.microsoft.us", KnownResource::Graph),
    ("https://microsoftgraph.chinacloudapi.cn", KnownResource::Graph),
    ("00000003-0000-0000-c000-000000000000", KnownResource::Graph),
    ("https://graph.windows.net", KnownResource::AzureAdGraph),
    ("00000002-0000-0000-c000-000000000000", KnownResource::AzureAdGraph),
    ("https://management.azure.com", KnownResource::ResourceManager),
    ("https://management.core.windows.net", KnownResource::ResourceManager),
    ("https://management.usgovcloudapi.net", KnownResource::ResourceManager),
    ("https://management.core.usgovcloudapi.net", KnownResource::ResourceManager),
    ("https://management.chinacloudapi.cn", KnownResource::ResourceManager),
    ("https://management.core.chinacloudapi.cn", KnownResource::ResourceManager),
    ("797f4846-ba00-4fd7-ba43-dac1f8f63013", KnownResource::ResourceManager),
    ("https://vault.azure.net", KnownResource::KeyVault),
    ("https://vault.usgovcloudapi.net", KnownResource::KeyVault),
    ("https://vault.azure.cn", KnownResource::KeyVault),
    ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", KnownResource::KeyVault),
    ("https://storage.azure.com", KnownResource::Storage),
    ("e406a681-f3d4-42a8-90b6-c2b029497af1", KnownResource::Storage),
    ("https://outlook.office365.com", KnownResource::Exchange),
    ("https://outlook.office.com", KnownResource::Exchange),
    ("00000002-0000-0ff1-ce00-000000000000", KnownResource::Exchange),
    ("00000003-0000-0ff1-ce00-000000000000", KnownResource::SharePoint),
];

impl KnownResource {
    /// Recognises an audience string, with or without trailing slashes, in any case.
    ///
    /// Looser than our own comparison on purpose: this list refuses, so a near miss must count.
    #[must_use]
    pub fn of(audience: &str) -> Option<Self> {
        let audience = audience.trim_end_matches('/');
        let without = |prefix: &str| {
            let (before, rest) = audience.split_at_checked(prefix.len())?;
            before.eq_ignore_ascii_case(prefix).then_some(rest)
        };
        let bare = without("api://").or_else(|| without("spn:")).unwrap_or(audience);
        KNOWN.iter().find(|(name, _)| name.eq_ignore_ascii_case(bare)).map(|(_, resource)| *resource)
    }
}

impl fmt::Display for KnownResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Graph => "Microsoft Graph",
            Self::AzureAdGraph => "Azure AD Graph",
            Self::ResourceManager => "Azure Resource Manager",
            Self::KeyVault => "Azure Key Vault",
            Self::Storage => "Azure Storage",
            Self::Exchange => "Exchange Online",
            Self::SharePoint => "SharePoint Online",
        })
    }
}
