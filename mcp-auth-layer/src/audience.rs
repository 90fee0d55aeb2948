//! For whom a token is: our exact names, and the well-known APIs that are never us.

use std::fmt;

use crate::config::ConfigError;

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
        let bare = audience.trim_end_matches('/').to_ascii_lowercase();
        let bare = bare.strip_prefix("api://").or_else(|| bare.strip_prefix("spn:")).unwrap_or(&bare);
        KNOWN.iter().find(|(name, _)| *name == bare).map(|(_, resource)| *resource)
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

/// What the audience of a token means for this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intended {
    /// One of our names stands in it, and no known resource.
    ForUs,
    /// A known resource stands in it.
    For(KnownResource),
    /// It names somebody else, or nobody.
    ForOthers,
}

/// The exact audience strings that mean this service; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Audiences(Vec<Box<str>>);

impl Audiences {
    /// Accepts the client id (v2 tokens) and `api://` + client id (v1 tokens), nothing else.
    pub(crate) fn of_client(client_id: &str) -> Self {
        Self(vec![client_id.into(), format!("api://{client_id}").into()])
    }

    pub(crate) fn add(&mut self, exact: &str) -> Result<(), ConfigError> {
        if exact.is_empty() || !exact.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::Audience { given: exact.to_owned() });
        }
        if let Some(resource) = KnownResource::of(exact) {
            return Err(ConfigError::KnownResource { given: exact.to_owned(), resource });
        }
        if !self.0.iter().any(|known| **known == *exact) {
            self.0.push(exact.into());
        }
        Ok(())
    }

    /// Judges the values of an `aud` claim.
    ///
    /// A known resource beside our own name is refused too: such a token would also be honoured there.
    pub(crate) fn judge<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> Intended {
        let mut verdict = Intended::ForOthers;
        for value in values {
            if let Some(resource) = KnownResource::of(value) {
                return Intended::For(resource);
            }
            if self.0.iter().any(|ours| **ours == *value) {
                verdict = Intended::ForUs;
            }
        }
        verdict
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn only_exact_names_are_ours() {
        let ours = Audiences::of_client(ID);
        let api = format!("api://{ID}");
        for (values, expected) in [
            (vec![ID], Intended::ForUs),
            (vec![api.as_str()], Intended::ForUs),
            (vec!["https://other.example", ID], Intended::ForUs),
            (vec![], Intended::ForOthers),
            (vec!["api://11111111-2222-3333-4444-555555555555/"], Intended::ForOthers),
            (vec!["https://evil.example/11111111-2222-3333-4444-555555555555"], Intended::ForOthers),
            (vec!["API://11111111-2222-3333-4444-555555555555"], Intended::ForOthers),
            (vec!["https://graph.microsoft.com"], Intended::For(KnownResource::Graph)),
            (vec![ID, "https://graph.microsoft.com/"], Intended::For(KnownResource::Graph)),
            (vec!["HTTPS://GRAPH.MICROSOFT.COM//"], Intended::For(KnownResource::Graph)),
            (vec!["https://management.core.windows.net/"], Intended::For(KnownResource::ResourceManager)),
        ] {
            assert_eq!(ours.judge(values.iter().copied()), expected, "{values:?}");
        }
    }

    #[test]
    fn a_known_resource_or_a_blank_cannot_be_configured() {
        let mut ours = Audiences::of_client(ID);
        for bad in ["", " ", "a b", "https://graph.microsoft.com/", "00000003-0000-0000-C000-000000000000"] {
            assert!(ours.add(bad).is_err(), "{bad:?}");
        }
        ours.add("https://mcp.contoso.example").unwrap();
        assert_eq!(ours.judge(["https://mcp.contoso.example"]), Intended::ForUs);
        assert_eq!(ours.judge(["https://mcp.contoso.example/"]), Intended::ForOthers);
    }
}
