//! Where verification keys come from.

mod fixed;
mod jwk;
mod remote;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::signature::ParsedPublicKey;

pub use self::{fixed::FixedKeys, remote::RemoteKeys};
use crate::{
    authority::{BoxFuture, Unavailable},
    claims::Claims,
    reject::TokenFault,
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
    /// The header's `kid`.
    pub kid: &'a str,
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

/// A public key, parsed once, with the rules that came with it.
pub struct VerifyingKey {
    key: ParsedPublicKey,
    issuer: KeyIssuer,
}

/// Whose tokens a key may sign: Entra's per-key `issuer` member.
#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyIssuer {
    /// The document says nothing; within one tenant's own document every key is the tenant's.
    Unrestricted,
    /// The issuer, with `{tenantid}` standing for any tenant.
    Named(Box<str>),
}

impl VerifyingKey {
    /// Tells whether this is the same key under the same rules.
    fn is(&self, other: &Self) -> bool {
        self.key.as_ref() == other.key.as_ref() && self.issuer == other.issuer
    }

    /// Checks a signature over `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenFault> {
        self.key.verify_sig(message, signature).map_err(|_| TokenFault::Signature)
    }

    /// Checks that the key may sign for the issuer of these claims.
    ///
    /// `issuer_v2` is the v2 name of the token's issuer: keys carry v2 names, and sign v1 tokens too.
    pub(crate) fn check_issuer(&self, claims: &Claims, issuer_v2: &str) -> Result<(), TokenFault> {
        let KeyIssuer::Named(named) = &self.issuer else { return Ok(()) };
        let tenant = claims.tenant().ok_or(TokenFault::WrongTenant)?;
        let own = substitute(named, tenant.as_str());
        if own.eq_ignore_ascii_case(claims.issuer()) || own.eq_ignore_ascii_case(issuer_v2) {
            Ok(())
        } else {
            Err(TokenFault::KeyOfAnotherIssuer)
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Puts the tenant into an issuer template; Entra spells the placeholder `{tenantid}`, documentation also `{tenantId}`.
fn substitute(template: &str, tenant: &str) -> String {
    const PLACEHOLDER: &str = "{tenantid}";
    let lower = template.to_ascii_lowercase();
    match lower.find(PLACEHOLDER) {
        Some(at) => format!("{}{tenant}{}", &template[..at], &template[at + PLACEHOLDER.len()..]),
        None => template.to_owned(),
    }
}

/// Bounds of a remote key set.
///
/// # Defaults
/// Refreshed in the background after 1 hour, served for up to 24 hours while the issuer does not answer, at most one fetch
/// every 30 s for unknown keys, and every 5 s after a failure.
#[derive(Clone, Copy, Debug)]
pub struct KeyLimits {
    pub(crate) refresh_after: Duration,
    pub(crate) serve_for: Duration,
    pub(crate) cool_down: Duration,
    pub(crate) retry_after: Duration,
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self {
            refresh_after: Duration::from_secs(60 * 60),
            serve_for: Duration::from_secs(24 * 60 * 60),
            cool_down: Duration::from_secs(30),
            retry_after: Duration::from_secs(5),
        }
    }
}

impl KeyLimits {
    /// Sets the age at which the set is refreshed in the background.
    #[must_use]
    pub const fn with_refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = age;
        self
    }

    /// Sets the age up to which the set is used while the issuer does not answer.
    #[must_use]
    pub const fn with_serve_for(mut self, age: Duration) -> Self {
        self.serve_for = age;
        self
    }

    /// Sets the pause between two fetches for unknown keys.
    #[must_use]
    pub const fn with_cool_down(mut self, pause: Duration) -> Self {
        self.cool_down = pause;
        self
    }
}
