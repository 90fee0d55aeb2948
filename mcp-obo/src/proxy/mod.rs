//! The OAuth front door: lets any MCP client sign in with Entra (feature `proxy`).
//!
//! Entra knows no dynamic registration, no RFC 8414 document and no resource indicator, so a client that follows the
//! specification cannot sign in to a server behind it. This is an authorization server of its own towards clients and one app
//! towards Entra: it ends every flow at its own callback, and hands out codes and refresh tokens of its own. The access token
//! is Entra's, for this server's API; nothing about its verification changes.

mod api_scopes;
mod authorize;
mod callback;
mod client;
mod code;
mod consent;
mod cookie;
mod error;
mod flow;
mod issuer;
mod metadata;
mod parameters;
mod pkce;
mod register;
mod respond;
mod sealed;
mod service;
mod session;
mod step_up;
#[cfg(test)]
mod tests;
mod token;
mod upstream;
mod wanted;

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use mcp_auth_layer::{
    EntraApp, bearer::StepUpRoute, claims::Claims, clock::UnixTime, config::ConfigError, redirect::RedirectAllowlist,
    verify::Verifier,
};
use secrecy::SecretString;
use tower_service::Service;

use self::{
    api_scopes::ApiScopes,
    authorize::Authorize,
    callback::Callback,
    client::{Clients, Preregistered},
    consent::{Consent, Remembering, Wording},
    cookie::Cookies,
    flow::Flows,
    issuer::{CALLBACK, Issuer},
    metadata::Abilities,
    service::Parts,
    session::SessionLife,
    step_up::StepUps,
    token::Tokens,
    upstream::{PublicClient, Upstream},
};
use crate::{credential::ClientCredentials, seal::KeyRing};

/// An authorization server for MCP clients, in front of Entra.
///
/// A terminal service: mount it at [`paths`](Self::paths) of the origin that clients know. Cloning is cheap.
#[derive(Clone)]
pub struct Proxy(Arc<Parts>);

/// What a proxy is made of; see [`Proxy::builder`].
///
/// # Defaults
/// The resource is at `/mcp`. The app at Entra is the API's own. Redirect URIs are those of [`RedirectAllowlist`]. Values are
/// sealed under a ring of this process alone, so that a restart ends every session. A session lasts seven days.
#[derive(Debug)]
pub struct ProxyBuilder {
    app: EntraApp,
    verifier: Verifier,
    client: (EntraApp, ClientCredentials),
    issuer: String,
    resource: String,
    scopes: Vec<String>,
    client_secret: Option<SecretString>,
    allowlist: RedirectAllowlist,
    ring: KeyRing,
    wording: Wording,
    life: SessionLife,
    clients_not_before: UnixTime,
}

impl Proxy {
    /// Begins a proxy for the API `app`, which clients know by the origin `issuer` and whose scopes these are.
    ///
    /// `verifier` judges what Entra grants, with the rules by which the bearer layer does.
    pub fn builder(
        app: &EntraApp,
        verifier: &Verifier,
        credentials: impl Into<ClientCredentials>,
        issuer: &str,
        scopes: &[&str],
    ) -> ProxyBuilder {
        ProxyBuilder {
            app: app.clone(),
            verifier: verifier.clone(),
            client: (app.clone(), credentials.into()),
            issuer: issuer.to_owned(),
            resource: "/mcp".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            client_secret: None,
            allowlist: RedirectAllowlist::default(),
            ring: KeyRing::ephemeral(),
            wording: Wording {
                service: "this server".to_owned(),
                authority: app.authority().host().trim_start_matches("https://").to_owned(),
                scopes: Vec::new(),
            },
            life: SessionLife::default(),
            clients_not_before: UnixTime::from_secs(0),
        }
    }

    /// Returns every path that it answers, each once.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.0.paths()
    }

    /// Returns the redirect URI that has to be registered at Entra, for the platform *Web*.
    #[must_use]
    pub fn callback(&self) -> String {
        self.0.issuer.at(CALLBACK)
    }
}

impl ProxyBuilder {
    /// Signs people in to another app than the API's, with a credential of its own.
    #[must_use]
    pub fn with_client_app(mut self, app: &EntraApp, credentials: impl Into<ClientCredentials>) -> Self {
        self.client = (app.clone(), credentials.into());
        self
    }

    /// Signs people in to another app that has no credential; its redirect URI is one of *Mobile and desktop applications*.
    #[must_use]
    pub fn with_public_client_app(self, app: &EntraApp) -> Self {
        self.with_client_app(app, PublicClient)
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

    /// Says what this server is called, and for each scope what it lets a program do, such as `read your messages`.
    #[must_use]
    pub fn with_wording(mut self, service: &str, scopes: &[(&str, &str)]) -> Self {
        service.clone_into(&mut self.wording.service);
        self.wording.scopes = scopes.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        self
    }

    /// Puts it together.
    ///
    /// # Errors
    /// [`ConfigError`] for an issuer that is no origin, a path that is none, or a list without scopes.
    pub fn build(self) -> Result<Proxy, ConfigError> {
        let issuer = Issuer::new(&self.issuer, &self.resource)?;
        let scopes = ApiScopes::new(&self.app, self.scopes.iter().map(String::as_str))?;
        let (app, credentials) = self.client;
        let client_id: Box<str> = app.client_id().into();
        let (clock, ring) = (Arc::clone(app.clock()), self.ring);
        let upstream = Upstream::new(&app, credentials, scopes.clone(), issuer.at(CALLBACK));
        let flows = Flows { ring: ring.clone(), cookies: Cookies::new(issuer.transport()) };
        let consent = Consent::new(&issuer, &ring, self.wording, Remembering::Never);
        let clients = Clients {
            ring: ring.clone(),
            allowlist: self.allowlist.clone(),
            preregistered: Some(Preregistered::new(&client_id, self.client_secret)),
            not_before: self.clients_not_before,
            documents: None,
        };
        Ok(Proxy(Arc::new(Parts {
            document: metadata::document(&issuer, &scopes, Abilities::default()),
            pages: consent.pages(),
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
                allowlist: self.allowlist,
                clock: Arc::clone(&clock),
            },
            tokens: Tokens {
                upstream,
                issuer: issuer.clone(),
                ring,
                verifier: self.verifier,
                life: self.life,
                clock: Arc::clone(&clock),
            },
            clients,
            issuer,
            clock,
        })))
    }
}

impl StepUpRoute for Proxy {
    fn scope(&self, caller: &Claims, claims_request: &str) -> Option<String> {
        self.0.authorize.step_ups.scope(caller, claims_request)
    }
}

impl<B> Service<Request<B>> for Proxy
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let parts = Arc::clone(&self.0);
        Box::pin(async move { Ok(parts.answer(request).await) })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}
