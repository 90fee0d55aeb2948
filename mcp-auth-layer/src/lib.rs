//! Tower layers that protect an MCP server, or any Rust web service, with Microsoft Entra ID.
//!
//! The layers stack onto any service of `http` types: axum, hyper, tonic, rmcp. None of them wraps your body or error types.
//!
//! ```text
//! request ─► origin ─► bypass guard ─► bearer ──────────────────► session ─► tool policy ─► your service
//!                      (hatches)       BearerToken → VerifiedToken           Operation
//! browser ─► redirect allowlist ─► /authorize
//!            text → AllowedRedirect
//! ```
//!
//! Each arrow is a type that only the step before can make. A [`VerifiedToken`] has no public constructor but one that says
//! [danger], so a function that takes one cannot be called with a token that nobody checked; `mcp-obo` exchanges nothing else.
//!
//! # Which layer, in which order
//! Each module begins with the conditions under which a request passes, and an example to copy. From the outside in:
//!
//! | layer | what it decides | why it stands there |
//! |---|---|---|
//! | [`origin::OriginLayer`] | whether a browser was led here from elsewhere | a foreign page learns nothing, not even a challenge |
//! | [`bypass::BypassGuardLayer`] | which hatches are open | its permits must be in the request before anybody looks for them |
//! | [`bearer::BearerLayer`] | who calls | decides before a byte of the body is read, and renders what everything inside refuses |
//! | [`session::SessionBindingLayer`] | whose MCP session it is | needs the caller |
//! | [`require::RequireLayer`] | whether the caller may use this route | needs the caller |
//! | [`tool_policy::ToolPolicyLayer`] | which operations of an MCP server the caller may use | needs the caller, and the body |
//! | [`form::FormLayer`] | whether a token stands in a form | only for services that take forms |
//! | `mcp_obo::OboLayer` | on whose behalf | needs the caller |
//! | your service | | sees a request without an `Authorization` header |
//!
//! [`redirect::RedirectLayer`] stands around an authorization endpoint, and [`metadata::MetadataService`] answers beside all of
//! them. CORS, health and metadata endpoints stand outside the bearer layer: routes compose, there is no list of public paths.
//! A layer that misses the one outside it answers 500, and the log names the layer that is missing.
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
//! # Whose tokens
//! Of one tenant, of several, or of any organisation: [`EntraApp`]. Of Keycloak, Auth0, Okta, External ID or another issuer:
//! [`oidc::OidcIssuer`]. Of several issuers at once: [`verify::Verifier::or`].
//!
//! # Reading order
//! [`reject`] (every reason), [`challenge`] (what of it goes outside), [`verify`] (the order of checks), [`keys`],
//! [`policy`], [`bearer`], [`tool_policy`], then [`redirect`], [`bypass`] and [`origin`], which stand alone. Reviewers begin with the
//! [`manual`]: every threat, its control, and its test.
//!
//! # Features
//! | feature | default | adds |
//! |---|---|---|
//! | `reqwest` | yes | the ready-made HTTP client |
//! | `axum` | | rejections as axum responses, and the extractors of `extract` |
//! | `metrics` | | [counters](meter) through the `metrics` facade |
//! | `testing` | | a tenant in memory that mints tokens, for the tests of your service |
//!
//! No feature changes how a token is judged.

pub mod algorithm;
mod audience;
pub mod audit;
pub mod authority;
mod base64url;
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
pub mod form;
mod issuer;
pub mod jws;
pub mod keys;
pub mod known_resource;
pub mod manual;
pub mod metadata;
pub mod meter;
pub mod oidc;
pub mod origin;
pub mod peek;
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
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod testlog;
#[cfg(test)]
mod testtenant;
pub mod token;
pub mod tool_policy;
pub mod verify;

pub use self::{
    bearer::{BearerLayer, Caller},
    digest::TokenDigest,
    entra::EntraApp,
    token::VerifiedToken,
};
