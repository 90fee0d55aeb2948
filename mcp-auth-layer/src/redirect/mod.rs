//! Decides to which redirect URIs an authorization code may be sent (RFC 9700 section 4.1).
//!
//! A redirect URI passes exactly when
//! 1. its raw bytes follow a small grammar: ASCII, at most 512 bytes, `scheme://host[:port][/path[?query]]`; no user
//!    information, no fragment, no backslash, nothing encoded in the authority, no dot segments, no encoded delimiters in the
//!    path, no query parameter that the authorization response itself uses;
//! 2. the `url` crate, which reads URLs as browsers do, finds the same parts in it;
//! 3. a rule of the list allows it: `http` on a loopback host with any port and path (RFC 8252 section 7.3), or a URI that
//!    was listed, byte for byte; or, only where the list names it, [`RedirectRule::CopilotStudio`].
//!
//! Nothing is trimmed, decoded, folded or matched by prefix. What passes is an [`AllowedRedirect`], which holds exactly the
//! bytes that were judged: send those, and never read the request's parameter again.
//!
//! [`RedirectLayer`] does this for an authorization endpoint. It lets `GET` and `HEAD` through when the query has exactly one
//! `redirect_uri` and that one passes; the service finds an [`AllowedRedirect`] in the request's extensions, which replaces
//! whatever stood there. Otherwise the answer is a fixed page with status 400, never a redirect (RFC 6749 section 4.1.2.1),
//! and the [`RedirectError`] is in the response's extensions; other methods get 405.
//!
//! A token or registration endpoint gets its redirect URIs in a body, which the layer does not read: ask
//! [`RedirectAllowlist::check`] there.
//!
//! # Catalogue
//! These names may stand in a [list](RedirectAllowlist::parse_list). Their URIs come from the pages named here, read on the day
//! beside them; [`RedirectAllowlist::catalogue`] holds the same at run time.
//!
//! | name | allows | looked up |
//! |---|---|---|
//! | `default` | `http://127.0.0.1`, `http://localhost`, `http://[::1]`, `https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect` | 2026-11-21, <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>, <https://learn.microsoft.com/microsoft-365-copilot/extensibility/api-plugin-authentication> |
//! | `loopback` | `http://127.0.0.1`, `http://localhost`, `http://[::1]` | 2026-11-21, <https://www.rfc-editor.org/rfc/rfc8252#section-7.3> |
//! | `teams` | `https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect` | 2026-11-21, <https://learn.microsoft.com/microsoft-365-copilot/extensibility/api-plugin-authentication> |
//! | `vscode` | `https://vscode.dev/redirect`, `https://insiders.vscode.dev/redirect` | 2026-11-21, <https://github.com/microsoft/vscode/issues/278512> |
//! | `claude` | `https://claude.ai/api/mcp/auth_callback`, `https://claude.com/api/mcp/auth_callback` | 2026-11-21, <https://github.com/RevenueCat/ai-toolkit/issues/58> |
//! | `cursor` | `cursor://anysphere.cursor-mcp/oauth/callback`, `https://www.cursor.com/agents/mcp/oauth/callback` | 2026-11-21, <https://github.com/erp-mafia/accounted/pull/2225> |
//! | `chatgpt` | `https://chatgpt.com/connector_platform_oauth_redirect` | 2026-11-21, <https://github.com/makeplane/plane-mcp-server/pull/165> |
//! | `copilot-studio` | `https://global.consent.azure-apim.net/redirect/<connector>` | 2026-11-21, <https://github.com/SmartBear/smartbear-mcp/issues/463> |
//! | `foundry` | `https://global.consent.azure-apim.net/redirect/<connector>` | 2026-11-21, <https://github.com/msft-mfg-ai/ai-foundry-deployment-options/blob/ea4d775e4882fb596387d0e19b7a52c20a2716a6/agents_v2_toolbox_oauth/README.md> |
//!
//! Only what a list names is allowed: without a list that is `default`. VS Code, Claude Code and Cursor also listen on loopback
//! and need `loopback` beside their name. ChatGPT's other form, `https://chatgpt.com/connector/oauth/` and an id, differs for
//! each connector: list it as an exact URI. `copilot-studio` and `foundry` are one rule under two names, since both sign in
//! through the Power Platform's consent gateway, where anybody can make a connector: with it, ask for consent on every sign-in.
//!
//! # Deployment caveat
//! The layer judges the query that reaches it. A proxy in front that rewrites the query changes what is judged, but not that
//! what is judged is what the service gets.
//!
//! # Example
//! ```
//! use std::convert::Infallible;
//! use http::{Request, Response, StatusCode};
//! use mcp_auth_layer::redirect::{AllowedRedirect, RedirectAllowlist, RedirectLayer};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = RedirectLayer::new(RedirectAllowlist::parse_list("loopback,https://app.example.com/signed-in")?);
//! let service = layer.layer(service_fn(|request: Request<()>| async move {
//!     let redirect = request.extensions().get::<AllowedRedirect>().map(|redirect| redirect.as_str().to_owned());
//!     Ok::<_, Infallible>(Response::new(redirect.unwrap_or_default()))
//! }));
//!
//! let passes = Request::get("/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2F").body(())?;
//! assert_eq!(service.clone().oneshot(passes).await?.body(), "http://127.0.0.1:8400/");
//!
//! let attack = Request::get("/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%40evil.example%2F").body(())?;
//! assert_eq!(service.oneshot(attack).await?.status(), StatusCode::BAD_REQUEST);
//! # Ok(()) }
//! ```

mod allowlist;
mod catalogue;
mod entry;
mod error;
mod grammar;
mod layer;
mod loopback;
mod page;
mod rule;
mod service;
#[cfg(test)]
mod tests;

pub use self::{
    allowlist::{AllowedRedirect, RedirectAllowlist},
    catalogue::KnownClient,
    entry::{EntryError, EntryErrors, EntryFault},
    error::{RedirectError, RedirectErrorKind},
    layer::RedirectLayer,
    loopback::LoopbackHost,
    rule::RedirectRule,
    service::Redirect,
};
