//! Refuses requests for other hosts and from foreign web pages: DNS rebinding and cross-site calls.
//!
//! For services that do not check this themselves (rmcp's transport can); it stands outside the bearer layer. A web page can
//! send requests to any address, also to one on the user's own machine, and with DNS rebinding it can read the answers. What
//! it cannot do is choose the `Host` and `Origin` that the browser writes. A request passes exactly when
//! 1. it names one host, by one `Host` header, by the authority of its target (HTTP/2's `:authority`), or by both when they
//!    agree (RFC 9112 section 3.2, RFC 9113 section 8.3.1); otherwise the answer is 400;
//! 2. that host with its port is the base URL's or one of [`OriginLayer::allow_host`]; otherwise 403. Case counts for
//!    nothing, a port that is the base URL's default may be left out, an IPv6 address may be spelled in any way within its
//!    brackets; a trailing dot or user information make it no host;
//! 3. it has no `Origin` header, as requests of programs that are not browsers have none; or one that is, byte for byte, the
//!    base URL or one of [`OriginLayer::allow_origin`]; otherwise 403. Browsers write an origin in one way only: lower case,
//!    no default port, nothing after it. `null`, which any page can obtain, is never allowed.
//!
//! A base URL on `127.0.0.1`, `localhost` or `[::1]` stands for all three, with its port. No list holds wildcards, and what is
//! not listed is refused; an empty list allows the service's own pages and nothing else. `X-Forwarded-Host` and its like are
//! never looked at.
//!
//! What is refused does not reach the service. The answer has `Cache-Control: no-store`, a body made by a
//! [`Respond`](crate::respond::Respond), and no challenge; the [`Rejection`](crate::reject::Rejection) is in the response's
//! extensions, and its reason in the [audit trail](crate::audit).
//!
//! # With CORS
//! This layer answers no preflight and adds no CORS headers; that is the work of `tower_http::cors::CorsLayer`, which must
//! stand *inside* this one and outside the bearer layer: `OriginLayer`, `CorsLayer`, `BearerLayer`. A preflight (`OPTIONS`)
//! from an origin that is not allowed is then 403 here, and one that is allowed is answered before a token is asked for. Give
//! both the same origins. The other way round, `CorsLayer` answers preflights before anybody looks at their host.
//!
//! # Deployment caveat
//! A reverse proxy must pass the `Host` of the client on, or its own name for this service must be given to
//! [`OriginLayer::allow_host`]. Probes that call a pod by its address belong on routes outside this layer. The check protects
//! against browsers: any other program writes the headers that it likes.
//!
//! # Example
//! ```
//! use http::{Request, Response, StatusCode};
//! use mcp_auth_layer::origin::OriginLayer;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = OriginLayer::new("https://mcp.example.com")?.allow_origin("https://app.example.com")?;
//! let service = layer.layer(service_fn(|_: Request<()>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(()))
//! }));
//! let from = |origin| Request::post("/mcp").header("Host", "mcp.example.com").header("Origin", origin).body(());
//!
//! let passes = service.clone().oneshot(from("https://app.example.com")?).await?;
//! assert_eq!(passes.status(), StatusCode::OK);
//!
//! let attack = service.oneshot(from("https://app.example.com.evil.example")?).await?;
//! assert_eq!(attack.status(), StatusCode::FORBIDDEN);
//! # Ok(()) }
//! ```

mod allowed;
mod authority;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::{layer::OriginLayer, service::OriginGuard};
