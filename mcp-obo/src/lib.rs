//! Calls downstream APIs as the user who called this service: Microsoft Entra's On-Behalf-Of flow, with its cache.
//!
//! `mcp-auth-layer` finds out who calls. This crate exchanges that caller's verified token for one of a downstream API, and
//! nothing else: [`TokenRequest::on_behalf_of`] takes a [`VerifiedToken`](mcp_auth_layer::VerifiedToken), which nobody can make
//! by hand.
//!
//! ```text
//! request ─► bearer ─► obo ─► your service ─► OnBehalfOf::token(&target) ─► downstream API
//!                                               │
//!                                  L1 cache ◄───┤ hit: no network
//!                                               └ miss: one request for all who wait ─► TokenEndpoint (a tower::Service) ─► Entra
//! ```
//!
//! # Example
#![cfg_attr(feature = "axum", doc = "```")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::{Router, routing::get};
//! use mcp_auth_layer::{BearerLayer, EntraApp};
//! use mcp_obo::{ClientSecret, Exchange, ExchangeError, OboLayer, OnBehalfOf, Target};
//!
//! async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
//!     let graph = user.token(&Target::graph()).await?; // cached, coalesced; a step-up becomes 401 + claims by itself
//!     # async fn my_graph_client(_: &str, _: &str) -> Result<String, ExchangeError> { Ok(String::new()) }
//!     my_graph_client("/me", graph.expose_secret()).await // the service's own code, unchanged
//! }
//!
//! # fn router() -> Result<Router, Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
//! let secret = ClientSecret::from_file("/run/secrets/entra")?; // re-read when Entra refuses it
//! let obo = OboLayer::new(Exchange::new(&app, secret).add_target(&Target::graph()));
//!
//! let router = Router::new()
//!     .route("/me", get(me))
//!     .layer((bearer, obo)); // reads inwards: who calls, then on whose behalf
//! # Ok(router) }
//! ```
//!
//! # What a failure becomes
//! | [`ExchangeErrorKind`] | the caller sees |
//! |---|---|
//! | `StepUp` | 401 `insufficient_claims` with Entra's claims, `invalid_token` if it gave none; 403 where the bearer layer routes step-ups by a scope |
//! | `AssertionRefused`, `AssertionExpired` | 401 `invalid_token` |
//! | `NoUser` | 401 |
//! | `NotAUser`, `NoDelegatedScope`, `Consent`, `BlockedByPolicy` | 403; signing in again would not help |
//! | `Throttled`, `Unavailable` | 503 with `Retry-After` |
//! | `ClientCredential`, `Configuration`, `UndeclaredTarget` | 500; the operator reads the log |
//!
//! It becomes that where a handler returns or [raises](OnBehalfOf::raise) it; [`ExchangeError::rejection`] is the answer as a
//! value, which the bearer layer renders. What is raised gives a token each challenge once: whoever comes back with the
//! same token gets what the handler returns. What becomes of a call to the API itself stands in [`downstream`].
//!
//! # Reading order
//! | modules | what they hold |
//! |---|---|
//! | [`target`], [`credential`] | what is asked for, and what proves this app |
//! | [`grant`], [`answer`], [`error`] | the wire, pure: request, [`AccessToken`] and failure |
//! | [`token_endpoint`] | one request to Entra, a `tower::Service` |
//! | [`exchange`] | that with its caches, the private `cache` and `refusals` |
//! | [`on_behalf_of`], [`layer`] | the handle of one request, and who puts it there |
//! | [`token_source`], [`downstream`], [`www_authenticate`] | calls the API, and reads why it refuses |
//! | [`catalogue`] | services that nobody can call on behalf of a user |
//! | [`hosting`], [`outgoing`], `managed_identity` | this service's own identity, and which of the two acts |
//! | [`shared`], [`seal`], `redis` | tokens that replicas share, sealed |
//! | `proxy` | the OAuth front door, through which MCP clients sign in with Entra |
//! | `azure` | the same identities for clients of the Azure SDK |
//! | [`audit`], [`meter`], [`manual`] | for operators and reviewers |
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `reqwest` (default) | the ready-made HTTP client of `mcp-auth-layer`, and [`KeyVault`] over it |
//! | `axum` | [`OnBehalfOf`] as an argument of handlers; [`ExchangeError`] and [`DownstreamError`] as their errors |
//! | `azure-identity` | managed identities as credentials and as [`HostingIdentity`], the credential chain; every identity as a credential of the Azure SDK |
//! | `metrics` | the counters, gauges and histograms of [`meter`] |
//! | `pfx` | [`ClientCertificate`] and [`KeyVaultCertificate`] from PKCS#12 |
//! | `proxy` | the OAuth front door: an authorization server for MCP clients, in front of Entra |
//! | `redis` | `RedisStore`: [`shared`] tokens in Redis or Valkey |
//!
//! # Runtime
//! Tokio. A task is started only inside a call, for a request to Entra or to the store that replicas share, and ends with it.

mod aadsts;
pub mod access_token;
pub mod answer;
pub mod audit;
#[cfg(feature = "azure-identity")]
pub mod azure;
#[cfg(feature = "azure-identity")]
mod azure_http;
mod boxed;
mod cache;
pub mod catalogue;
mod challenges;
pub mod credential;
pub mod downstream;
pub mod error;
pub mod exchange;
pub mod grant;
pub mod hosting;
mod kept;
pub mod layer;
#[cfg(feature = "azure-identity")]
pub mod managed_identity;
pub mod manual;
pub mod meter;
pub mod on_behalf_of;
pub mod outgoing;
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
mod parameters;
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
mod pkce;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "redis")]
pub mod redis;
mod refusals;
mod retry_after;
pub mod seal;
pub mod shared;
pub mod target;
#[cfg(test)]
mod testcertificate;
#[cfg(test)]
mod testlog;
#[cfg(feature = "metrics")]
#[cfg(test)]
mod testmeter;
#[cfg(test)]
mod teststore;
#[cfg(test)]
mod testtenant;
pub mod token_endpoint;
pub mod token_source;
pub mod www_authenticate;

#[cfg(feature = "azure-identity")]
pub use self::credential::ManagedIdentity;
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use self::{
    access_token::AccessToken,
    boxed::BoxFuture,
    catalogue::Catalogue,
    credential::{
        ClientCertificate, ClientCredential, ClientCredentials, ClientSecret, FederatedAssertion, KeyVault,
        KeyVaultCertificate, PrivateKey, WorkloadIdentity,
    },
    downstream::{Downstream, DownstreamError, DownstreamLayer},
    error::{ExchangeError, ExchangeErrorKind},
    exchange::Exchange,
    grant::TokenRequest,
    hosting::HostingIdentity,
    layer::OboLayer,
    on_behalf_of::OnBehalfOf,
    outgoing::OutgoingAuth,
    seal::KeyRing,
    shared::SharedStore,
    target::Target,
    token_source::TokenSource,
};

/// Compiles the examples of the repository's README with the tests.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../../README.md")]
struct Readme;
