//! What has to be registered at Entra before anybody can sign in here.

use std::{fmt, sync::Arc};

/// The redirect URI that an app at Entra must have.
///
/// Prints as one line, in the words of Entra's portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    callback: Arc<str>,
    platform: Platform,
    app: Arc<str>,
}

/// The kind of redirect URI, as Entra's portal names it.
///
/// It decides whether Entra wants a credential with the code (AADSTS7000218) or takes none (AADSTS700025).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// For an app that has a credential.
    Web,
    /// For an app that has none.
    MobileAndDesktop,
}

impl Platform {
    /// Returns the portal's name of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "Web",
            Self::MobileAndDesktop => "Mobile and desktop applications",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Registration {
    pub(super) fn new(callback: &str, platform: Platform, app: &str) -> Self {
        Self { callback: callback.into(), platform, app: app.into() }
    }

    /// Returns the redirect URI, which Entra compares byte for byte.
    #[must_use]
    pub fn callback(&self) -> &str {
        &self.callback
    }

    /// Returns the platform of the redirect URI.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// Returns the id of the app that has the redirect URI.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "redirect URI {}, platform {}, app {}", self.callback, self.platform, self.app)
    }
}

/// What a registration lacks, by Entra's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// It does not have the redirect URI.
    Callback,
    /// It has the redirect URI under another platform.
    Platform,
    /// The app is not in the tenant.
    App,
}

impl Lack {
    /// Finds what an error of Entra's says is lacking.
    pub(super) const fn of(aadsts: u32) -> Option<Self> {
        Some(match aadsts {
            50_011 | 500_113 => Self::Callback,
            // A credential for a public platform; none for Web; a single-page application's, which only browsers redeem.
            700_025 | 7_000_218 | 9_002_327 => Self::Platform,
            700_016 => Self::App,
            _ => return None,
        })
    }

    /// Says what cures it, for the log; whoever reads it has the registration beside it.
    pub(super) const fn cure(self) -> &'static str {
        match self {
            Self::Callback => {
                "an administrator adds the redirect URI to the app registration, under the platform, byte for byte"
            }
            Self::Platform => {
                "an administrator removes the redirect URI from its present platform in the app registration and adds it under the right one; or the operator gives this server that app's secret (then Web is right) or none (then Mobile and desktop)"
            }
            Self::App => {
                "the operator corrects the app's id or the tenant, or an administrator adds the app to the tenant"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testtenant::CLIENT;

    #[test]
    fn a_registration_is_one_line_that_can_be_followed() {
        let registration = |platform| Registration::new("https://mcp.contoso.com/oauth/callback", platform, CLIENT);
        for (platform, name) in
            [(Platform::Web, "Web"), (Platform::MobileAndDesktop, "Mobile and desktop applications")]
        {
            assert_eq!(
                registration(platform).to_string(),
                format!("redirect URI https://mcp.contoso.com/oauth/callback, platform {name}, app {CLIENT}")
            );
        }
    }

    #[test]
    fn a_number_says_what_is_lacking() {
        for (number, expected) in [
            (50_011, Some(Lack::Callback)),
            (500_113, Some(Lack::Callback)),
            (700_025, Some(Lack::Platform)),
            (7_000_218, Some(Lack::Platform)),
            (9_002_327, Some(Lack::Platform)),
            (700_016, Some(Lack::App)),
            // The credential itself, and what no registration cures.
            (7_000_215, None),
            (65_001, None),
            (0, None),
        ] {
            assert_eq!(Lack::of(number), expected, "{number}");
        }
    }
}
