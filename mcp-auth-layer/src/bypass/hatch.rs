//! The hatches, and the word that opens one.

use std::fmt;

/// A way around a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hatch {
    /// A request without a credential passes, as nobody.
    NoAuthentication,
    /// A tool takes the downstream token as an argument.
    TokenArgument,
    /// The configuration holds a downstream token for calls that have no user.
    StaticToken,
    /// A token of another API passes, as nobody, to be sent to that API.
    ForeignBearer,
}

impl Hatch {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 4] = [Self::NoAuthentication, Self::TokenArgument, Self::StaticToken, Self::ForeignBearer];

    /// Returns its name in logs and in the response's mark.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAuthentication => "no-authentication",
            Self::TokenArgument => "token-argument",
            Self::StaticToken => "static-token",
            Self::ForeignBearer => "foreign-bearer",
        }
    }
}

impl fmt::Display for Hatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the operator asked for a hatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OptIn {
    /// Not asked for.
    #[default]
    No,
    /// Asked for, by the one literal that does.
    Yes,
}

impl OptIn {
    /// Reads a setting: exactly `true` is yes.
    ///
    /// Unset, blank or exactly `false` is no.
    ///
    /// # Errors
    /// [`OptInError`] for anything else. Guessing what `True` or `1` was meant to say is how hatches open by accident, and
    /// how an operator comes to believe that one is open that is not.
    pub fn parse(value: Option<&str>) -> Result<Self, OptInError> {
        match value {
            Some("true") => Ok(Self::Yes),
            None | Some("false") => Ok(Self::No),
            Some(blank) if blank.trim().is_empty() => Ok(Self::No),
            Some(_) => Err(OptInError::NotALiteral),
        }
    }
}

/// Why a setting is no opt-in.
///
/// The value is not repeated: a token pasted into the wrong variable must not reach the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptInError {
    /// It is neither of the two literals.
    #[error("the value is neither exactly `true` nor exactly `false`")]
    NotALiteral,
}
