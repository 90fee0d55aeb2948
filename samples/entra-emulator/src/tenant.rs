//! What is registered in the tenant: apps, their scopes, redirect URIs and credentials.

use std::fmt;

use crate::{permission::Permissions, service::Service};

/// The tenant's id.
pub const TENANT_ID: &str = "3f1c0b1e-7d4a-4c0e-9a57-6a1f0d2b9c11";
/// The issuer of the tenant's v1 tokens, whatever the address of its endpoints.
pub(crate) const V1_ISSUER: &str = "https://sts.windows.net/3f1c0b1e-7d4a-4c0e-9a57-6a1f0d2b9c11/";
/// The tenant's verified domain.
pub const TENANT_DOMAIN: &str = "contoso.onmicrosoft.com";
/// The tenant of personal accounts.
pub(crate) const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
/// The middle tier, whose tokens our server accepts and exchanges.
pub const API_CLIENT_ID: &str = "5b0a7a3e-2f0d-4a65-8f44-0c9d5be7a201";
/// The middle tier's client secret. It opens nothing but this emulator.
pub const API_CLIENT_SECRET: &str = "emulator-only-7Qz~not-a-real-secret";
/// The public client app with which users sign in.
pub const CLIENT_ID: &str = "c1e7d6f0-93aa-4e59-8f0e-2a4f7b1d3e02";
/// A second confidential app, which signs users in for the API and is not the API.
pub const WEB_CLIENT_ID: &str = "d7a2b8c4-5e31-4f6a-9b0d-3c8e1f2a7b04";
/// Its client secret. It opens nothing but this emulator.
pub const WEB_CLIENT_SECRET: &str = "emulator-only-3Jx~not-a-real-secret-either";
/// The Azure CLI: Microsoft's own public client, with which developers sign in, by its own tool and others.
pub const AZURE_CLI_ID: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
/// Microsoft Graph.
pub const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// The spellings by which Microsoft Graph is asked for.
const GRAPH_URIS: [&str; 2] = ["https://graph.microsoft.com", GRAPH_ID];

/// An app registration.
#[derive(Clone)]
pub struct App {
    pub(crate) client_id: String,
    /// Secrets, each with the time from which it is expired.
    pub(crate) secrets: Vec<(String, Option<i64>)>,
    /// Certificates that may sign client assertions, PEM.
    pub(crate) certificates: Vec<String>,
    /// Whose certificates may sign them too, whichever these are at the moment.
    pub(crate) subjects: Vec<TrustedSubject>,
    /// Workloads whose own tokens may stand for this app's credential.
    pub(crate) federated: Vec<FederatedCredential>,
    pub(crate) redirects: Vec<Redirect>,
    /// `requestedAccessTokenVersion`; none is Entra's default, v1.
    pub(crate) token_version: Option<u8>,
    pub(crate) scopes: Vec<&'static str>,
    /// Optional access-token claims that the API asks for.
    pub(crate) optional_claims: Vec<String>,
    /// What it may have of Microsoft's services for its users.
    pub(crate) permissions: Permissions,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("client_id", &self.client_id)
            .field("redirects", &self.redirects)
            .field("federated", &self.federated)
            .field("token_version", &self.token_version)
            .finish_non_exhaustive()
    }
}

/// A subject whose certificates are trusted for who issued them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustedSubject {
    /// As RFC 4514 writes it, such as `CN=app.contoso.com`.
    pub(crate) name: String,
    /// The authority's certificate, PEM.
    pub(crate) authority: String,
}

/// A workload identity that is trusted in place of a secret; every part is compared with its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FederatedCredential {
    pub(crate) issuer: FederatedIssuer,
    pub(crate) subject: String,
}

/// The issuer of a federated record; the emulator's own are known when it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FederatedIssuer {
    /// The tenant itself, for managed identities.
    Tenant,
    Cluster,
    Named(String),
}

/// A registered redirect URI and its platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub(crate) platform: Platform,
    pub(crate) uri: String,
}

/// The platform under which a redirect URI is registered; it decides how the client authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// A confidential client.
    Web,
    /// A browser application: cross-origin redemption only.
    Spa,
    /// Mobile and desktop: no credential.
    PublicClient,
}

impl Redirect {
    /// Registers `uri` under a platform.
    #[must_use]
    pub fn new(platform: Platform, uri: impl Into<String>) -> Self {
        Self { platform, uri: uri.into() }
    }
}

impl fmt::Display for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let platform = match self.platform {
            Platform::Web => "web",
            Platform::Spa => "spa",
            Platform::PublicClient => "publicClient",
        };
        write!(f, "{platform} {}", self.uri)
    }
}

impl App {
    /// Returns the redirect URIs that are registered for it.
    #[must_use]
    pub fn redirects(&self) -> &[Redirect] {
        &self.redirects
    }

    /// Returns the client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the first secret; empty for a public client.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        self.secrets.first().map_or("", |(secret, _)| secret)
    }

    /// Returns the App ID URI.
    #[must_use]
    pub fn app_id_uri(&self) -> String {
        format!("api://{}", self.client_id)
    }

    /// Returns the format of tokens for this app: v1 unless the registration says 2.
    pub(crate) fn issues_version(&self) -> u8 {
        self.token_version.unwrap_or(1)
    }

    /// Returns the `aud` of a token: v2 always has the client id, v1 the spelling that was asked for.
    pub(crate) fn audience(&self, version: u8, spelling: &str) -> String {
        if version == 2 { self.client_id.clone() } else { spelling.to_owned() }
    }

    /// Tells whether the app has no credential at all.
    pub(crate) fn is_public(&self) -> bool {
        let is_unproved = self.secrets.is_empty() && self.certificates.is_empty() && self.subjects.is_empty();
        is_unproved && self.federated.is_empty()
    }

    pub(crate) fn is_named(&self, resource: &str) -> bool {
        resource == self.client_id || resource == self.app_id_uri()
    }

    pub(crate) fn api() -> Self {
        Self {
            client_id: API_CLIENT_ID.to_owned(),
            secrets: vec![(API_CLIENT_SECRET.to_owned(), None)],
            certificates: Vec::new(),
            subjects: Vec::new(),
            federated: Vec::new(),
            redirects: vec![
                Redirect::new(Platform::Web, "http://localhost/oauth/callback"),
                Redirect::new(Platform::Web, "http://127.0.0.1/oauth/callback"),
                Redirect::new(Platform::PublicClient, "http://localhost"),
                Redirect::new(Platform::PublicClient, "http://localhost/callback"),
            ],
            token_version: Some(2),
            scopes: vec!["access_as_user", "Mcp.Tools.ReadWrite"],
            optional_claims: Vec::new(),
            permissions: Permissions::api(),
        }
    }

    pub(crate) fn client() -> Self {
        Self {
            client_id: CLIENT_ID.to_owned(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            subjects: Vec::new(),
            federated: Vec::new(),
            redirects: vec![
                Redirect::new(Platform::PublicClient, "http://localhost"),
                Redirect::new(Platform::PublicClient, "http://localhost/callback"),
                Redirect::new(Platform::PublicClient, "http://127.0.0.1"),
                Redirect::new(Platform::PublicClient, "http://127.0.0.1/callback"),
                Redirect::new(Platform::PublicClient, "http://localhost/oauth/callback"),
                Redirect::new(Platform::PublicClient, "http://127.0.0.1/oauth/callback"),
            ],
            token_version: None,
            scopes: Vec::new(),
            optional_claims: Vec::new(),
            permissions: Permissions::none(),
        }
    }

    /// Microsoft's own apps may have everything, consented to by nobody.
    pub(crate) fn azure_cli() -> Self {
        Self {
            client_id: AZURE_CLI_ID.to_owned(),
            redirects: vec![
                Redirect::new(Platform::PublicClient, "http://localhost"),
                Redirect::new(Platform::PublicClient, "http://127.0.0.1"),
            ],
            permissions: Permissions::FirstParty,
            ..Self::client()
        }
    }

    pub(crate) fn web_client() -> Self {
        Self {
            client_id: WEB_CLIENT_ID.to_owned(),
            secrets: vec![(WEB_CLIENT_SECRET.to_owned(), None)],
            redirects: vec![
                Redirect::new(Platform::Web, "http://localhost/oauth/callback"),
                Redirect::new(Platform::Web, "http://127.0.0.1/oauth/callback"),
            ],
            ..Self::client()
        }
    }
}

/// A resource that a scope names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    Graph,
    App(&'a App),
    /// Another of Microsoft's services.
    Service(Service),
}

impl PartialEq for App {
    fn eq(&self, other: &Self) -> bool {
        self.client_id == other.client_id
    }
}

impl Eq for App {}

/// Finds what a resource spelling means in this tenant.
pub(crate) fn resource<'a>(apps: &'a [App], spelling: &str) -> Option<Resource<'a>> {
    let bare = spelling.trim_end_matches('/');
    if GRAPH_URIS.contains(&bare) {
        return Some(Resource::Graph);
    }
    if let Some(app) = apps.iter().find(|app| app.is_named(bare)) {
        return Some(Resource::App(app));
    }
    match Service::find(bare)? {
        Service::Graph => Some(Resource::Graph),
        Service::TokenExchange => None,
        service => Some(Resource::Service(service)),
    }
}
