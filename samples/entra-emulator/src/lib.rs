//! A local Entra tenant and Microsoft Graph, for development and tests.
//!
//! It refuses what Entra refuses, with Entra's codes: registered redirect URIs by platform, client authentication by
//! platform, assertions checked in Entra's order, scopes of one resource, Conditional Access as a property of the sign-in
//! session. Everything is on loopback: over http and https under one address, and under Azure's own host names behind an
//! HTTP proxy ([`Emulator::gateway_url`]), for servers that nobody can tell other addresses. Keys, the certificate authority
//! and all data are made at start or written for it.
//!
//! ```no_run
//! use entra_emulator::{Config, Emulator, TokenSpec};
//!
//! # async fn f() -> std::io::Result<()> {
//! let emulator = Emulator::start(Config::default()).await?;
//! let token = emulator.mint(TokenSpec::user("alice"));
//! println!("AZURE_AUTHORITY_HOST={} GRAPH_BASE_URL={}/v1.0", emulator.http_url(), emulator.http_url());
//! # Ok(()) }
//! ```
//!
//! # Over HTTP
//! Scripts in other languages steer it under `/_emulator`: `GET counters`, `POST counters/reset`, `POST faults`
//! (`{"place", "user", "fault"}`; without `fault` it is switched off), `POST network` (`{"host", "fault"}`, the same),
//! `POST` and `DELETE roles` (`{"principal", "role", "scope"}`), `POST tools` (`{"tool", "behaviour"}`), `POST lifetimes`
//! (`{"place", "user", "lifetime": {"seconds", "refresh_in"}}`), `POST keys/rotate`, `POST clock` (`{"advance_seconds"}`),
//! `POST revoke` (`{"user"}`), `POST token` (a [`TokenSpec`]), `GET token?user=`, `GET outbox` and `GET ca.pem`. For the
//! host's identities and its workloads: `GET identity` (`{"endpoint", "header"}`), `POST workload-token` (`{"subject",
//! "lifetime_seconds", "audience"}`, answered as text). For the key vault: `POST vault/secrets/{name}` (`{"value",
//! "content_type"}`), `POST vault/certificates/{name}` (`{"format", "exportable"}`, answered with the new certificate), each
//! a new version that becomes the current one; `POST vault/disable` (`{"name", "version"}`), and `POST certificates`, a PEM
//! that may sign for the API app from then on.
//!
//! # Reading order
//! `tenant`, `user` and `identity` (what and who is registered), `error` (the codes), `token_endpoint`, `authorize`, `graph`;
//! then what surrounds a server at Azure: `managed_identity`, `cluster`, `vault` and `vault_api`; then Azure itself:
//! `gateway` (the network), `service` and `permission` (for what there are tokens), `azure` (what answers them); and
//! `developer_tools`.

mod address;
mod authorize;
mod azure;
mod broken;
mod certificate;
mod challenge;
mod clock;
mod cluster;
mod cluster_api;
mod config;
mod control;
mod control_api;
mod counters;
mod developer_tools;
mod discovery;
mod error;
mod fault;
mod form;
mod gateway;
pub mod graph;
mod graph_api;
mod identity;
mod jwt;
mod key;
mod lifetime;
mod managed_identity;
mod pages;
mod pem;
mod per_user;
mod permission;
mod place;
mod policy;
mod redirect;
mod scope;
mod server;
mod service;
mod shared;
mod signing;
mod spec;
mod state;
mod tenant;
mod tls;
mod token;
mod token_endpoint;
mod user;
mod vault;
mod vault_api;

use std::{fmt, io, path::Path, sync::Arc};

use tokio::task::JoinSet;

use self::{azure::Site, server::Bound, shared::Shared, state::State, tls::Tls};
pub use self::{
    azure::{AzureRole, DEVELOPMENT_SUBSCRIPTION_ID, SUBSCRIPTION_ID},
    certificate::ClientCertificate,
    config::Config,
    control::Control,
    counters::Counters,
    developer_tools::{DeveloperTool, ToolBehaviour},
    fault::Fault,
    gateway::NetworkFault,
    identity::{
        SYSTEM_ASSIGNED_CLIENT_ID, SYSTEM_ASSIGNED_OBJECT_ID, USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID,
        USER_ASSIGNED_RESOURCE_ID,
    },
    lifetime::Lifetime,
    place::Place,
    spec::{Signer, TokenSpec},
    tenant::{
        API_CLIENT_ID, API_CLIENT_SECRET, AZURE_CLI_ID, App, CLIENT_ID, GRAPH_ID, Platform, Redirect, TENANT_DOMAIN,
        TENANT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET,
    },
    user::{USERS, User},
    vault::{CertificateFormat, VaultCertificate, VaultSecret},
};

/// A running tenant. Dropping it ends it.
pub struct Emulator {
    shared: Shared,
    control: Control,
    /// Dropped with the emulator.
    _serving: JoinSet<()>,
}

impl Emulator {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When a port is taken, or no certificate can be made.
    pub async fn start(config: Config) -> io::Result<Self> {
        let tls = Tls::generate()?;
        let bound = Bound::bind(config.ports).await?;
        let state = Arc::new(State::new(&config, bound.addresses));
        let shared = Shared { state, ca_pem: tls.authority.pem().into() };
        let serving = bound.serve(shared.clone(), &tls);
        Ok(Self { control: Control(shared.clone()), shared, _serving: serving })
    }

    /// Returns the authority and Graph root over http, without a trailing slash.
    #[must_use]
    pub fn http_url(&self) -> String {
        self.shared.state.addresses.http_url()
    }

    /// Returns the same over https; clients must trust [`ca_pem`](Self::ca_pem).
    #[must_use]
    pub fn https_url(&self) -> String {
        self.shared.state.addresses.https_url()
    }

    /// Returns the network's proxy, for `HTTPS_PROXY`: behind it Azure's own names answer.
    ///
    /// Clients must trust [`ca_pem`](Self::ca_pem). The URL holds no credentials, also when the proxy asks for some.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        self.shared.state.addresses.gateway_url()
    }

    /// Returns the certificate of the emulator's own authority, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.shared.ca_pem
    }

    /// Returns the tenant's id.
    #[must_use]
    pub const fn tenant_id(&self) -> &'static str {
        TENANT_ID
    }

    /// Returns the tenant's domain.
    #[must_use]
    pub const fn tenant_domain(&self) -> &'static str {
        TENANT_DOMAIN
    }

    /// Returns the API app: the middle tier that exchanges tokens.
    #[must_use]
    pub fn api_app(&self) -> &App {
        self.shared.state.api()
    }

    /// Returns everything that is registered, the API app first.
    #[must_use]
    pub fn apps(&self) -> &[App] {
        &self.shared.state.apps
    }

    /// Returns how often each thing was asked for.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.state.counting.snapshot()
    }

    /// Puts stand-ins for a developer's tools into a folder, for a `PATH`; a tool that is not named is not installed there.
    ///
    /// They are scripts for bash, and ask this emulator as long as it runs; see
    /// [`Control::set_developer_tool`] for changes while a server does.
    ///
    /// # Errors
    /// When the folder cannot be written, or this is no system with bash.
    pub fn write_developer_tools(
        &self,
        folder: impl AsRef<Path>,
        tools: &[(DeveloperTool, ToolBehaviour)],
    ) -> io::Result<()> {
        developer_tools::install(&self.shared, folder.as_ref(), tools)
    }

    /// Returns how those tools were called, in order: each with its arguments.
    #[must_use]
    pub fn developer_tool_calls(&self) -> Vec<(DeveloperTool, Vec<String>)> {
        self.shared.state.tools.calls()
    }

    /// Returns what was sent by Communication Services, in order: texts and mail, each with its sender and recipients.
    #[must_use]
    pub fn outbox(&self) -> Vec<serde_json::Value> {
        self.shared.state.outbox.all()
    }

    /// Returns the switches.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// Returns where App Service's form of the identity endpoint is: `IDENTITY_ENDPOINT`.
    #[must_use]
    pub fn identity_endpoint(&self) -> String {
        format!("{}/msi/token", self.http_url())
    }

    /// Returns what that endpoint wants in `X-IDENTITY-HEADER`: `IDENTITY_HEADER`.
    #[must_use]
    pub fn identity_header(&self) -> &str {
        &self.shared.state.identity_header
    }

    /// Returns the issuer of the cluster's service-account tokens; its discovery document is below it.
    #[must_use]
    pub fn cluster_issuer(&self) -> &str {
        self.shared.state.cluster.issuer()
    }

    /// Makes a service account's token of the cluster, for the token exchange, that lives so many seconds.
    #[must_use]
    pub fn workload_token(&self, subject: &str, lifetime: i64) -> String {
        self.shared.state.workload_token(subject, None, lifetime)
    }

    /// Writes such a token to a file whole, as the kubelet does in a projected volume: by the swap of a link.
    ///
    /// # Errors
    /// When the file or its directory cannot be written.
    pub fn write_workload_token(&self, path: impl AsRef<Path>, subject: &str, lifetime: i64) -> io::Result<()> {
        cluster::write(path.as_ref(), &self.workload_token(subject, lifetime))
    }

    /// Makes a token to order, issued under [`http_url`](Self::http_url).
    ///
    /// # Panics
    /// When the order names no user of the tenant and no app roles.
    #[must_use]
    pub fn mint(&self, spec: TokenSpec) -> String {
        self.mint_under(&self.http_url(), &spec)
    }

    /// Makes a token to order, issued under [`https_url`](Self::https_url).
    ///
    /// # Panics
    /// As [`mint`](Self::mint).
    #[must_use]
    pub fn mint_over_https(&self, spec: TokenSpec) -> String {
        self.mint_under(&self.https_url(), &spec)
    }

    /// Makes a token to order, issued under Entra's own name, as a client behind [`gateway_url`](Self::gateway_url) gets it.
    ///
    /// # Panics
    /// As [`mint`](Self::mint).
    #[must_use]
    pub fn mint_as_entra(&self, spec: TokenSpec) -> String {
        self.mint_under(&format!("https://{}", Site::LOGIN), &spec)
    }

    fn mint_under(&self, base: &str, spec: &TokenSpec) -> String {
        self.shared.state.mint(spec, base).expect("the order names a user of the tenant, or app roles")
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("http", &self.http_url())
            .field("https", &self.https_url())
            .finish_non_exhaustive()
    }
}
