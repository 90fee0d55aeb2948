//! The names of this machine.

use std::fmt;

/// A host that means the machine of whoever reads it.
///
/// The three spellings are different hosts: which of them the operator listed decides, not what they resolve to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoopbackHost {
    /// `127.0.0.1`, and no other address of that network.
    V4,
    /// `[::1]`
    V6,
    /// `localhost`
    Localhost,
}

impl LoopbackHost {
    pub(crate) const ALL: [Self; 3] = [Self::V4, Self::Localhost, Self::V6];

    /// Returns the one spelling that counts, as it stands in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1",
            Self::V6 => "[::1]",
            Self::Localhost => "localhost",
        }
    }

    /// Finds the host with exactly this spelling.
    pub(crate) fn spelt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|host| host.as_str() == text)
    }
}

impl fmt::Display for LoopbackHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
