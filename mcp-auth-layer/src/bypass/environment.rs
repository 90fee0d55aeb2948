//! Where the program runs, as far as hatches care.

use std::net::IpAddr;

use url::{Host, Url};

/// What kind of installation this is.
///
/// # Defaults
/// Production: whatever is not exactly development is production, so a typing error closes hatches and opens none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// Real users or real data.
    #[default]
    Production,
    /// A developer's machine.
    Development,
}

impl Environment {
    /// Reads a name: exactly `development` is development.
    ///
    /// There is no trimming and no folding of case; no name at all is production.
    #[must_use]
    pub fn from_name(name: Option<&str>) -> Self {
        match name {
            Some("development") => Self::Development,
            _ => Self::Production,
        }
    }

    /// Reads the two variables that may name it, `MCP_ENV` and `NODE_ENV`.
    ///
    /// A blank one counts as unset. Two that differ are production: one of them was forgotten, and nobody knows which.
    #[must_use]
    pub fn from_names(mcp_env: Option<&str>, node_env: Option<&str>) -> Self {
        match (not_blank(mcp_env), not_blank(node_env)) {
            (Some(one), Some(other)) if one != other => Self::Production,
            (one, other) => Self::from_name(one.or(other)),
        }
    }
}

fn not_blank(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.trim().is_empty())
}

/// Who can reach the service.
///
/// # Defaults
/// Reachable, the cautious answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exposure {
    /// Programs on this machine alone.
    Loopback,
    /// Others too.
    #[default]
    Reachable,
}

impl Exposure {
    /// Decides from the listener's address and, if there is one, the public base URL.
    ///
    /// Both must be loopback: a public URL in front of a loopback listener means a tunnel or a proxy. A URL that cannot be
    /// read is not loopback.
    #[must_use]
    pub fn of(listener: IpAddr, public_base_url: Option<&str>) -> Self {
        let public = public_base_url.is_some_and(|url| !is_loopback(url));
        if listener.is_loopback() && !public { Self::Loopback } else { Self::Reachable }
    }
}

fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
