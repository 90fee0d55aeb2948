//! The national clouds: one value decides authority host, Graph host and v1 issuer together.

use crate::tenant::TenantId;

/// A Microsoft cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cloud {
    /// The public cloud, GCC included.
    #[default]
    Public,
    /// Azure Government: GCC High.
    UsGov,
    /// Azure China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// Returns the default authority host, without a trailing slash.
    #[must_use]
    pub const fn authority_host(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGov => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }

    /// Returns the Microsoft Graph root, without a trailing slash.
    #[must_use]
    pub const fn graph_host(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
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
            _ => return None,
        })
    }

    /// Returns the issuer of v1 tokens, for authorities that have no v1 document.
    pub(crate) fn v1_issuer(self, tenant: &TenantId) -> String {
        let host = match self {
            Self::Public | Self::UsGov => "sts.windows.net",
            Self::China => "sts.chinacloudapi.cn",
        };
        format!("https://{host}/{tenant}/")
    }
}
