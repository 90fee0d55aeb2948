//! By what URL clients know this authorization server, and which resource is behind it.

use mcp_auth_layer::{config::ConfigError, fetch::is_loopback};
use url::Url;

/// The origin at which this authorization server lives, byte for byte as clients compare it (RFC 8414 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issuer {
    origin: Box<str>,
    transport: Transport,
    /// The path of the resource, such as `/mcp`.
    resource: Box<str>,
}

/// How browsers reach this server; it decides what cookies can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Https,
    /// Plain http on loopback, with this port.
    Loopback(u16),
}

/// Where the answer of Entra arrives; the one redirect URI that has to be registered.
pub(super) const CALLBACK: &str = "/oauth/callback";

impl Issuer {
    /// Reads the origin and the path of the resource.
    pub(super) fn new(origin: &str, resource: &str) -> Result<Self, ConfigError> {
        let refuse = |why| ConfigError::Url { what: "issuer", given: origin.to_owned(), why };
        let url = Url::parse(origin).map_err(|_| refuse("it is not a URL"))?;
        let host = url.host_str().unwrap_or_default();
        let transport = match (url.scheme(), url.port_or_known_default()) {
            ("https", _) => Transport::Https,
            ("http", Some(port)) if is_loopback(host) => Transport::Loopback(port),
            _ => return Err(refuse("it must be https, or http on loopback")),
        };
        if url.origin().ascii_serialization() != origin {
            return Err(refuse("it must be scheme, lower-case host and port alone, without a slash at the end"));
        }
        if !resource.starts_with('/') || resource.ends_with('/') {
            return Err(refuse("the resource's path must begin with a slash and not end with one"));
        }
        Ok(Self { origin: origin.into(), transport, resource: resource.into() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.origin
    }

    pub(super) fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns the address of a path of this server.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Returns the path of the resource, for the metadata addresses that are made of it.
    pub(super) fn resource_path(&self) -> &str {
        &self.resource
    }

    /// Tells whether a resource indicator (RFC 8707) names the resource behind this server.
    ///
    /// Clients send its address or the origin, with or without a slash at the end.
    pub(super) fn is_ours(&self, resource: &str) -> bool {
        let bare = resource.strip_suffix('/').unwrap_or(resource);
        bare == &*self.origin || bare.strip_prefix(&*self.origin) == Some(&*self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_origin_and_nothing_else() {
        for (name, origin, expected) in [
            ("https", "https://mcp.contoso.com", Some(Transport::Https)),
            ("a port", "https://mcp.contoso.com:8443", Some(Transport::Https)),
            ("loopback", "http://127.0.0.1:8080", Some(Transport::Loopback(8080))),
            ("loopback by name, default port", "http://localhost", Some(Transport::Loopback(80))),
            ("plain http", "http://mcp.contoso.com", None),
            ("a slash", "https://mcp.contoso.com/", None),
            ("a path", "https://mcp.contoso.com/mcp", None),
            ("upper case", "https://MCP.contoso.com", None),
            ("a default port", "https://mcp.contoso.com:443", None),
            ("a user", "https://u@mcp.contoso.com", None),
            ("another scheme", "ftp://mcp.contoso.com", None),
            ("nothing", "", None),
        ] {
            assert_eq!(Issuer::new(origin, "/mcp").ok().map(|issuer| issuer.transport()), expected, "{name}");
        }
        assert!(Issuer::new("https://a.example", "mcp").is_err() && Issuer::new("https://a.example", "/mcp/").is_err());
    }

    #[test]
    fn the_resource_is_ours_in_the_spellings_of_clients_and_in_no_other() {
        let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
        for (resource, expected) in [
            ("https://mcp.contoso.com", true),
            ("https://mcp.contoso.com/", true),
            ("https://mcp.contoso.com/mcp", true),
            ("https://mcp.contoso.com/mcp/", true),
            ("https://mcp.contoso.com/mcp//", false),
            ("https://mcp.contoso.com//mcp", false),
            ("https://mcp.contoso.com/mcp/evil", false),
            ("https://mcp.contoso.com.evil.example/mcp", false),
            ("https://mcp.contoso.com@evil.example/mcp", false),
            ("https://MCP.contoso.com/mcp", false),
            ("http://mcp.contoso.com/mcp", false),
            ("https://mcp.contoso.com/mcp?x", false),
            ("https://mcp.contoso.com/mcp#x", false),
            ("api://11111111-2222-3333-4444-555555555555", false),
            ("", false),
        ] {
            assert_eq!(issuer.is_ours(resource), expected, "{resource}");
        }
    }
}
