//! The grammar of a host with its port, as `Host` and `:authority` carry it.

use std::net::Ipv6Addr;

/// A host with its port, in the one form in which two of them can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authority {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// One address has many spellings (RFC 5952 section 2).
    V6(Ipv6Addr),
    /// A name in lower case, or an IPv4 address, of which only the dotted decimal spelling will ever be listed.
    Name(Box<str>),
}

impl Authority {
    /// Reads `host [":" port]`, without user information, percent-encoding or trailing dot.
    pub(super) fn read(text: &str, default_port: u16) -> Option<Self> {
        // The colons of an IPv6 address stand inside its brackets.
        let host_ends = text.find(']').map_or_else(|| text.find(':').unwrap_or(text.len()), |bracket| bracket + 1);
        let (host, port) = text.split_at(host_ends);
        let port = if port.is_empty() { default_port } else { self::port(port.strip_prefix(':')?)? };
        Some(Self { host: Host::read(host)?, port })
    }
}

impl Host {
    fn read(text: &str) -> Option<Self> {
        if let Some(bracketed) = text.strip_prefix('[') {
            return bracketed.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        // No label is empty, so there is no trailing dot either: browsers take `mcp.example.` for another origin.
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let is_name = text.len() <= MAX_NAME && text.split('.').all(label);
        is_name.then(|| Self::Name(text.to_ascii_lowercase().into()))
    }
}

/// One spelling per port: no leading zero, no sign, not empty.
fn port(digits: &str) -> Option<u16> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// The longest name of the DNS, written out (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 253;
