//! Lets each caller of an MCP server use only the tools that are listed for him.
//!
//! The layer stands between the [bearer layer](crate::bearer) and the server. It lets a request through exactly when
//! 1. the bearer layer stands outside; otherwise 500, and the log names the mistake;
//! 2. it is a `GET`, `HEAD`, `DELETE` or `OPTIONS`, which bring no message; or
//! 3. its body is one JSON-RPC message of at most [`with_max_message`](ToolPolicyLayer::with_max_message) bytes that can be
//!    read in one way only; otherwise 400, or 413 if it is longer. Batches are refused, and so are members that stand twice;
//! 4. the headers `Mcp-Method` and `Mcp-Name` say the same as the body, in any version; from 2026-07-28 on they must be there;
//!    otherwise 400;
//! 5. the operation is a listed one whose scopes the caller has, or an open one, or the answer to a request of the server.
//!
//! | refusal | answer | reason in the audit trail |
//! |---|---|---|
//! | a scope lacks | 403 `insufficient_scope`, naming all that the operation needs | `scope` |
//! | an application without a user, and no app role is named | 403 | `app_only` |
//! | an application that has none of those that are named | 403 | `role` |
//! | a tool that is not listed, whether it exists or not | 403 | `unlisted_tool` |
//! | a method that is neither listed nor open | 403 | `unlisted_method` |
//! | not one readable message | 400 | `malformed_message` |
//! | a batch | 400 | `batch` |
//! | headers and body differ | 400 | `header_mismatch` |
//! | too long | 413 | `message_too_large` |
//!
//! Callers that were let in by an open [hatch](crate::bypass) are not asked for scopes, but the lists hold for them, too.
//!
//! # What is open
//! To every admitted caller, unless [`ToolPolicyLayer::allow_method`] lists it: the requests `initialize`, `ping`,
//! `server/discover`, `tools/list` and `prompts/list`, and the notifications `notifications/initialized`,
//! `notifications/cancelled`, `notifications/progress` and `notifications/roots/list_changed`. They tell what the server is and
//! offers, or concern what the caller himself began. Everything else must be listed: `resources/list` and
//! `completion/complete` tell about data, `tasks/…` reach into running work, `logging/setLevel` changes the server, and a
//! method that nobody knows yet can do anything.
//!
//! An answer to a request of the server (a message without a method) passes: it means something only in the session in which
//! the server asked; bind that with [`crate::session`].
//!
//! # What is passed on
//! The request becomes a `Request<`[`Peeked<B>`](crate::peek::Peeked)`>`, every byte as it was sent, with its [`Operation`] in
//! the extensions. `B` must be [`Unpin`], as the bodies of axum and hyper are. While the body is read, the inner service's
//! place is held, as it is by every service that reads bodies; how slowly a body may come is for the server's timeouts.
//!
//! # Deployment caveat
//! What decodes bodies (`Content-Encoding`) or makes one message of another must stand outside of this layer: an inner one
//! could make a call of what was none.
//!
//! # Example
//! ```
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, body::Body, routing::post};
//! use http::{Request, StatusCode, header::AUTHORIZATION};
//! use mcp_auth_layer::{BearerLayer, policy::ScopePolicy, testing::TestTenant, tool_policy::ToolPolicyLayer};
//! use tower::ServiceExt;
//!
//! let tools = ToolPolicyLayer::deny_unlisted()
//!     .allow_any_caller("whoami")
//!     .allow("publish", ScopePolicy::all(["Posts.ReadWrite"])?);
//! let tenant = TestTenant::new();
//! let bearer = BearerLayer::new(&tenant.app()?).require_scope("access_as_user")?;
//! // In place of the handler: an MCP server, such as rmcp's `StreamableHttpService`, by `route_service`.
//! let router = Router::new().route("/mcp", post(|| async { "called" })).layer((bearer, tools));
//!
//! let token = tenant.user("alice").scopes("access_as_user").token();
//! for (tool, expected) in
//!     [("whoami", StatusCode::OK), ("publish", StatusCode::FORBIDDEN), ("shutdown", StatusCode::FORBIDDEN)]
//! {
//!     let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
//!     let request = Request::post("/mcp").header(AUTHORIZATION, format!("Bearer {token}")).body(Body::from(call))?;
//!     assert_eq!(router.clone().oneshot(request).await?.status(), expected, "{tool}");
//! }
//! # Ok(()) }
//! # #[cfg(not(feature = "testing"))] fn main() {}
//! ```
//!
//! # Lists of tools
//! A list that names tools which its reader may not call invites calls that fail. In an MCP server that overrides
//! `list_tools`, keep the layer (it is cheap to clone), find the [`Caller`](crate::Caller) among the request's extensions,
//! keep the tools of which [`ToolPolicyLayer::visible`] says yes, and set the result's `cacheScope` to `private`: it may not be
//! shared between callers any more. [`ToolPolicyLayer::filter_tools`] does both to a result in JSON:
//! ```
//! use mcp_auth_layer::{Caller, tool_policy::ToolPolicyLayer};
//! use serde_json::{Value, json};
//!
//! fn listed(tools: &ToolPolicyLayer, extensions: &http::Extensions) -> Result<Value, mcp_auth_layer::reject::Rejection> {
//!     let mut result = json!({"tools": [{"name": "whoami"}, {"name": "publish"}]});
//!     tools.filter_tools(Caller::from_extensions(extensions)?, &mut result);
//!     Ok(result)
//! }
//! ```

mod headers;
mod layer;
mod message;
mod operation;
mod service;
mod table;
#[cfg(test)]
mod tests;

pub use self::{
    layer::ToolPolicyLayer,
    operation::Operation,
    service::{ResponseFuture, ToolPolicy},
};

/// The one method whose calls are told apart by name.
const CALL_TOOL: &str = "tools/call";
