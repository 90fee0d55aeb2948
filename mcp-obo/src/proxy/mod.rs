//! The OAuth front door: lets any MCP client sign in with Entra (feature `proxy`).
//!
//! Entra knows no dynamic registration, no RFC 8414 document and no resource indicator, so a client that follows the
//! specification cannot sign in to a server behind it. This is an authorization server of its own towards clients and one app
//! towards Entra: it ends every flow at its own callback, and hands out codes and refresh tokens of its own. The access token
//! is Entra's, for this server's API; nothing about its verification changes.

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
mod metadata;
mod parameters;
mod pkce;
mod reference;
mod register;
mod registration;
mod respond;
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
use mcp_auth_layer::{EntraApp, bearer::StepUpRoute, claims::Claims, verify::Verifier};
use secrecy::SecretString;
use tower_service::Service;

use self::service::Parts;
pub use self::{
    builder::ProxyBuilder,
    client::ClientDigest,
    client_app::ClientApp,
    endpoint::Endpoint,
    registration::{Platform, Registration},
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
