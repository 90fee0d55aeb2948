//! The production guard: which ways around authentication are open, and who used them.
//!
//! A hatch is a way in that skips a check: no credential, a token as a tool argument, a token from the configuration, a token
//! of another API. All are closed unless configuration opens them. A hatch opens exactly when
//! 1. its own opt-in is the literal `true` ([`OptIn::parse`]); development alone opens nothing;
//! 2. the [`Environment`] and the [`Exposure`] allow it, by the table below; otherwise [`BypassPolicy::open`] refuses, and the
//!    program should not start;
//! 3. [`BypassGuardLayer`] stands outside whatever looks for the [`Permit`], which it finds in [`OpenHatches`] among the
//!    request's extensions. Nothing in a request opens a hatch.
//!
//! | hatch | environment | exposure |
//! |---|---|---|
//! | [`Hatch::NoAuthentication`] | development | loopback |
//! | [`Hatch::ForeignBearer`] | development | loopback |
//! | [`Hatch::StaticToken`] | any | loopback |
//! | [`Hatch::TokenArgument`] | any | any |
//!
//! The layer announces open hatches when it is made. Each use is counted, leaves a warning under the `tracing` target
//! `mcp_auth::audit`, and marks the response of its request with the header [`MARKER`].
//!
//! # Deployment caveat
//! A tunnel or reverse proxy on the same machine makes a loopback listener reachable from elsewhere, and nothing here can see
//! it: give its public address to [`Exposure::of`]. A hatch that is used after the response head was sent is counted and
//! audited, but the response carries no mark.
//!
//! # Example
//! ```
//! use std::convert::Infallible;
//! use http::{Request, Response};
//! use mcp_auth_layer::bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, MARKER, OpenHatches, OptIn};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A misspelt environment is production, where this hatch refuses to open.
//! let production = BypassPolicy::new(Environment::from_name(Some("Development")), Exposure::Loopback);
//! assert!(production.open(Hatch::NoAuthentication, OptIn::Yes).is_err());
//!
//! let development = BypassPolicy::new(Environment::from_name(Some("development")), Exposure::Loopback);
//! let permit = development.open(Hatch::NoAuthentication, OptIn::parse(Some("true"))?)?;
//! let service = BypassGuardLayer::new(permit).layer(service_fn(|request: Request<()>| async move {
//!     if let Some(permit) = request.extensions().get::<OpenHatches>().and_then(|open| open.get(Hatch::NoAuthentication)) {
//!         permit.record_use();
//!     }
//!     Ok::<_, Infallible>(Response::new(()))
//! }));
//! assert_eq!(service.oneshot(Request::new(())).await?.headers()[MARKER], "no-authentication");
//! # Ok(()) }
//! ```

mod environment;
mod future;
mod hatch;
mod layer;
mod permit;
mod policy;
mod service;
#[cfg(test)]
mod tests;

pub use self::{
    environment::{Environment, Exposure},
    future::ResponseFuture,
    hatch::{Hatch, OptIn, OptInError},
    layer::BypassGuardLayer,
    permit::{OpenHatches, Permit},
    policy::{BypassPolicy, HatchRefused, Unmet},
    service::{BypassGuard, MARKER},
};
