//! Scopes as sets of whole names (RFC 6749 section 3.3).

use std::{collections::BTreeSet, fmt};

use crate::config::ConfigError;

/// A set of scope names, compared whole and case-sensitively.
///
/// Names are what stands in an access token's `scp` claim: `access_as_user`, not `api://…/access_as_user`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(BTreeSet<Box<str>>);

impl ScopeSet {
    /// Reads the value of a `scp` claim: names separated by spaces.
    #[must_use]
    pub fn from_claim(text: &str) -> Self {
        Self(text.split(' ').filter(|name| !name.is_empty()).map(Box::from).collect())
    }

    /// Reads the scopes that a configuration requires: at least one, each well formed.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty list or a name with characters outside RFC 6749's `scope-token`.
    /// An empty requirement would let ID tokens in, which only the missing `scp` tells from access tokens.
    pub fn required<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let mut set = BTreeSet::new();
        for name in names {
            if name.is_empty() || !name.bytes().all(is_scope_byte) {
                return Err(ConfigError::Scope { given: name.to_owned() });
            }
            set.insert(Box::from(name));
        }
        if set.is_empty() {
            return Err(ConfigError::Scope { given: String::new() });
        }
        Ok(Self(set))
    }

    /// Tells whether `name` is in the set.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Tells whether every scope of `needed` is in the set.
    #[must_use]
    pub fn contains_all(&self, needed: &Self) -> bool {
        needed.0.is_subset(&self.0)
    }

    /// Tells whether the set has no scope.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Prints the names with single spaces between them, as `scope` parameters carry them.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// RFC 6749 appendix A.4: `NQCHAR`, printable ASCII without space, quote and backslash.
fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_split_on_spaces_and_compared_whole() {
        let held = ScopeSet::from_claim("access_as_user  Mail.Read");
        for (name, expected) in [
            ("access_as_user", true),
            ("Mail.Read", true),
            ("access_as", false),
            ("access_as_user2", false),
            ("ACCESS_AS_USER", false),
            ("", false),
        ] {
            assert_eq!(held.contains(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_requirement_is_never_empty_and_well_formed() {
        for bad in [&[][..], &[""], &["a", ""], &["a b"], &["a\"b"], &["a\\b"], &["ä"], &["a\n"]] {
            assert!(ScopeSet::required(bad.iter().copied()).is_err(), "{bad:?}");
        }
        let set = ScopeSet::required(["b", "a", "b"]).unwrap();
        assert_eq!(set.to_string(), "a b");
        assert!(!ScopeSet::default().contains_all(&set));
    }
}
