//! What one line of the list allows.

use std::fmt;

use super::{
    EntryError, EntryFault, LoopbackHost,
    catalogue::{CONSENT_GATEWAY, COPILOT_STUDIO, Known, KnownClient},
    grammar::{self, Host, Parts, Scheme},
};

/// One rule of a redirect allowlist.
///
/// [`parse`](Self::parse) and the catalogue's names are the only ways to make one, so a rule never allows more than its type
/// says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectRule {
    /// `http` on this host, any port and path: native apps listen where they find a free port (RFC 8252 section 7.3).
    #[non_exhaustive]
    Loopback {
        /// The one spelling that is allowed.
        host: LoopbackHost,
    },
    /// This URI, byte for byte.
    #[non_exhaustive]
    Exact(String),
    /// The Power Platform's consent gateway and exactly one segment of letters, digits and hyphens.
    ///
    /// The one `https` rule that is not exact, because Copilot Studio and Foundry make the segment themselves, another for
    /// each connector. **Anybody** can make a connector there, so this rule proves nothing about who receives the code: ask
    /// the user for consent on every sign-in, naming the client.
    CopilotStudio,
}

impl RedirectRule {
    /// Reads an entry of a configuration.
    ///
    /// `http://` and a loopback host, without port, path and query, is any port and path of that host; anything else is an
    /// exact URI: `https` with its path, or `http` on loopback with its port and path. Names of the catalogue, which is also
    /// the only way to [`CopilotStudio`](Self::CopilotStudio), belong into a [list](super::RedirectAllowlist::parse_list).
    ///
    /// # Errors
    /// [`EntryError`], which says what to write instead.
    pub fn parse(entry: &str) -> Result<Self, EntryError> {
        Self::read(entry).map_err(|fault| EntryError::new(entry, fault))
    }

    fn read(entry: &str) -> Result<Self, EntryFault> {
        if let Some(host) = entry.strip_prefix("http://").and_then(LoopbackHost::spelt) {
            return Ok(Self::Loopback { host });
        }
        if entry.is_empty() {
            return Err(EntryFault::Empty);
        }
        if entry.contains('*') {
            return Err(EntryFault::Wildcard);
        }
        if !entry.contains(':') {
            return Err(EntryFault::UnknownName);
        }
        match grammar::read(entry).map_err(EntryFault::Uri)? {
            Parts { scheme: Scheme::Cursor, .. } => Err(EntryFault::PrivateScheme),
            Parts { scheme: Scheme::Http, host: Host::Name(_), .. } => Err(EntryFault::PlainHttp),
            Parts { scheme: Scheme::Http, host: Host::Loopback(host), port, path, .. }
                if port.is_none() || path.is_empty() =>
            {
                Err(EntryFault::HalfLoopback { host })
            }
            Parts { path: "", .. } => Err(EntryFault::NoPath),
            Parts { .. } => Ok(Self::Exact(entry.to_owned())),
        }
    }

    /// Makes the rules behind a name of the catalogue.
    pub(super) fn named(known: KnownClient) -> impl Iterator<Item = Self> {
        known.allows().iter().map(|known| match known {
            Known::Loopback(host) => Self::Loopback { host: *host },
            Known::Exact(uri) => Self::Exact((*uri).to_owned()),
            Known::CopilotStudio => Self::CopilotStudio,
        })
    }

    /// Says whether the rule allows a URI, given as its bytes and the parts that were read from them.
    pub(super) fn allows(&self, text: &str, parts: &Parts<'_>) -> bool {
        match self {
            Self::Loopback { host } => parts.scheme == Scheme::Http && parts.host == Host::Loopback(*host),
            Self::Exact(uri) => uri == text,
            Self::CopilotStudio => text.strip_prefix(CONSENT_GATEWAY).is_some_and(is_connector),
        }
    }
}

/// Writes the rule as an entry of a configuration.
impl fmt::Display for RedirectRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback { host } => write!(f, "http://{host}"),
            Self::Exact(uri) => f.write_str(uri),
            Self::CopilotStudio => f.write_str(COPILOT_STUDIO),
        }
    }
}

/// Says whether a text is one segment as the consent gateway makes them.
fn is_connector(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
