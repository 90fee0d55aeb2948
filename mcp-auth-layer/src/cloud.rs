//! The national clouds: one value decides authority host, Graph host and v1 issuer together.

/// A Microsoft cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cloud {
    /// The public cloud, GCC included.
    #[default]
    Public,
    /// Azure Government: GCC High.
    UsGov,
    /// Azure Government for the Department of Defense.
    UsGovDod,
    /// Azure China, operated by 21Vianet.
    China,
    /// Bleu, in France.
    France,
    /// Delos, in Germany.
    Germany,
    /// The government cloud of Singapore.
    Singapore,
}

impl Cloud {
    /// Returns the default authority host, without a trailing slash.
    #[must_use]
    pub const fn authority_host(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGov | Self::UsGovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
            Self::France => "https://login.sovcloud-identity.fr",
            Self::Germany => "https://login.sovcloud-identity.de",
            Self::Singapore => "https://login.sovcloud-identity.sg",
        }
    }

    /// Returns the Microsoft Graph root, without a trailing slash; none for clouds that have not published theirs.
    #[must_use]
    pub const fn graph_host(self) -> Option<&'static str> {
        match self {
            Self::Public => Some("https://graph.microsoft.com"),
            Self::UsGov => Some("https://graph.microsoft.us"),
            Self::UsGovDod => Some("https://dod-graph.microsoft.us"),
            Self::China => Some("https://microsoftgraph.chinacloudapi.cn"),
            Self::France | Self::Germany | Self::Singapore => None,
        }
    }

    /// Returns the cloud whose sign-in host this is, aliases included.
    #[must_use]
    pub fn of_authority_host(host: &str) -> Option<Self> {
        Some(match host.to_ascii_lowercase().as_str() {
            "login.microsoftonline.com" | "login.windows.net" | "login.microsoft.com" | "sts.windows.net" => {
                Self::Public
            }
            "login.microsoftonline.us" | "login.usgovcloudapi.net" => Self::UsGov,
            "login.partner.microsoftonline.cn" | "login.chinacloudapi.cn" => Self::China,
            "login.sovcloud-identity.fr" => Self::France,
            "login.sovcloud-identity.de" => Self::Germany,
            "login.sovcloud-identity.sg" => Self::Singapore,
            _ => return None,
        })
    }

    /// Returns the issuer of v1 tokens, for authorities that have no v1 document; none where it is not documented.
    ///
    /// `tenant` is what stands in the tenant's place.
    pub(crate) fn v1_issuer(self, tenant: &str) -> Option<String> {
        let host = match self {
            Self::Public | Self::UsGov | Self::UsGovDod => "sts.windows.net",
            Self::China => "sts.chinacloudapi.cn",
            Self::France | Self::Germany | Self::Singapore => return None,
        };
        Some(format!("https://{host}/{tenant}/"))
    }
}
