//! Tower layers that protect an MCP server, or any Rust web service, with Microsoft Entra ID.
//!
//! The layers stack onto any service of `http` types: axum, hyper, tonic, rmcp. None of them wraps your body or error types.
//!
//! ```text
//! request ─► bypass guard ─► bearer ──────────────────► your service
//!            (hatches)       BearerToken → VerifiedToken
//! browser ─► redirect allowlist ─► /authorize
//!            text → AllowedRedirect
//! ```
//!
//! Each arrow is a type that only the step before can make. A [`VerifiedToken`] has no public constructor, so a function
//! that takes one cannot be called with a token that nobody checked; `mcp-obo` exchanges nothing else.
//!
//! # Which layer, in which order
//! From the outside in:
//!
//! | layer | why it stands there |
//! |---|---|
//! | [`bypass::BypassGuardLayer`] | its permits must be in the request before anybody looks for them |
//! | [`bearer::BearerLayer`] | decides before a byte of the body is read, and renders what everything inside refuses |
//! | `mcp_obo::OboLayer` | needs the caller that the bearer layer found |
//! | your service | sees a request without an `Authorization` header |
//!
//! CORS, health and metadata endpoints stand outside the bearer layer: routes compose, there is no list of public paths.
//!
//! # Example
//! ```
//! use mcp_auth_layer::{BearerLayer, Caller, EntraApp};
//! use axum::{Extension, Router, routing::get};
//!
//! async fn me(Extension(caller): Extension<Caller>) -> String {
//!     caller.verified().and_then(|token| token.claims().object_id()).unwrap_or("nobody").to_owned()
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let router: Router = Router::new().route("/me", get(me)).layer(BearerLayer::new(&app).require_scope("access_as_user")?);
//! # Ok(()) }
//! ```
//!
//! # Reading order
//! [`reject`] (every reason), [`challenge`] (what of it goes outside), [`verify`] (the order of checks), [`keys`],
//! [`bearer`], then [`redirect`] and [`bypass`], which stand alone.
//!
//! # Features
//! `reqwest` (default): the ready-made HTTP client. `axum`: rejections as axum responses, the caller as a
//! handler's argument. No feature changes how a token is
//! judged.

pub mod algorithm;
mod audience;
pub mod audit;
pub mod authority;
pub mod bearer;
pub mod bypass;
pub mod challenge;
pub mod claims;
pub mod clock;
pub mod cloud;
pub mod config;
pub mod danger;
mod digest;
mod discovery;
pub mod early;
pub mod entra;
#[cfg(feature = "axum")]
pub mod extract;
pub mod fetch;
mod flight;
mod issuer;
pub mod jws;
pub mod keys;
pub mod known_resource;
pub mod manual;
pub mod metadata;
pub mod meter;
pub mod oidc;
pub mod origin;
pub mod policy;
mod present;
pub mod principal;
pub mod redirect;
pub mod reject;
pub mod require;
pub mod respond;
pub mod scope;
pub mod session;
mod signal;
mod template;
pub mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod testkey;
#[cfg(test)]
mod testlog;
#[cfg(test)]
mod testtenant;
pub mod token;
pub mod verify;

pub use self::{
    bearer::{BearerLayer, Caller},
    digest::TokenDigest,
    entra::EntraApp,
    token::VerifiedToken,
};
