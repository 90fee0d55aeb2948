//! Which app the proxy is at Entra.

use mcp_auth_layer::EntraApp;

use super::registration::Platform;
use crate::credential::{ClientCredentials, PublicClient};

/// The app at Entra as which a [`Proxy`](super::Proxy) signs people in.
///
/// Its kind decides under which platform the redirect URI stands there: *Web* for an app that proves itself (AADSTS7000218
/// otherwise), *Mobile and desktop applications* for one that does not (AADSTS700025).
#[derive(Clone, Debug)]
pub struct ClientApp {
    /// None is the API's own app.
    pub(super) app: Option<EntraApp>,
    pub(super) credentials: ClientCredentials,
    pub(super) platform: Platform,
}

impl ClientApp {
    /// The API's own app, with the credential that it exchanges with.
    pub fn own(credentials: impl Into<ClientCredentials>) -> Self {
        Self { app: None, credentials: credentials.into(), platform: Platform::Web }
    }

    /// Another app, with a credential of its own; the API's is never sent with it.
    pub fn confidential(app: &EntraApp, credentials: impl Into<ClientCredentials>) -> Self {
        Self { app: Some(app.clone()), credentials: credentials.into(), platform: Platform::Web }
    }

    /// Another app that has no credential and proves nothing but possession of the code (RFC 6749 section 2.1).
    #[must_use]
    pub fn public(app: &EntraApp) -> Self {
        Self { app: Some(app.clone()), credentials: PublicClient.into(), platform: Platform::MobileAndDesktop }
    }
}
