//! Tokens for the tests of services that stand behind the layers (feature `testing`).
//!
//! A [`TestTenant`] is an Entra tenant without a network: it has a key, answers discovery and key requests in memory, and mints
//! tokens of any content. An [`EntraApp`](crate::EntraApp) of it is judged by exactly the code that judges real ones; nothing is
//! switched off. Time stands still until the test moves it.
//!
//! Nobody else trusts its key, which is drawn anew in each process; so the feature is additive, and a service that was built
//! with it is not weaker.
//!
//! # Example
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, StatusCode, header::AUTHORIZATION};
//! use mcp_auth_layer::{BearerLayer, EntraApp, testing::TestTenant};
//! use tower::ServiceExt;
//!
//! // The service under test takes its app as an argument.
//! fn service(app: &EntraApp) -> Result<Router, mcp_auth_layer::config::ConfigError> {
//!     let bearer = BearerLayer::new(app).require_scope("access_as_user")?;
//!     Ok(Router::new().route("/me", get(|| async { "hello" })).layer(bearer))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tenant = TestTenant::new();
//! let service = service(&tenant.app()?)?;
//! for (token, expected) in [
//!     (tenant.user("alice").scopes("access_as_user").token(), StatusCode::OK),
//!     (tenant.user("alice").scopes("other").token(), StatusCode::FORBIDDEN),
//!     (tenant.user("alice").scopes("access_as_user").claim("aud", "https://graph.microsoft.com").token(), StatusCode::UNAUTHORIZED),
//! ] {
//!     let request = Request::get("/me").header(AUTHORIZATION, format!("Bearer {token}")).body(Body::empty())?;
//!     assert_eq!(service.clone().oneshot(request).await?.status(), expected);
//! }
//! # Ok(()) }
//! ```

pub(crate) mod key;
mod tenant;
#[cfg(test)]
mod tests;
mod token;

pub use self::{tenant::TestTenant, token::TestToken};
