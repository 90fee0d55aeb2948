//! Where verification keys come from.

mod fixed;
mod jwk;
mod key;
mod limits;
mod remote;
mod roca;
mod small_order;
mod source;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

pub(crate) use self::key::Unnamed;
pub use self::{fixed::FixedKeys, key::VerifyingKey, limits::KeyLimits, remote::RemoteKeys};
use crate::{
    algorithm::Algorithm,
    authority::{BoxFuture, Unavailable},
};

/// Gives the key that a token names.
///
/// `find` is synchronous so that the usual case, a known key, costs no allocation; only an unknown key may have to wait.
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// Looks a key up.
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup;

    /// Tells whether tokens can be judged now.
    fn readiness(&self) -> Readiness;

    /// Loads the keys if there are none to use, waiting a short time.
    fn warm(&self) -> BoxFuture<'static, Readiness>;

    /// Returns a number that changes whenever a key has left the set or was exchanged; none while there is no set to use.
    ///
    /// A cached verdict is used only under the number that it was made under. This is asked for every request, `find` only
    /// for new tokens, so a set that must be refreshed from time to time is refreshed from here too.
    fn generation(&self) -> Option<u64>;
}

/// Which key a token asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHint<'a> {
    /// The header's `kid`; without one only a source that has just one key by itself can tell which key is meant.
    pub kid: Option<&'a str>,
    /// The algorithm, which the issuer's policy allows.
    pub algorithm: Algorithm,
}

/// What a key source says at once.
#[non_exhaustive]
pub enum Lookup {
    /// The key.
    Found(Arc<VerifyingKey>),
    /// There is no such key, as far as is known from a recent answer.
    Unknown,
    /// The keys cannot be had now.
    Unavailable(Unavailable),
    /// A fetch runs; it may bring the key.
    Wait(BoxFuture<'static, Result<Arc<VerifyingKey>, KeyError>>),
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found(_) => "Found(..)",
            Self::Unknown => "Unknown",
            Self::Unavailable(_) => "Unavailable(..)",
            Self::Wait(_) => "Wait(..)",
        })
    }
}

/// Why a key that was waited for did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The issuer answered, and has no such key.
    #[error("the issuer has no such key")]
    Unknown,
    /// The issuer did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Whether tokens can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// Keys are loaded and fresh enough.
    Ready,
    /// No keys were loaded since the start.
    NotLoaded,
    /// The keys are older than outages may last.
    TooOld,
}

impl Readiness {
    /// Returns the worse of two.
    pub(crate) const fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotLoaded, _) | (_, Self::NotLoaded) => Self::NotLoaded,
            (Self::TooOld, _) | (_, Self::TooOld) => Self::TooOld,
            (Self::Ready, Self::Ready) => Self::Ready,
        }
    }

    /// Returns a stable word for probes: `ready`, `keys_not_loaded` or `keys_too_old`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotLoaded => "keys_not_loaded",
            Self::TooOld => "keys_too_old",
        }
    }
}
