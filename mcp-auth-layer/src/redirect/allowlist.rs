//! The list, and the proof that it allowed a URI.

use std::{fmt, sync::Arc};

use super::{
    EntryError, EntryErrors, EntryFault, KnownClient, RedirectError, RedirectErrorKind, RedirectRule,
    catalogue::{CATALOGUE, DEFAULT},
    grammar,
};

/// The redirect URIs that authorization codes may be sent to.
///
/// # Defaults
/// `http` on `127.0.0.1`, `localhost` and `[::1]` with any port and path, and exactly the redirect URI of Microsoft Teams.
#[derive(Clone, Debug)]
pub struct RedirectAllowlist(Arc<[RedirectRule]>);

impl RedirectAllowlist {
    /// Makes a list of these rules; without any it allows nothing.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = RedirectRule>) -> Self {
        let mut distinct: Vec<RedirectRule> = Vec::new();
        for rule in rules {
            if !distinct.contains(&rule) {
                distinct.push(rule);
            }
        }
        Self(distinct.into())
    }

    /// Reads a comma list of entries and catalogue names.
    ///
    /// It replaces the default. Spaces around entries are ignored. The names stand in the [catalogue](super#catalogue); `none`
    /// alone is the list that allows nothing; a blank text is an error, because it does not say whether nothing or the default
    /// is meant.
    ///
    /// # Errors
    /// [`EntryErrors`] with every entry that is no rule.
    pub fn parse_list(list: &str) -> Result<Self, EntryErrors> {
        if list.trim() == "none" {
            return Ok(Self::new([]));
        }
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        for entry in list.split(',').map(str::trim) {
            match (entry, KnownClient::find(entry)) {
                ("none", _) => errors.push(EntryError::new(entry, EntryFault::NoneBesideOthers)),
                (_, Some(named)) => rules.extend(RedirectRule::named(named)),
                (_, None) => match RedirectRule::parse(entry) {
                    Ok(rule) => rules.push(rule),
                    Err(error) => errors.push(error),
                },
            }
        }
        if errors.is_empty() { Ok(Self::new(rules)) } else { Err(EntryErrors::new(errors)) }
    }

    /// Judges a URI, given as the bytes that will be sent.
    ///
    /// # Errors
    /// [`RedirectError`] for whatever breaks the grammar or is not listed.
    pub fn check(&self, candidate: &str) -> Result<AllowedRedirect, RedirectError> {
        let parts = grammar::read(candidate)?;
        if self.0.iter().any(|rule| rule.allows(candidate, &parts)) {
            Ok(AllowedRedirect(candidate.into()))
        } else {
            Err(RedirectErrorKind::NotListed.into())
        }
    }

    /// Returns the known clients, whose names [`parse_list`](Self::parse_list) understands.
    #[must_use]
    pub const fn catalogue() -> &'static [KnownClient] {
        const { &CATALOGUE }
    }

    /// Returns the rules, for start-up lines and diagnosis.
    #[must_use]
    pub fn rules(&self) -> &[RedirectRule] {
        &self.0
    }
}

impl Default for RedirectAllowlist {
    fn default() -> Self {
        Self::new(RedirectRule::named(DEFAULT))
    }
}

/// A redirect URI that a list allowed: exactly the bytes that were judged.
///
/// Only [`RedirectAllowlist::check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllowedRedirect(Arc<str>);

impl AllowedRedirect {
    /// Returns the bytes to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AllowedRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
