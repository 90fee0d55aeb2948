//! Which URLs may be the id of a client.

use std::sync::Arc;

use mcp_auth_layer::config::ConfigError;
use url::{Host, Url};

use super::DocumentFault;

const MAX_BYTES: usize = 512;

/// The hosts that the operator trusts to speak for their clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentHosts(Arc<[Box<str>]>);

/// The URL of a document, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Address(Url);

impl DocumentHosts {
    /// Takes names of hosts, each of which stands for itself and not for its subdomains.
    ///
    /// # Errors
    /// [`ConfigError`] for what is no whole DNS name.
    pub fn new<'a>(hosts: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let name = |host: &'a str| {
            let refuse = |why| ConfigError::Url { what: "host of client documents", given: host.to_owned(), why };
            match Host::parse(host) {
                Ok(Host::Domain(name)) if name == host && is_qualified(host) => Ok(host.into()),
                _ => Err(refuse("write the host alone, a lower-case DNS name such as vscode.dev")),
            }
        };
        Ok(Self(hosts.into_iter().map(name).collect::<Result<_, _>>()?))
    }

    /// Returns the names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    fn has(&self, host: &str) -> bool {
        self.0.iter().any(|known| **known == *host)
    }
}

/// One label would be looked for in this machine's own domain.
fn is_qualified(host: &str) -> bool {
    host.contains('.') && !host.contains('*') && host.split('.').all(|label| !label.is_empty())
}

impl Address {
    /// Reads a client's id by the rules of the draft on client-id metadata documents, and stricter: no port, no query.
    ///
    /// What the parser reads must be what was given, byte for byte, so that there is nothing left to normalise: no dot segments,
    /// no default port, no upper-case host.
    pub(super) fn read(id: &str, hosts: &DocumentHosts) -> Result<Self, DocumentFault> {
        let url = Url::parse(id).ok().filter(|url| id.len() <= MAX_BYTES && url.as_str() == id);
        let is_plain = |url: &Url| {
            url.scheme() == "https"
                && matches!(url.host(), Some(Host::Domain(_)))
                && url.port().is_none()
                && url.path().len() > 1
                && !id.contains(['@', '?', '#', '\\', '%'])
        };
        let url = url.filter(is_plain).ok_or(DocumentFault::Address)?;
        if url.host_str().is_some_and(|host| hosts.has(host)) { Ok(Self(url)) } else { Err(DocumentFault::Host) }
    }

    pub(in crate::proxy) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}
