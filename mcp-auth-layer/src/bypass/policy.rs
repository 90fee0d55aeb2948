//! Which hatches may open here.

use super::{Environment, Exposure, Hatch, OptIn, Permit};

/// Decides which hatches may open, and is the only maker of [`Permit`]s.
///
/// # Defaults
/// Production, reachable: only [`Hatch::TokenArgument`] can be opened, by its own opt-in.
#[derive(Clone, Copy, Debug, Default)]
pub struct BypassPolicy {
    environment: Environment,
    exposure: Exposure,
}

/// What a hatch asks of the installation, and does not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unmet {
    /// The environment is not development.
    Development,
    /// Others than this machine can reach the service.
    Loopback,
    /// Neither holds.
    DevelopmentAndLoopback,
}

impl Unmet {
    const fn cure(self) -> &'static str {
        match self {
            Self::Development => "the environment must be exactly `development`",
            Self::Loopback => "listener and public base URL must be on loopback",
            Self::DevelopmentAndLoopback => {
                "the environment must be exactly `development`, and listener and public base URL on loopback"
            }
        }
    }
}

/// A hatch was asked for that must not open here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hatch {hatch} cannot open here: {}, or its opt-in withdrawn", unmet.cure())]
pub struct HatchRefused {
    hatch: Hatch,
    unmet: Unmet,
}

impl HatchRefused {
    /// Returns the hatch that was asked for.
    #[must_use]
    pub const fn hatch(&self) -> Hatch {
        self.hatch
    }

    /// Returns what it asks for and does not find.
    #[must_use]
    pub const fn unmet(&self) -> Unmet {
        self.unmet
    }
}

impl BypassPolicy {
    /// Makes the policy of an installation.
    #[must_use]
    pub const fn new(environment: Environment, exposure: Exposure) -> Self {
        Self { environment, exposure }
    }

    /// Opens a hatch if it was asked for.
    ///
    /// Without an opt-in there is no permit.
    ///
    /// # Errors
    /// [`HatchRefused`] when it was asked for and must not open here. A program should then refuse to start: going on with
    /// the hatch closed would hide from the operator that the configuration is wrong.
    pub fn open(&self, hatch: Hatch, opt_in: OptIn) -> Result<Option<Permit>, HatchRefused> {
        match opt_in {
            OptIn::No => Ok(None),
            OptIn::Yes => match self.unmet(hatch) {
                Some(unmet) => Err(HatchRefused { hatch, unmet }),
                None => Ok(Some(Permit::new(hatch))),
            },
        }
    }

    const fn unmet(&self, hatch: Hatch) -> Option<Unmet> {
        let production = matches!(self.environment, Environment::Production);
        let reachable = matches!(self.exposure, Exposure::Reachable);
        match hatch {
            // Whoever reaches the service would be let in: a developer's own machine is the only place for these.
            Hatch::NoAuthentication | Hatch::ForeignBearer => match (production, reachable) {
                (true, true) => Some(Unmet::DevelopmentAndLoopback),
                (true, false) => Some(Unmet::Development),
                (false, true) => Some(Unmet::Loopback),
                (false, false) => None,
            },
            // It lends the operator's own rights to whoever reaches the service.
            Hatch::StaticToken if reachable => Some(Unmet::Loopback),
            // The caller brings the token, so it lends nobody's rights.
            Hatch::StaticToken | Hatch::TokenArgument => None,
        }
    }
}
