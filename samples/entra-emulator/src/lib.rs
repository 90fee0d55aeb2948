//! A local Entra tenant and Microsoft Graph, for development and tests.
//!
//! It refuses what Entra refuses, with Entra's codes: registered redirect URIs by platform, client authentication by
//! platform, assertions checked in Entra's order, scopes of one resource, Conditional Access as a property of the sign-in
//! session. Everything is on loopback, over http and https; keys, the certificate authority and all data are made at start
//! or written for it.
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
//! (`{"place", "user", "fault"}`; without `fault` it is switched off), `POST keys/rotate`, `POST clock`
//! (`{"advance_seconds"}`), `POST revoke` (`{"user"}`), `POST token` (a [`TokenSpec`]), `GET token?user=` and `GET ca.pem`.
//!
//! # Reading order
//! `tenant` and `user` (what and who is registered), `error` (the codes), `token_endpoint`, `authorize`, `graph`.

mod authorize;
mod broken;
mod certificate;
mod challenge;
mod clock;
mod config;
mod control;
mod counters;
mod discovery;
mod error;
mod fault;
mod form;
pub mod graph;
mod graph_api;
mod jwt;
mod key;
mod pem;
mod policy;
mod redirect;
mod scope;
mod server;
mod shared;
mod signing;
mod spec;
mod state;
mod tenant;
mod tls;
mod token;
mod token_endpoint;
mod user;

use std::{fmt, io, sync::Arc};

pub use self::{
    certificate::ClientCertificate,
    config::Config,
    control::Control,
    counters::Counters,
    fault::{Fault, Place},
    spec::{Signer, TokenSpec},
    tenant::{
        API_CLIENT_ID, API_CLIENT_SECRET, App, CLIENT_ID, GRAPH_ID, Platform, Redirect, TENANT_DOMAIN, TENANT_ID,
    },
    user::{USERS, User},
};
use self::{server::Listening, shared::Shared, state::State, tls::Tls};

/// A running tenant. Dropping it ends it.
pub struct Emulator {
    shared: Shared,
    control: Control,
    listening: Listening,
}

impl Emulator {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When a port is taken, or no certificate can be made.
    pub async fn start(config: Config) -> io::Result<Self> {
        let tls = Tls::generate()?;
        let shared = Shared { state: Arc::new(State::new(&config)), ca_pem: tls.ca_pem.as_str().into() };
        let listening = server::listen(shared.clone(), &tls, (config.http_port, config.https_port)).await?;
        Ok(Self { control: Control(shared.clone()), shared, listening })
    }

    /// Returns the authority and Graph root over http, without a trailing slash.
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http://{}", self.listening.http)
    }

    /// Returns the same over https; clients must trust [`ca_pem`](Self::ca_pem).
    #[must_use]
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}", self.listening.https.port())
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

    /// Returns the switches.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// Makes a token to order, issued under [`http_url`](Self::http_url).
    ///
    /// # Panics
    /// When the order names no user of the tenant and no app roles.
    #[must_use]
    pub fn mint(&self, spec: TokenSpec) -> String {
        let token = self.shared.state.mint(&spec, &self.http_url());
        token.expect("the order names a user of the tenant, or app roles")
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
