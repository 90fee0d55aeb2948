//! The caller as an argument of an axum handler (feature `axum`).
//!
//! | extractor | gives | refuses |
//! |---|---|---|
//! | [`Caller`] | whoever the bearer layer let in | 500 without a bearer layer |
//! | [`VerifiedToken`] | the verified caller | 401 for a caller whom a hatch let in |
//! | [`Scoped<S>`] | a verified user with the scopes of `S` | 403 that names them |
//! | `Option<…>` of these | the same, or nothing | nothing |
//!
//! Refusals are raised as a [`Rejection`], which the bearer layer renders.
//!
//! # Example
//! ```
//! use axum::{Router, routing::post};
//! use mcp_auth_layer::{BearerLayer, EntraApp, extract::{RequiredScopes, Scoped}};
//!
//! struct Write;
//! impl RequiredScopes for Write {
//!     const ALL: &'static [&'static str] = &["Posts.ReadWrite"];
//! }
//!
//! async fn publish(caller: Scoped<Write>) -> String {
//!     format!("published by {}", caller.token().claims().object_id().unwrap_or_default())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let router: Router = Router::new().route("/posts", post(publish)).layer(BearerLayer::new(&app));
//! # let _ = router; Ok(()) }
//! ```

use std::{fmt, marker::PhantomData};

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{bearer::Caller, policy::ScopePolicy, reject::Rejection, token::VerifiedToken};

/// Scopes that a handler needs, as a type.
pub trait RequiredScopes {
    /// Their names, as they stand in `scp`; all are needed. An empty list does not compile where it is used.
    const ALL: &'static [&'static str];
}

/// A verified user who has the scopes of `S`.
pub struct Scoped<S> {
    token: VerifiedToken,
    scopes: PhantomData<fn() -> S>,
}

impl<S> Scoped<S> {
    /// Returns the verified token.
    #[must_use]
    pub const fn token(&self) -> &VerifiedToken {
        &self.token
    }
}

impl<S> Clone for Scoped<S> {
    fn clone(&self) -> Self {
        Self { token: self.token.clone(), scopes: PhantomData }
    }
}

impl<S> fmt::Debug for Scoped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("token", &self.token).finish()
    }
}

impl<S: RequiredScopes> Scoped<S> {
    fn of(token: &VerifiedToken) -> Result<Self, Rejection> {
        const { assert!(!S::ALL.is_empty(), "a handler that needs no scope takes a VerifiedToken") };
        // A malformed name is the service's mistake, and no caller has such a scope.
        let policy = ScopePolicy::all(S::ALL.iter().copied()).map_err(|why| {
            tracing::error!(%why, "the scopes of an extractor are malformed");
            Rejection::Misconfigured
        })?;
        policy.judge(token.principal())?;
        Ok(Self { token: token.clone(), scopes: PhantomData })
    }
}

fn verified(parts: &Parts) -> Result<&VerifiedToken, Rejection> {
    Caller::from_extensions(&parts.extensions)?.verified().ok_or(Rejection::NoCredentials)
}

/// Whom there is, if anybody; a missing bearer layer stays a mistake.
fn optional<T>(found: Result<T, Rejection>) -> Result<Option<T>, Rejection> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(why @ (Rejection::NotWired { .. } | Rejection::Misconfigured)) => Err(why),
        Err(_) => Ok(None),
    }
}

impl<State: Sync> FromRequestParts<State> for Caller {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Rejection> {
        Self::from_extensions(&parts.extensions).cloned()
    }
}

impl<State: Sync> FromRequestParts<State> for VerifiedToken {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Rejection> {
        verified(parts).cloned()
    }
}

impl<State: Sync> OptionalFromRequestParts<State> for VerifiedToken {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Option<Self>, Rejection> {
        optional(verified(parts).cloned())
    }
}

impl<State: Sync, S: RequiredScopes> FromRequestParts<State> for Scoped<S> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Rejection> {
        Self::of(verified(parts)?)
    }
}

impl<State: Sync, S: RequiredScopes> OptionalFromRequestParts<State> for Scoped<S> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Option<Self>, Rejection> {
        optional(verified(parts).and_then(Self::of))
    }
}

#[cfg(test)]
mod tests;
