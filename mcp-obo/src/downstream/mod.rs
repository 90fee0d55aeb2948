//! Calls a downstream API as somebody, and copes with what such APIs answer.
//!
//! 1. A request goes to the API's base or nowhere: no token leaves for another origin, or another part of that one. A `Host`
//!    that was set by hand is dropped.
//! 2. It carries the token of the identity that is named; a credential that was set by hand is replaced.
//! 3. A 401 with a claims challenge (continuous access evaluation) is answered by one exchange with these claims and one
//!    repetition; a plain 401 by one new token and one repetition. A challenge after that is the user's to satisfy:
//!    [`DownstreamError::Challenge`], whose [`rejection`](DownstreamError::rejection) is a step-up.
//! 4. `Retry-After` is passed on as [`DownstreamError::Paused`] and never slept on.
//! 5. Every other status is the caller's to read. Nothing is repeated but what a 401 proves to have had no effect.
//!
//! # What a failure becomes
//! | [`DownstreamError`] | the caller sees |
//! |---|---|
//! | `Exchange` | as the [exchange's](crate::ExchangeErrorKind) |
//! | `Challenge` | 401 `insufficient_claims` with the API's claims |
//! | `Paused`, `Renewed`, `Transport`, `Status`, `UnreadablePage` | 503 with `Retry-After` |
//! | `ForeignAddress`, `ForeignLink`, `TooManyPages`, `Identity`, `Token` | 500; the operator reads the log |
//!
//! # Example
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use mcp_auth_layer::{config::ConfigError, fetch::{FetchLimits, HttpClient}};
//! use mcp_obo::{Downstream, DownstreamError, OnBehalfOf, Target};
//!
//! fn graph() -> Result<Downstream, ConfigError> {
//!     let http = HttpClient::reqwest(FetchLimits::default())?;
//!     Downstream::new(http, Target::graph(), "https://graph.microsoft.com/v1.0")
//! }
//!
//! async fn me(graph: &Downstream, user: &OnBehalfOf) -> Result<Bytes, DownstreamError> {
//!     let request = Request::get("/me").body(Bytes::new()).expect("a constant path");
//!     Ok(graph.call(user, request).await?.into_body())
//! }
//! # assert!(graph().is_ok());
//! # let http = HttpClient::reqwest(FetchLimits::default()).expect("roots");
//! assert!(Downstream::new(http, Target::graph(), "http://graph.microsoft.com/v1.0").is_err()); // not https
//! ```

mod agent;
mod base;
mod error;
mod form;
mod layer;
mod lent;
mod pages;
mod repeat;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::{clock::Clock, config::ConfigError, fetch::HttpClient};

use self::agent::{Agent, Client};
pub use self::{
    agent::request_id,
    error::{DownstreamError, IdentityFault},
    form::TokenForm,
    layer::{AttachToken, DownstreamLayer},
    lent::LentToken,
    pages::Pages,
    repeat::{Repeating, Repetition, Streaming},
};
use crate::{target::Target, token_source::TokenSource};

/// A downstream API, seen from here; see the [module docs](self).
///
/// Cloning is cheap.
///
/// # Defaults
/// The operating system's clock, for `Retry-After` as a date. Tokens are sent as [`TokenForm::Bearer`].
#[derive(Clone, Debug)]
pub struct Downstream(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    agent: Agent,
    http: HttpClient,
}

impl Downstream {
    /// Calls the API at `base_url` with tokens of `target`.
    ///
    /// The client must follow no redirect, as [`HttpClient`] says.
    ///
    /// # Errors
    /// [`ConfigError::Url`] unless the base is https, or http on loopback, plainly spelled and without credentials, query,
    /// fragment and dot segments.
    pub fn new(http: HttpClient, target: Target, base_url: &str) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Inner { agent: Agent::new(target, base_url)?, http })))
    }

    /// Uses another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.0).agent.clock = Arc::new(clock);
        self
    }

    /// Sends tokens in this form.
    #[must_use]
    pub fn with_token_form(mut self, form: TokenForm) -> Self {
        Arc::make_mut(&mut self.0).agent.form = form;
        self
    }

    /// Returns what tokens are asked for.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.0.agent.target
    }

    /// Returns the API's base, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.0.agent.base.as_str()
    }

    /// Sends one request as `who`.
    ///
    /// A path alone, such as `/me`, stands below the base; a whole address must be below it. A `client-request-id` that is a
    /// GUID is passed on, so that an incoming one can be followed; anything else in its place is replaced.
    ///
    /// # Errors
    /// [`DownstreamError`]; its [`rejection`](DownstreamError::rejection) says what becomes of it.
    pub async fn call(
        &self,
        who: &dyn TokenSource,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, DownstreamError> {
        self.0.agent.call::<Repeating, _, _>(who, request, &self.0.http).await
    }
}

impl Client<Bytes> for &HttpClient {
    type Body = Bytes;

    async fn send(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, DownstreamError> {
        HttpClient::send(self, request).await.map_err(|error| DownstreamError::Transport(error.into()))
    }
}
