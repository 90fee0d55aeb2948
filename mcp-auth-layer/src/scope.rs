//! Scopes as sets of whole names (RFC 6749 section 3.3).

use std::{collections::BTreeMap, fmt};

use crate::config::ConfigError;

/// Tells whether a scope is OpenID Connect's own (Core 1.0 sections 5.4 and 11): `openid`, `profile`, `email`, `offline_access`.
///
/// These ask for a sign-in, and for nothing of any API.
#[must_use]
pub fn is_openid(name: &str) -> bool {
    matches!(name, "openid" | "profile" | "email" | "offline_access")
}

/// A set of scope names, compared whole and case-sensitively.
///
/// Names are what stands in an access token's `scp` claim: `access_as_user`, not `api://…/access_as_user`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(
    /// Sorted, each once. A service keeps one for every caller that it knows, and most have one name in them.
    Vec<Box<str>>,
);

impl ScopeSet {
    /// Reads the value of a `scp` claim: names separated by spaces.
    #[must_use]
    pub fn from_claim(text: &str) -> Self {
        Self::from_names(text.split(' '))
    }

    /// Takes names, whole.
    pub(crate) fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        // Room for one, which most have; the set is made for every new token.
        let mut held: Vec<Box<str>> = Vec::with_capacity(1);
        held.extend(names.into_iter().filter(|name| !name.is_empty()).map(Box::from));
        held.sort_unstable();
        held.dedup();
        held.shrink_to_fit();
        Self(held)
    }

    /// Reads the scopes that a configuration requires: at least one, each well formed.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty list or a name with characters outside RFC 6749's `scope-token`.
    /// An empty requirement would let ID tokens in, which only the missing `scp` tells from access tokens.
    pub fn required<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let mut set = Self::default();
        for name in names {
            if name.is_empty() || !name.bytes().all(is_scope_byte) {
                return Err(ConfigError::Scope { given: name.to_owned() });
            }
            set.insert(name);
        }
        if set.is_empty() {
            return Err(ConfigError::Scope { given: String::new() });
        }
        Ok(set)
    }

    /// Tells whether `name` is in the set.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Tells whether every scope of `needed` is in the set.
    #[must_use]
    pub fn contains_all(&self, needed: &Self) -> bool {
        needed.iter().all(|name| self.contains(name))
    }

    /// Counts the scopes of `needed` that are not in the set.
    pub(crate) fn lacking(&self, needed: &Self) -> usize {
        needed.iter().filter(|name| !self.contains(name)).count()
    }

    pub(crate) fn extend(&mut self, more: &Self) {
        for name in more.iter() {
            self.insert(name);
        }
    }

    /// Adds a name, and tells whether it is new.
    fn insert(&mut self, name: &str) -> bool {
        self.position(name).map_err(|place| self.0.insert(place, name.into())).is_err()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|held| (**held).cmp(name))
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

/// Which broader scopes contain which narrower ones.
///
/// A token with the broader one counts as having the narrower ones too (MCP authorization 2026-07-28, "Step-Up").
///
/// # Defaults
/// No scope implies another.
#[derive(Clone, Debug, Default)]
pub struct ScopeHierarchy(BTreeMap<Box<str>, ScopeSet>);

impl ScopeHierarchy {
    /// Says that `broader` contains these narrower scopes, and whatever they contain.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for a malformed name or an empty list.
    pub fn implies<'a>(
        mut self,
        broader: &str,
        narrower: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ConfigError> {
        let narrower = ScopeSet::required(narrower)?;
        for name in ScopeSet::required([broader])?.0 {
            self.0.entry(name).or_default().extend(&narrower);
        }
        Ok(self)
    }

    /// Adds what the scopes of a set imply.
    pub(crate) fn expand(&self, mut held: ScopeSet) -> ScopeSet {
        let mut open: Vec<Box<str>> = if self.0.is_empty() { Vec::new() } else { held.0.to_vec() };
        while let Some(name) = open.pop() {
            let implied = self.0.get(&name).into_iter().flat_map(|narrower| narrower.0.iter());
            // Only what is new is looked at again, so a hierarchy that bites its tail ends too.
            open.extend(implied.filter(|name| held.insert(name)).cloned());
        }
        held
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

    #[test]
    fn a_broader_scope_brings_the_narrower_ones_and_never_the_other_way() {
        let hierarchy = ScopeHierarchy::default()
            .implies("Admin", ["Mail.ReadWrite"])
            .and_then(|all| all.implies("Mail.ReadWrite", ["Mail.Read", "Mail.Write"]))
            .and_then(|all| all.implies("Mail.Write", ["Mail.ReadWrite"]))
            .unwrap();
        for (held, expected) in [
            ("Admin", "Admin Mail.Read Mail.ReadWrite Mail.Write"),
            ("Mail.Read", "Mail.Read"),
            ("Mail.Write x", "Mail.Read Mail.ReadWrite Mail.Write x"),
            ("admin", "admin"),
            ("", ""),
        ] {
            assert_eq!(hierarchy.expand(ScopeSet::from_claim(held)).to_string(), expected, "{held}");
        }
        assert_eq!(ScopeHierarchy::default().expand(ScopeSet::from_claim("a")).to_string(), "a");
        assert!(ScopeHierarchy::default().implies("a", []).is_err());
        assert!(ScopeHierarchy::default().implies("a b", ["c"]).is_err());
    }
}
