//! What a tenant is started with.

use crate::tenant::{App, FederatedCredential, Redirect};

/// How the emulator starts.
///
/// # Defaults
/// http and https on free loopback ports; the API app issues v2 tokens and asks for no optional claims.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) api: App,
    pub(crate) client: App,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { api: App::api(), client: App::client(), http_port: 0, https_port: 0 }
    }
}

impl Config {
    /// Issues v1 tokens, as a registration does whose `requestedAccessTokenVersion` was never set.
    #[must_use]
    pub const fn with_default_token_version(mut self) -> Self {
        self.api.token_version = None;
        self
    }

    /// Registers one more redirect URI at the API app.
    #[must_use]
    pub fn with_api_redirect(mut self, redirect: Redirect) -> Self {
        self.api.redirects.push(redirect);
        self
    }

    /// Registers one more redirect URI at the client app.
    #[must_use]
    pub fn with_client_redirect(mut self, redirect: Redirect) -> Self {
        self.client.redirects.push(redirect);
        self
    }

    /// Registers a certificate (PEM) that may sign client assertions of the API app.
    #[must_use]
    pub fn with_certificate(mut self, pem: &str) -> Self {
        self.api.certificates.push(pem.to_owned());
        self
    }

    /// Trusts a workload's own tokens (this issuer and subject) in place of the API app's secret.
    ///
    /// The emulator checks them with the tenant's keys: order one with [`TokenSpec`](crate::TokenSpec), with `iss`, `sub`
    /// and `aud` set.
    #[must_use]
    pub fn with_federated_credential(mut self, issuer: &str, subject: &str) -> Self {
        self.api.federated.push(FederatedCredential { issuer: issuer.to_owned(), subject: subject.to_owned() });
        self
    }

    /// Adds a secret to the API app that is expired.
    #[must_use]
    pub fn with_expired_secret(mut self, secret: &str) -> Self {
        self.api.secrets.push((secret.to_owned(), Some(0)));
        self
    }

    /// Makes the API ask for optional access-token claims, `idtyp` and `xms_cc`.
    #[must_use]
    pub fn with_optional_claims(mut self) -> Self {
        self.api.optional_claims = vec!["idtyp".to_owned(), "xms_cc".to_owned()];
        self
    }

    /// Listens on these loopback ports; 0 is any free one.
    #[must_use]
    pub const fn with_ports(mut self, http: u16, https: u16) -> Self {
        self.http_port = http;
        self.https_port = https;
        self
    }

    pub(crate) fn apps(&self) -> Vec<App> {
        vec![self.api.clone(), self.client.clone()]
    }
}
