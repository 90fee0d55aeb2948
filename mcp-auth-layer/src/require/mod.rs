//! Asks more of a caller on one route than the bearer layer asks everywhere.
//!
//! A request passes exactly when
//! 1. a [bearer layer](crate::bearer) further out has verified its caller, and the [policy](crate::policy::AccessPolicy) lets that caller through;
//!    or
//! 2. the bearer layer let it in by an open [hatch](crate::bypass), which only development on loopback can open: where nobody
//!    is asked who he is, nobody can be asked for a scope.
//!
//! Anything else is raised as a [`Rejection`](crate::reject::Rejection), which the bearer layer renders and audits: 403
//! `insufficient_scope` that names all scopes of the operation at once, 401 for a sign-in that is not strong enough, 403
//! without an error code for what no new token repairs. Without a bearer layer further out the answer is 500, and the log says
//! which layer is missing.
//!
//! # Example
//! ```
//! use axum::{Router, routing::{get, post}};
//! use mcp_auth_layer::{BearerLayer, EntraApp, policy::ScopePolicy, require::RequireLayer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let writers = RequireLayer::new(ScopePolicy::all(["Posts.ReadWrite"])?);
//! let router: Router = Router::new()
//!     .route("/posts", post(|| async { "written" }).layer(writers)) // 403 to a reader
//!     .route("/posts/{id}", get(|| async { "read" })) // open to every caller that the bearer layer admits
//!     .layer(BearerLayer::new(&app).require_scope("access_as_user")?);
//! # let _ = router; Ok(()) }
//! ```

mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::{layer::RequireLayer, service::Require};
