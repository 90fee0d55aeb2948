//! Hosts that a server has to reach.

use mcp_auth_layer::cloud::Cloud;
use url::Url;

/// Why a host has to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// The server does not work without it.
    Server,
    /// The guide names it, for the tools around the server such as `az`; the server itself can do without.
    Guide,
}

/// A host that is to be reached, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    /// What for, in words.
    pub purpose: String,
    /// Whether the server can do without.
    pub need: Need,
}

impl Endpoint {
    /// Takes scheme, host and port of a URL; none where that is no http address.
    #[must_use]
    pub fn new(url: &str, purpose: impl Into<String>, need: Need) -> Option<Self> {
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let url = Url::parse(&url.origin().ascii_serialization()).ok()?;
        Some(Self { url, purpose: purpose.into(), need })
    }

    /// Returns what the guide says has to be reachable for signing in to this cloud.
    #[must_use]
    pub fn of_guide(cloud: Cloud) -> Vec<Self> {
        let (alias, management) = match cloud {
            Cloud::Public => (Some("https://login.windows.net"), Some("https://management.azure.com")),
            Cloud::UsGov | Cloud::UsGovDod => (None, Some("https://management.usgovcloudapi.net")),
            Cloud::China => (Some("https://login.chinacloudapi.cn"), Some("https://management.chinacloudapi.cn")),
            _ => (None, None),
        };
        [
            (Some(cloud.authority_host()), "sign-in"),
            (alias, "sign-in, by its old name"),
            (management, "Azure Resource Manager"),
            (cloud.graph_host(), "Microsoft Graph"),
        ]
        .into_iter()
        .filter_map(|(url, purpose)| Self::new(url?, purpose, Need::Guide))
        .collect()
    }

    /// Returns scheme, host and port.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(host)
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns host and port, the port only where it is not the usual one.
    pub(super) fn label(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }
}

/// Puts two lists together; a host that is in both is needed as much as either says.
pub(super) fn merge(mut all: Vec<Endpoint>, more: impl IntoIterator<Item = Endpoint>) -> Vec<Endpoint> {
    for one in more {
        match all.iter_mut().find(|known| known.url == one.url) {
            Some(known) if known.need == Need::Guide && one.need == Need::Server => *known = one,
            Some(_) => {}
            None => all.push(one),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_hosts_are_those_of_the_cloud() {
        let hosts = |cloud| Endpoint::of_guide(cloud).iter().map(Endpoint::label).collect::<Vec<_>>();
        assert_eq!(
            hosts(Cloud::Public),
            ["login.microsoftonline.com", "login.windows.net", "management.azure.com", "graph.microsoft.com"]
        );
        assert_eq!(
            hosts(Cloud::UsGov),
            ["login.microsoftonline.us", "management.usgovcloudapi.net", "graph.microsoft.us"]
        );
        assert_eq!(hosts(Cloud::France), ["login.sovcloud-identity.fr"]);
    }

    #[test]
    fn a_host_stands_once_and_is_needed_as_much_as_anybody_says() {
        let own = Endpoint::new("https://graph.microsoft.com/v1.0", "the tool", Need::Server).unwrap();
        let all = merge(Endpoint::of_guide(Cloud::Public), [own]);
        assert_eq!(all.len(), 4);
        let graph = all.iter().find(|one| one.host() == "graph.microsoft.com").unwrap();
        assert_eq!((graph.need, &*graph.purpose), (Need::Server, "the tool"));
        assert_eq!(Endpoint::new("ftp://a.example", "x", Need::Server), None);
    }
}
