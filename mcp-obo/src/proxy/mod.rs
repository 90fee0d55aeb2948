//! The OAuth front door: lets any MCP client sign in with Entra (feature `proxy`).
//!
//! Entra knows no dynamic registration, no RFC 8414 document and no resource indicator, so a client that follows the
//! specification cannot sign in to a server behind it. This is an authorization server of its own towards clients and one app
//! towards Entra: it ends every flow at its own callback, and hands out codes and refresh tokens of its own. The access token
//! is Entra's, for this server's API; nothing about its verification changes.
//!
//! ```text
//! client ─► /register ─► /authorize ─► consent page ─► Entra ─► /oauth/callback ─► client ─► /token ─► Entra
//!           sealed id     client, redirect   a ticket    state     one cookie        sealed code   code, proof, credential
//! ```
//!
//! Nothing is kept in memory: a registration lies in the client's id, a sign-in in its browser's cookie, a code and a session
//! in what the client holds, all sealed under one [`KeyRing`](crate::KeyRing). So any replica with the same ring takes any step.
//!
//! # Example
//! ```no_run
//! use axum::Router;
//! use mcp_auth_layer::{BearerLayer, EntraApp, metadata::ProtectedResource, verify::Verifier};
//! use mcp_obo::{
//!     ClientSecret, KeyRing,
//!     proxy::{ClientApp, Proxy},
//! };
//!
//! # fn router(my_mcp_service: axum::routing::MethodRouter, keys: &str) -> Result<Router, Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let verifier = Verifier::entra(&app);
//! let client = ClientApp::own(ClientSecret::from_file("/run/secrets/entra")?);
//! let proxy = Proxy::builder(&app, &verifier, client, "https://mcp.contoso.com", &["access_as_user"])
//!     .with_ring(KeyRing::parse(keys)?) // the same for all replicas
//!     .with_wording("Contoso Tools", &[("access_as_user", "use Contoso’s tools, as you")])
//!     .build()?;
//!
//! let resource = ProtectedResource::new("https://mcp.contoso.com/mcp", &app)?
//!     .with_scopes(["access_as_user"])?
//!     .with_authorization_server("https://mcp.contoso.com");
//! let bearer = BearerLayer::with_verifier(verifier)
//!     .require_scope("access_as_user")?
//!     .with_resource(&resource)
//!     .with_step_up(proxy.clone()); // MCP clients do nothing about claims
//!
//! let router = Router::new().route("/mcp", my_mcp_service.layer(bearer));
//! let router = proxy.endpoints().fold(router, |router, (_, path)| router.route_service(path, proxy.clone()));
//! let router = resource.paths().iter().fold(router, |router, path| router.route_service(path, resource.service()));
//! # Ok(router) }
//! ```
//! The app at Entra needs one redirect URI, which [`Proxy::registration`] names and the log says at start.
//!
//! # Deployment caveat
//! The proxy counts nobody. Whoever asks may begin a sign-in, register and guess codes, so put limits in front of
//! [`Authorize`](Endpoint::Authorize), [`Token`](Endpoint::Token), [`Register`](Endpoint::Register) and
//! [`Revoke`](Endpoint::Revoke), and a deadline on bodies; the Message Center sample has both.
//!
//! # What ends a session
//! A session lasts seven days from the sign-in, or as [`ProxyBuilder::with_session_life`] says, however often it is refreshed;
//! [`ProxyBuilder::with_sessions_not_before`] ends all that began earlier. A refresh token is another one after each use.
//!
//! | | without a store | with [`ProxyBuilder::with_store`] |
//! |---|---|---|
//! | a code is good once | because Entra's inside it is (AADSTS54005) | by this server's record; Entra is not asked a second time |
//! | a code that comes again | is refused | is refused, and ends the session that came of it |
//! | a refresh token that was used | works until the session ends | works for a minute after its first use; later it ends the session |
//! | a stolen refresh token | works until the session ends, and so does each that it was refreshed to | until its owner, or the thief, comes second |
//! | `POST /revoke` (RFC 7009) | is not there, nor advertised | ends the session |
//! | [`Proxy::forget_user`] | cannot | ends all sessions of a user |
//!
//! So without a store, what remains against a stolen refresh token is the absolute end, and ending everybody's sessions.
//! Whatever ends a session, an access token that was handed out lasts until its own end: that is Entra's to say.
//!
//! A use counts when something came of it. If Entra cannot answer (503), or the client goes away while Entra is asked, the
//! record is taken back, and the client may come again with the same code or token, however late; whether Entra's own code is
//! spent by then nobody knows, and if it is, the person signs in again. A replica that dies in that moment leaves the record:
//! after a minute the next try looks like theft, and the session ends. So does an answer that the network has lost.
//!
//! # The store
//! It holds times, under names that are keyed digests: no code, token or user can be read there or tested for. Whoever can
//! *write* there can take records away, and so undo all of the right column but what Entra and the absolute end do.
//!
//! It may be the store of [`shared`](crate::shared), but more depends on it here. While it fails, or takes more than 250 ms for
//! an operation, `/token` and `/revoke` answer 503 with `Retry-After`, and Entra is not asked; sessions go on when it is back. A
//! record that it loses is forgotten: an ended session, or a forgotten user's, is good again until its end; a used refresh token
//! is once more good for a first time; only codes stay good once, by Entra's word. So it should
//!
//! - evict nothing (`maxmemory-policy noeviction`): a full one refuses, which is a 503. `volatile-ttl` takes the records that end
//!   soonest, tokens of the cache before most of these; `allkeys-…` may take any;
//! - survive its own restart (`appendonly yes`, which loses a second at most), which a cache need not. Where the cache's store
//!   is to write nothing to disk, give the proxy one of its own;
//! - after a fail-over to a server that lagged behind, be told again of whom you had just forgotten.
//!
//! A session takes one record for each refresh until its end, of 92 bytes and Redis's bookkeeping, about 150 bytes: refreshed
//! every hour for seven days, 25 kB at most.
//!
//! Sealing keys are changed as in [`seal`](crate::seal): records are kept under every key of the ring.

mod api_scopes;
mod authorize;
mod builder;
mod callback;
mod claims_parameter;
mod client;
mod client_app;
mod code;
mod consent;
mod cookie;
mod endpoint;
mod error;
mod flow;
mod host;
mod issuer;
mod lasting;
mod ledger;
mod metadata;
pub mod meter;
mod reference;
mod register;
mod registration;
mod respond;
mod revoke;
mod sealed;
mod service;
mod session;
mod step_up;
#[cfg(test)]
mod tests;
mod token;
mod told;
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
use mcp_auth_layer::{EntraApp, bearer::StepUpRoute, claims::Claims, principal::UserId, verify::Verifier};
use secrecy::SecretString;
use tower_service::Service;

use self::service::Parts;
pub use self::{
    builder::ProxyBuilder,
    client::{ClientDigest, DocumentHosts},
    client_app::ClientApp,
    endpoint::Endpoint,
    registration::{Platform, Registration},
};
use crate::{
    audit::{Revoked, SessionEvent},
    credential::CredentialStatus,
    parameters, pkce,
    shared::StoreError,
};

/// An authorization server for MCP clients, in front of Entra.
///
/// A terminal service: mount it at its [`endpoints`](Self::endpoints), at the root of the origin that clients know. Cloning is cheap.
#[derive(Clone)]
pub struct Proxy(Arc<Parts>);

impl Proxy {
    /// Begins a proxy for the API `app`, which clients know by the origin `issuer` and whose scopes these are.
    ///
    /// `client` is the app as which people are signed in. `verifier` judges what Entra grants, with the rules by which the bearer layer does.
    pub fn builder(
        app: &EntraApp,
        verifier: &Verifier,
        client: ClientApp,
        issuer: &str,
        scopes: &[&str],
    ) -> ProxyBuilder {
        ProxyBuilder::new(app, verifier, client, issuer, scopes)
    }

    /// Returns every path that it answers, each once, with what it leads to.
    pub fn endpoints(&self) -> impl Iterator<Item = (Endpoint, &str)> {
        self.0.endpoints.iter().map(|(endpoint, path)| (*endpoint, &**path))
    }

    /// Returns the id of the pre-registered client: of the app that this proxy is at Entra.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.0.authorize.step_ups.client_id
    }

    /// Returns the secret that the pre-registered client may show at the token endpoint.
    ///
    /// It is made from the ring, kept nowhere, and worth nothing at Entra: for the settings of clients that insist on a secret.
    /// Another first key makes another secret; the old one is good as long as its key is in the ring.
    #[must_use]
    pub fn client_secret(&self) -> SecretString {
        self.0.clients.preregistered_secret()
    }

    /// Returns what must be registered at Entra before anybody signs in.
    #[must_use]
    pub fn registration(&self) -> &Registration {
        &self.0.callback.registration
    }

    /// Returns what an operator should know about each credential with which this proxy proves itself at Entra.
    ///
    /// One that was refused is set back, and then nobody signs in.
    #[must_use]
    pub fn credentials(&self) -> Vec<CredentialStatus> {
        self.0.tokens.upstream.credentials().status(self.0.clock.now())
    }

    /// Tells whether the store did lately what it was asked; while it does not, nobody signs in.
    ///
    /// None when there is no store.
    #[must_use]
    pub fn is_store_up(&self) -> Option<bool> {
        self.0.tokens.ledger.is_up()
    }

    /// Ends every session of a user that has begun, on all replicas.
    ///
    /// Access tokens that were handed out last until their end; what was exchanged for them is
    /// [`Exchange::forget_user`](crate::Exchange::forget_user)'s to drop, and somebody who is still signed in at Entra gets a new
    /// session without a password. Sessions that begin within a minute from now are ended too, because the clocks of two
    /// replicas may be that far apart.
    ///
    /// # Errors
    /// [`ForgetError`] when there is no store, or it was not told: then the sessions go on.
    pub async fn forget_user(&self, user: &UserId) -> Result<(), ForgetError> {
        let ledger = &self.0.tokens.ledger;
        if !ledger.is_kept() {
            return Err(ForgetError::NoStore);
        }
        ledger.forget(user).await?;
        let event =
            SessionEvent { tid: Some(user.tenant().as_str()), oid: Some(user.object_id()), ..SessionEvent::default() };
        event.revoked(Revoked::UserForgotten);
        Ok(())
    }
}

/// Why a user's sessions were not ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// The proxy has no store in which to note it; see [`ProxyBuilder::with_store`].
    #[error("the proxy has no store")]
    NoStore,
    /// The store was not told.
    #[error("the user's sessions were not ended")]
    Store(#[from] StoreError),
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
