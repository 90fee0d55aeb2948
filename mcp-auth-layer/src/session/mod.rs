//! Binds each MCP session to the caller who opened it, for servers that keep sessions (`Mcp-Session-Id`).
//!
//! A session id is not a credential (MCP security best practices, "Session Hijacking"), but a server that looks sessions up by
//! their id alone serves whoever has a good token *and* somebody else's id. This layer stands between the
//! [bearer layer](crate::bearer) and such a server. A request passes exactly when
//! 1. the bearer layer stands outside; otherwise 500;
//! 2. it names no session; or one, by one `Mcp-Session-Id` header, that was opened through this layer, was used within
//!    [`SessionBindingLayer::with_idle`], and belongs to its caller.
//!
//! Any other request is answered with 404, as the MCP transport answers for a session that does not exist, and does not reach
//! the server: nobody learns from the answer whether a session exists. The reason in the audit trail tells the cases apart.
//!
//! A session belongs to the caller of the request whose response first carried its id:
//!
//! | caller | is known by |
//! |---|---|
//! | a user or an application of Entra | tenant, object id and client (`tid`, `oid`, `azp` or `appid`) |
//! | a user or a client of another issuer | issuer, subject and client |
//! | nobody, by an open hatch | being nobody: only anonymous requests use what an anonymous request opened |
//! | somebody with a token of another API, by an open hatch | that very token, since nothing in it was verified |
//!
//! It is bound to no verified token: the same person goes on through the same client with a refreshed one. A successful
//! `DELETE` by the owner ends the binding. Ids are kept as digests.
//!
//! If the server answers one caller with the id of another's session, the first owner keeps it: the header is taken from the
//! response, and an error is logged.
//!
//! # Deployment caveat
//! The table lives in this process. After a restart every session is unknown, its clients get 404 and open a new one, as the
//! MCP transport demands of them; several replicas need sticky sessions, as the server behind this layer does anyway. A stream
//! that is open without any request counts as idle. A caller who opens sessions without end pushes out those of others that
//! were not used for longest: limit the rate per caller outside. Behind an OAuth proxy all MCP clients have the same `azp`, so
//! sessions are then told apart by person alone.
//!
//! # Example
//! ```
//! use http::{Request, Response, StatusCode};
//! use mcp_auth_layer::{BearerLayer, EntraApp, session::SessionBindingLayer};
//! use mcp_auth_layer::bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, OptIn};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! // On a developer's machine, so that this example needs no token.
//! let development = BypassPolicy::new(Environment::Development, Exposure::Loopback);
//! let service = ServiceBuilder::new()
//!     .layer(BypassGuardLayer::new(development.open(Hatch::NoAuthentication, OptIn::Yes)?))
//!     .layer(BearerLayer::new(&app))
//!     .layer(SessionBindingLayer::default())
//!     .service_fn(|_: Request<()>| async {
//!         Response::builder().header("Mcp-Session-Id", "5c0f1e").body(())
//!     });
//!
//! let opened = service.clone().oneshot(Request::post("/mcp").body(())?).await?;
//! let of_session = |id| Request::post("/mcp").header("Mcp-Session-Id", id).body(());
//! let passes = service.clone().oneshot(of_session(opened.headers()["Mcp-Session-Id"].clone())?).await?;
//! assert_eq!(passes.status(), StatusCode::OK);
//!
//! let guessed = service.oneshot(of_session("5c0f1f".parse()?)?).await?;
//! assert_eq!(guessed.status(), StatusCode::NOT_FOUND);
//! # Ok(()) }
//! ```

mod future;
mod id;
mod layer;
mod owner;
mod service;
mod table;
#[cfg(test)]
mod tests;

pub use self::{future::ResponseFuture, layer::SessionBindingLayer, service::SessionBinding};
