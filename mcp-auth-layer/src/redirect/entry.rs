//! What is wrong with an entry of the configured list, and what to write instead.

use std::fmt;

use super::{LoopbackHost, RedirectErrorKind, catalogue::CATALOGUE};

/// An entry that is no rule.
///
/// The text repeats the entry, which the operator wrote, escaped; but not what stands before an `@`, which may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redirect entry {shown:?}: {fault}")]
pub struct EntryError {
    shown: String,
    fault: EntryFault,
}

impl EntryError {
    pub(super) fn new(entry: &str, fault: EntryFault) -> Self {
        let shown = entry.rsplit_once('@').map_or_else(|| entry.to_owned(), |(_, rest)| format!("…@{rest}"));
        Self { shown, fault }
    }

    /// Returns what is wrong.
    #[must_use]
    pub const fn fault(&self) -> EntryFault {
        self.fault
    }
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryFault {
    /// There is nothing between two commas, or nothing at all.
    Empty,
    /// It is neither a URI nor a name of the catalogue.
    UnknownName,
    /// `none` stands beside other entries.
    NoneBesideOthers,
    /// It holds `*`.
    Wildcard,
    /// It is `http` on a host that is not this machine.
    PlainHttp,
    /// It is a loopback host with a port but no path, or a path but no port.
    HalfLoopback {
        /// The host.
        host: LoopbackHost,
    },
    /// It is `https` without a path.
    NoPath,
    /// Its scheme belongs to an app.
    PrivateScheme,
    /// It breaks the grammar that every redirect URI must follow.
    Uri(RedirectErrorKind),
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty; remove the comma, or write `none` for an empty list"),
            Self::UnknownName => {
                f.write_str("it is neither a URI nor a known name; write ")?;
                CATALOGUE.iter().try_for_each(|known| write!(f, "`{}`, ", known.name()))?;
                f.write_str("or a whole URI")
            }
            Self::NoneBesideOthers => f.write_str("`none` is the empty list; write it alone, or leave it out"),
            Self::Wildcard => f.write_str("there are no wildcards; write each URI in full"),
            Self::PlainHttp => {
                f.write_str("http would send the code in clear text; write https, or http with a loopback host")
            }
            Self::HalfLoopback { host } => write!(
                f,
                "write http://{host} for any port and path, or the exact URI with port and path, \
                 as http://{host}:8400/callback"
            ),
            Self::NoPath => f.write_str("nothing is a prefix; write the exact URI with its path"),
            Self::PrivateScheme => f.write_str("an app's own scheme is allowed by its name alone; write `cursor`"),
            Self::Uri(kind) => f.write_str(advice(*kind)),
        }
    }
}

const fn advice(kind: RedirectErrorKind) -> &'static str {
    match kind {
        RedirectErrorKind::TooLong => "write a URI of at most 512 bytes",
        RedirectErrorKind::Byte => {
            "leave out spaces, control characters, backslashes, quotes and everything beyond ASCII"
        }
        RedirectErrorKind::Scheme => "write https:// or, with a loopback host, http://, in lower case",
        RedirectErrorKind::Userinfo => "leave out the user information, and any other @",
        RedirectErrorKind::Fragment => "leave out the fragment (RFC 6749 section 3.1.2)",
        RedirectErrorKind::Host => {
            "write the host as a lower-case DNS name without a trailing dot, or as 127.0.0.1, localhost or [::1]"
        }
        RedirectErrorKind::Port => "write the port as a plain number from 1 to 65535",
        RedirectErrorKind::Path => "use letters, digits, - . _ ~ + = : , and single slashes in the path",
        RedirectErrorKind::DotSegment => "write the path without . and .. segments",
        RedirectErrorKind::Query => "write a path before the query, and letters, digits, - . _ ~ + = : , / ? & in it",
        RedirectErrorKind::Percent => {
            "encode neither delimiters nor control characters, and write two digits after each %"
        }
        RedirectErrorKind::ResponseParameter => "leave out the parameters that the authorization response adds",
        RedirectErrorKind::Disagreement => "browsers read this URI in another way than it is written; write it plainly",
        // These belong to requests; the match stays whole so that a new kind is not forgotten.
        RedirectErrorKind::Missing | RedirectErrorKind::Repeated | RedirectErrorKind::NotListed => {
            "write one whole URI"
        }
    }
}

/// All entries of a list that are no rules.
///
/// The text holds all of them, because no single one is the source of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryErrors(Vec<EntryError>);

impl EntryErrors {
    pub(super) const fn new(errors: Vec<EntryError>) -> Self {
        Self(errors)
    }

    /// Walks through the entries, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &EntryError> {
        self.0.iter()
    }
}

impl fmt::Display for EntryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.0.iter().try_for_each(|error| write!(f, "{}{error}", std::mem::replace(&mut separator, "; ")))
    }
}

impl std::error::Error for EntryErrors {}
