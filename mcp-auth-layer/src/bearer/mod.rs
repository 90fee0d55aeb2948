//! Lets a request through when it carries a good access token (RFC 6750), and renders every refusal of the family.
//!
//! A request passes exactly when
//! 1. it has one `Authorization` header, with the scheme `Bearer` (in any case) and one token, and none in its query;
//!    body and cookies are never looked at;
//! 2. the [`Verifier`](crate::verify::Verifier) finds the token good;
//! 3. it has every scope that [`BearerLayer::require_scope`] names, if it is a user's;
//! 4. every [`AccessPolicy`](crate::policy::AccessPolicy) of [`BearerLayer::require`] lets the caller through; without one
//!    users pass, and applications do not.
//!
//! There is one other way: a hatch that the [production guard](crate::bypass) holds open. Without the guard's layer outside
//! this one no hatch works.
//!
//! What passes finds a [`Caller`] in its extensions, which replaces whatever stood there; the `Authorization` header is
//! removed, so that nothing behind this layer forwards the token by accident. Body and error types of the service are
//! unchanged.
//!
//! What is refused gets its status, one `WWW-Authenticate` challenge, `Cache-Control: no-store` and a body made by a
//! [`Respond`](crate::respond::Respond). The same happens to a [`Rejection`](crate::reject::Rejection) that an inner layer or
//! a handler raises, so this is the one place where refusals are rendered and audited. The reason stays in the response's
//! extensions for outer layers.
//!
//! # Deployment caveat
//! A request whose key is not known yet waits up to 2 s for it, and holds the readiness of the inner service meanwhile.
//!
//! # Example
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::WWW_AUTHENTICATE};
//! use http_body_util::Full;
//! use mcp_auth_layer::{BearerLayer, EntraApp, respond::OAuthJson};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let layer = BearerLayer::new(&app).require_scope("access_as_user")?.respond_with(OAuthJson);
//! let service = layer.layer(service_fn(|_: Request<Full<Bytes>>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
//! }));
//!
//! let response = service.oneshot(Request::new(Full::default())).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(
//!     response.headers()[WWW_AUTHENTICATE],
//!     "Bearer scope=\"11111111-2222-3333-4444-555555555555/access_as_user\"",
//! );
//! # Ok(()) }
//! ```

mod caller;
mod credential;
mod future;
mod layer;
mod service;
mod step_up;
#[cfg(test)]
mod tests;

pub(crate) use self::credential::stands_among;
pub use self::{
    caller::{Caller, ForeignToken},
    future::ResponseFuture,
    layer::BearerLayer,
    service::Bearer,
    step_up::StepUpRoute,
};
