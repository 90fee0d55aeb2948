//! The OAuth front door: lets any MCP client sign in with Entra (feature `proxy`).
//!
//! Entra knows no dynamic registration, no RFC 8414 document and no resource indicator, so a client that follows the
//! specification cannot sign in to a server behind it. This is an authorization server of its own towards clients and one app
//! towards Entra: it ends every flow at its own callback, and hands out codes and refresh tokens of its own. The access token
//! is Entra's, for this server's API; nothing about its verification changes.

mod api_scopes;
mod authorize;
mod callback;
mod client;
mod code;
mod consent;
mod cookie;
mod error;
mod flow;
mod issuer;
mod metadata;
mod parameters;
mod pkce;
mod register;
mod respond;
mod sealed;
mod session;
mod step_up;
mod token;
mod upstream;
mod wanted;
