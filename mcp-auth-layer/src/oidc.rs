//! A plain OpenID Connect or RFC 8414 issuer: Keycloak, Auth0, Okta, Entra External ID, Azure AD B2C, or your own.
//!
//! The issuer is known by one exact name. Its access tokens must be JWTs (RFC 9068, or close to it) with an audience that is
//! this service's; see [`Principal`](crate::principal::Principal) for how users and clients are told apart. An exchange on
//! behalf of such a user is not possible: Entra did not sign the token.
//!
//! # Example
//! ```
//! use mcp_auth_layer::{BearerLayer, algorithm::Algorithm, oidc::OidcIssuer, verify::Verifier};
//!
//! # fn main() -> Result<(), mcp_auth_layer::config::ConfigError> {
//! let issuer = OidcIssuer::new("https://login.example/realms/staff", "https://mcp.example/mcp")?
//!     .with_algorithms([Algorithm::Es256])?;
//! let layer = BearerLayer::with_verifier(Verifier::oidc(&issuer)).require_scope("posts:read")?;
//! # let _ = layer; Ok(()) }
//! ```
//!
//! Several issuers at once, each token judged by the one that it names:
//! ```
//! use mcp_auth_layer::{BearerLayer, EntraApp, oidc::OidcIssuer, verify::Verifier};
//!
//! # fn main() -> Result<(), mcp_auth_layer::config::ConfigError> {
//! let staff = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let partners = OidcIssuer::new("https://login.partners.example", "https://mcp.example/mcp")?;
//! let verifier = Verifier::entra(&staff).or(&Verifier::oidc(&partners))?;
//! let layer = BearerLayer::with_verifier(verifier);
//! # let _ = layer; Ok(()) }
//! ```
//!
//! # Which kind of Microsoft tenant is which
//! | tenant | how |
//! |---|---|
//! | Entra ID | [`EntraApp`](crate::EntraApp) |
//! | External ID | `EntraApp` with the authority host `https://<name>.ciamlogin.com`, or here, by the exact name that its document gives, with [`with_discovery_url`](OidcIssuer::with_discovery_url) |
//! | Azure AD B2C | here, one issuer for each policy; there is no On-Behalf-Of |

use std::sync::Arc;

use crate::{
    algorithm::{Algorithm, Algorithms},
    audience::Audiences,
    clock::{Clock, SystemClock},
    config::ConfigError,
    discovery::PlainIssuer,
    fetch::HttpClient,
    keys::{KeyLimits, KeySource, RemoteKeys},
};

/// An issuer with one exact name, and what its tokens must be for this service; see the [module docs](self).
///
/// # Defaults
/// RS256; keys from the issuer's discovery document; the system's clock.
#[derive(Clone, Debug)]
pub struct OidcIssuer(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    issuer: PlainIssuer,
    audiences: Audiences,
    algorithms: Algorithms,
    keys: Arc<dyn KeySource>,
    /// What the keys are made of, until a source is given.
    remote: Option<RemoteKeys>,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl OidcIssuer {
    /// Trusts the issuer of this name with tokens for this audience, reached through the ready-made HTTP client.
    ///
    /// # Errors
    /// As [`over`](Self::over), and [`ConfigError::HttpClient`] for a machine without TLS roots.
    #[cfg(feature = "reqwest")]
    pub fn new(issuer: &str, audience: &str) -> Result<Self, ConfigError> {
        Self::over(HttpClient::reqwest(crate::fetch::FetchLimits::default())?, issuer, audience)
    }

    /// Trusts the issuer of this name with tokens for this audience, reached through a client of your own.
    ///
    /// The name is compared with `iss` byte for byte, a trailing slash included.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for a name that is not https (or http on loopback), [`ConfigError::Audience`] for a blank,
    /// [`ConfigError::KnownResource`] for Microsoft Graph and its like.
    pub fn over(http: HttpClient, issuer: &str, audience: &str) -> Result<Self, ConfigError> {
        let issuer = PlainIssuer::new(issuer)?;
        let remote = RemoteKeys::of_plain(issuer.clone(), http.clone(), KeyLimits::default());
        Ok(Self(Arc::new(Inner {
            issuer,
            audiences: Audiences::of([audience])?,
            algorithms: Algorithms::RS256,
            keys: Arc::new(remote.clone()),
            remote: Some(remote),
            http,
            clock: Arc::new(SystemClock),
        })))
    }

    /// Accepts one more audience, compared byte for byte.
    ///
    /// # Errors
    /// [`ConfigError::KnownResource`] for Microsoft Graph and its like, [`ConfigError::Audience`] for a blank.
    pub fn add_audience(mut self, exact: &str) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.0).audiences.add(exact)?;
        Ok(self)
    }

    /// Allows these signature algorithms instead.
    ///
    /// Keys of [a source of your own](Self::with_keys) must be made for them.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list.
    pub fn with_algorithms(mut self, allowed: impl IntoIterator<Item = Algorithm>) -> Result<Self, ConfigError> {
        let inner = Arc::make_mut(&mut self.0);
        inner.algorithms = Algorithms::new(allowed)?;
        inner.remote = inner.remote.take().map(|remote| remote.with_algorithms(inner.algorithms));
        inner.use_remote();
        Ok(self)
    }

    /// Reads the discovery document at another address than the issuer's name gives; it must still name the issuer.
    ///
    /// External ID needs this: its issuer and its endpoints have different hosts.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for an address that is not https (or http on loopback).
    pub fn with_discovery_url(mut self, url: &str) -> Result<Self, ConfigError> {
        let inner = Arc::make_mut(&mut self.0);
        inner.issuer = inner.issuer.clone().at(url)?;
        let remote = RemoteKeys::of_plain(inner.issuer.clone(), inner.http.clone(), KeyLimits::default());
        inner.remote = inner.remote.take().map(|_| remote.with_algorithms(inner.algorithms));
        inner.use_remote();
        Ok(self)
    }

    /// Uses keys of another source.
    #[must_use]
    pub fn with_keys(mut self, keys: impl KeySource) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.remote = None;
        inner.keys = Arc::new(keys);
        self
    }

    /// Uses another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.0).clock = Arc::new(clock);
        self
    }

    /// Returns the issuer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.issuer.name()
    }

    /// Returns the accepted audiences.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.0.audiences.iter()
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn accepted(&self) -> &Audiences {
        &self.0.audiences
    }

    pub(crate) fn algorithms(&self) -> Algorithms {
        self.0.algorithms
    }

    pub(crate) fn keys(&self) -> &Arc<dyn KeySource> {
        &self.0.keys
    }
}

impl Inner {
    fn use_remote(&mut self) {
        if let Some(remote) = &self.remote {
            self.keys = Arc::new(remote.clone());
        }
    }
}
