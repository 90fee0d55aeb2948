//! Tokens to order, for tests: good ones, and any kind of bad one.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Describes a token; everything left out is as Entra would make it.
///
/// Over HTTP it is the JSON body of `POST /_emulator/token`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSpec {
    pub(crate) user: Option<String>,
    pub(crate) app_roles: Option<Vec<String>>,
    pub(crate) version: Option<u8>,
    pub(crate) scopes: Option<String>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) header: Map<String, Value>,
    pub(crate) expires_in: Option<i64>,
    pub(crate) signer: Signer,
    pub(crate) stepped_up: bool,
    pub(crate) resource: Option<String>,
}

/// Who signs, and how.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signer {
    /// The tenant's live key, RS256.
    #[default]
    Live,
    /// A key that nobody published, under the live key's `kid`.
    Attacker,
    /// `alg` none, with an empty signature.
    Nobody,
    /// HS256 with the live public key's PEM as the secret.
    PublicKeyAsSecret,
}

impl TokenSpec {
    /// Orders a user's access token for the API app, with its scopes.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self { user: Some(name.to_owned()), ..Self::default() }
    }

    /// Orders an app-only access token for the API app, with these roles.
    #[must_use]
    pub fn app(roles: &[&str]) -> Self {
        Self { app_roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()), ..Self::default() }
    }

    /// Asks for the v1 or v2 format whatever the registration says.
    #[must_use]
    pub const fn version(mut self, version: u8) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets the scopes, separated by spaces.
    #[must_use]
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = Some(scopes.to_owned());
        self
    }

    /// Sets a claim; null removes it.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a header member; null removes it.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the life in seconds; negative for a token that has expired.
    #[must_use]
    pub const fn expires_in(mut self, seconds: i64) -> Self {
        self.expires_in = Some(seconds);
        self
    }

    /// Orders a token of a session in which every claims challenge was met.
    #[must_use]
    pub const fn stepped_up(mut self) -> Self {
        self.stepped_up = true;
        self
    }

    /// Orders it for a service of Microsoft's, such as `https://management.azure.com`, as the Azure CLI gets one.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Chooses who signs.
    #[must_use]
    pub const fn signed_by(mut self, signer: Signer) -> Self {
        self.signer = signer;
        self
    }
}
