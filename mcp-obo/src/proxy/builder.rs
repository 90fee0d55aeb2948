//! What a proxy is made of, and how it is put together.

use std::{collections::HashSet, sync::Arc, time::Duration};

#[cfg(feature = "reqwest")]
use mcp_auth_layer::fetch::Egress;
use mcp_auth_layer::{EntraApp, clock::UnixTime, config::ConfigError, redirect::RedirectAllowlist, verify::Verifier};
use secrecy::SecretString;

#[cfg(feature = "reqwest")]
use super::client::{DocumentHosts, PublicSource};
use super::{
    Proxy,
    api_scopes::ApiScopes,
    authorize::Authorize,
    callback::Callback,
    client::{ClientDigest, Clients, Documents, Preregistered},
    client_app::ClientApp,
    consent::{Consent, Remembering, Wording},
    cookie::Cookies,
    endpoint::Endpoint,
    flow::Flows,
    issuer::{CALLBACK, Issuer},
    ledger::Ledger,
    metadata::{self, Abilities},
    registration::Registration,
    service::Parts,
    session::{LONGEST, SessionLife},
    step_up::StepUps,
    token::Tokens,
    upstream::Upstream,
};
use crate::{seal::KeyRing, shared::SharedStore};

/// What a proxy is made of; see [`Proxy::builder`].
///
/// # Defaults
/// The resource is at `/mcp`. Redirect URIs are those of [`RedirectAllowlist`]. Values are
/// sealed under a ring of this process alone, so that a restart ends every session. A session lasts seven days. There is no
/// store.
#[derive(Debug)]
pub struct ProxyBuilder {
    app: EntraApp,
    verifier: Verifier,
    client: ClientApp,
    issuer: String,
    resource: String,
    scopes: Vec<String>,
    client_secret: Option<SecretString>,
    allowlist: RedirectAllowlist,
    ring: KeyRing,
    store: Option<Arc<dyn SharedStore>>,
    wording: Wording,
    life: SessionLife,
    remembering: Remembering,
    clients_not_before: UnixTime,
    denied_clients: HashSet<ClientDigest>,
    documents: Option<Documents>,
}

impl ProxyBuilder {
    pub(super) fn new(app: &EntraApp, verifier: &Verifier, client: ClientApp, issuer: &str, scopes: &[&str]) -> Self {
        Self {
            app: app.clone(),
            verifier: verifier.clone(),
            client,
            issuer: issuer.to_owned(),
            resource: "/mcp".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            client_secret: None,
            allowlist: RedirectAllowlist::default(),
            ring: KeyRing::ephemeral(),
            store: None,
            wording: Wording {
                service: "this server".to_owned(),
                authority: app.authority().host().trim_start_matches("https://").to_owned(),
                scopes: Vec::new(),
            },
            life: SessionLife::default(),
            remembering: Remembering::Never,
            clients_not_before: UnixTime::from_secs(0),
            denied_clients: HashSet::new(),
            documents: None,
        }
    }

    /// Names the path of the resource, in place of `/mcp`.
    #[must_use]
    pub fn with_resource(mut self, path: &str) -> Self {
        path.clone_into(&mut self.resource);
        self
    }

    /// Takes other redirect URIs.
    #[must_use]
    pub fn with_redirects(mut self, allowlist: RedirectAllowlist) -> Self {
        self.allowlist = allowlist;
        self
    }

    /// Lets the pre-registered client show this secret, beside the one that is derived.
    #[must_use]
    pub fn with_client_secret(mut self, secret: SecretString) -> Self {
        self.client_secret = Some(secret);
        self
    }

    /// Seals under this ring, which all replicas need.
    #[must_use]
    pub fn with_ring(mut self, ring: KeyRing) -> Self {
        self.ring = ring;
        self
    }

    /// Notes in a store what was used and what was ended; see [the module](super) for what that is worth.
    ///
    /// All replicas need the same store and ring. It may be the one of [`Exchange::with_shared`](crate::Exchange::with_shared).
    #[must_use]
    pub fn with_store(mut self, store: impl SharedStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Says what this server is called, and for each scope what it lets a program do, such as `read your messages`.
    #[must_use]
    pub fn with_wording(mut self, service: &str, scopes: &[(&str, &str)]) -> Self {
        service.clone_into(&mut self.wording.service);
        self.wording.scopes = scopes.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        self
    }

    /// Ends sessions so long after the sign-in, in place of seven days; at most 90 days.
    #[must_use]
    pub fn with_session_life(mut self, longest: Duration) -> Self {
        self.life.longest = longest.min(LONGEST);
        self
    }

    /// Ends every session that began before.
    #[must_use]
    pub fn with_sessions_not_before(mut self, time: UnixTime) -> Self {
        self.life.not_before = time;
        self
    }

    /// Ends every registration from before.
    #[must_use]
    pub fn with_clients_not_before(mut self, time: UnixTime) -> Self {
        self.clients_not_before = time;
        self
    }

    /// Shuts these clients out, by their digests in the log.
    ///
    /// At the sign-in a person sees a page, and at the token endpoint the client is told `invalid_client`. A program that
    /// registers itself can do so again under another id; one with a document, or the pre-registered one, cannot.
    #[must_use]
    pub fn with_denied_clients(mut self, clients: impl IntoIterator<Item = ClientDigest>) -> Self {
        self.denied_clients.extend(clients);
        self
    }

    /// Lets people have their browser remember what they agreed to, where that is safe.
    #[must_use]
    pub fn with_remembered_consent(mut self) -> Self {
        self.remembering = Remembering::OnRequest;
        self
    }

    /// Takes https URLs for clients' ids, of documents on these hosts.
    ///
    /// # Errors
    /// [`ConfigError`] when no HTTP client can be made.
    #[cfg(feature = "reqwest")]
    pub fn with_client_documents(mut self, hosts: DocumentHosts, egress: &Egress) -> Result<Self, ConfigError> {
        let source = PublicSource::new(egress)?;
        self.documents = Some(Documents::new(hosts, source));
        Ok(self)
    }

    /// Puts it together.
    ///
    /// # Errors
    /// [`ConfigError`] for an issuer that is no origin, a path that is none, or a list without scopes.
    pub fn build(self) -> Result<Proxy, ConfigError> {
        let issuer = Issuer::new(&self.issuer, &self.resource)?;
        let scopes = ApiScopes::new(&self.app, self.scopes.iter().map(String::as_str))?;
        let ClientApp { app, credentials, platform } = self.client;
        let app = app.unwrap_or_else(|| self.app.clone());
        let client_id: Box<str> = app.client_id().into();
        let (clock, ring) = (Arc::clone(app.clock()), self.ring);
        let registration = Registration::new(&issuer.at(CALLBACK), platform, &client_id);
        // Entra shows it to people when the redirect URI is missing, and tells this server nothing (AADSTS50011).
        tracing::info!(target: "mcp_obo::proxy", %registration, "this has to be registered at Entra");
        let upstream = Upstream::new(&app, credentials, scopes.clone(), registration.clone());
        let flows = Flows { ring: ring.clone(), cookies: Cookies::new(issuer.transport()) };
        let consent = Consent::new(&issuer, &ring, self.wording, self.remembering);
        let pages = consent.pages();
        let clients = Clients {
            ring: ring.clone(),
            allowlist: self.allowlist.clone(),
            preregistered: Some(Preregistered::new(&client_id, self.client_secret)),
            not_before: self.clients_not_before,
            denied: Arc::new(self.denied_clients),
            documents: self.documents,
        };
        let ledger =
            self.store.map_or_else(Ledger::default, |store| Ledger::new(store, ring.clone(), Arc::clone(&clock)));
        let abilities = Abilities { reads_client_documents: clients.documents.is_some(), revokes: ledger.is_kept() };
        Ok(Proxy(Arc::new(Parts {
            document: metadata::document(&issuer, &scopes, abilities),
            endpoints: Endpoint::all(&issuer, abilities),
            pages: pages.clone(),
            authorize: Authorize {
                issuer: issuer.clone(),
                clients: clients.clone(),
                scopes,
                consent,
                flows: flows.clone(),
                upstream: upstream.clone(),
                step_ups: StepUps { ring: ring.clone(), client_id, clock: Arc::clone(&clock) },
                clock: Arc::clone(&clock),
            },
            callback: Callback {
                issuer: issuer.clone(),
                ring: ring.clone(),
                flows,
                allowlist: self.allowlist.clone(),
                registration,
                pages,
                clock: Arc::clone(&clock),
            },
            tokens: Tokens {
                upstream,
                issuer: issuer.clone(),
                ring,
                allowlist: self.allowlist,
                verifier: self.verifier,
                life: self.life,
                ledger,
                clock: Arc::clone(&clock),
            },
            clients,
            issuer,
            clock,
        })))
    }
}
