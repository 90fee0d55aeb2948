//! An identity as a credential of the Azure SDK, so that every one of its clients can be called as a user or as this service.
//!
//! Every SDK client takes an `Arc<dyn TokenCredential>`; [`ActingCredential`] is one. [`transport`] lets the same clients go
//! through this service's own network, and [`transport_to`] through a [`Downstream`], with all that this does: no token leaves
//! for another host, not even where a page's link leads, and a claims challenge is answered. [`failure`] reads what an SDK
//! client failed with.

mod failed;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient as AzureClient, Request, Transport},
    time::OffsetDateTime,
};
use mcp_auth_layer::fetch::HttpClient;

pub use self::failed::failure;
use crate::{
    azure_http,
    downstream::{Downstream, DownstreamError},
    error::ExchangeError,
    target::Target,
    token_source::TokenSource,
};

/// The identity of one request, as an Azure SDK client wants its credential.
///
/// It is a user, by [`OnBehalfOf`](crate::OnBehalfOf), or this service itself, by [`HostingIdentity`](crate::HostingIdentity).
///
/// The scopes that a client asks for must be those of a target that the source declares; anything else is refused before Entra
/// is asked. The SDK can hand on no claims challenge (`azure_core` 1.1 has no place for one), so a token that was revoked
/// downstream ends in the SDK's own error, unless the client goes through [`transport_to`].
///
/// # Deployment caveat
/// An SDK client keeps the token that it got. Make a client for each request; one that outlives it would serve the next user
/// with the first one's token.
#[derive(Clone)]
pub struct ActingCredential(Arc<dyn TokenSource>);

impl ActingCredential {
    /// Acts as this identity.
    #[must_use]
    pub fn new(who: Arc<dyn TokenSource>) -> Self {
        Self(who)
    }
}

#[async_trait]
impl TokenCredential for ActingCredential {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let target = Target::parse(&scopes.join(" ")).map_err(|why| refused(why.to_string(), why))?;
        let token = self.0.token(&target).await.map_err(explained)?;
        let end = i64::try_from(token.expires_at().as_secs()).ok();
        let end = end.and_then(|end| OffsetDateTime::from_unix_timestamp(end).ok());
        let end =
            end.ok_or_else(|| azure_core::Error::with_message(ErrorKind::Credential, "the token's end is no date"))?;
        Ok(AccessToken::new(Secret::new(token.expose_secret().to_owned()), end))
    }
}

impl fmt::Debug for ActingCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActingCredential(..)")
    }
}

/// Makes a transport for the `ClientOptions` of SDK clients, over this HTTP client.
///
/// Its bounds are the client's: whole bodies, no redirects, https outside loopback. A streamed request body is refused.
#[must_use]
pub fn transport(http: &HttpClient) -> Transport {
    Transport::new(Arc::new(OverHttp(http.clone())))
}

#[derive(Debug)]
struct OverHttp(HttpClient);

#[async_trait]
impl AzureClient for OverHttp {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.0.send(azure_http::request(request)?).await.map_err(azure_http::unreachable)?;
        Ok(azure_http::response(response))
    }
}

/// Makes a transport for the `ClientOptions` of an SDK client that calls one API, at its base, as `who`.
///
/// The client's own token, if it has one by then, is replaced by one of `who`'s for the API's target; nothing is sent anywhere
/// but below the base. What [`Downstream::call`] fails with is the source of the SDK's error: [`failure`] finds it.
///
/// # Deployment caveat
/// The identity is a part of the transport. Make a client for each request.
#[must_use]
pub fn transport_to(api: &Downstream, who: Arc<dyn TokenSource>) -> Transport {
    Transport::new(Arc::new(ToApi { api: api.clone(), who }))
}

#[derive(Debug)]
struct ToApi {
    api: Downstream,
    who: Arc<dyn TokenSource>,
}

#[async_trait]
impl AzureClient for ToApi {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.api.call(&*self.who, azure_http::request(request)?).await;
        answer.map(azure_http::response).map_err(unanswered)
    }
}

/// Only what another attempt may cure is an `Io` error, which the SDK tries again.
fn unanswered(error: DownstreamError) -> azure_core::Error {
    let kind = match &error {
        DownstreamError::Exchange(_) => ErrorKind::Credential,
        DownstreamError::Transport(_) if error.fault().is_some() => ErrorKind::Io,
        _ => ErrorKind::Other,
    };
    azure_core::Error::new(kind, error)
}

/// Says in the SDK's error what happened and what helps; the [`ExchangeError`] is its source, for whoever raises it.
fn explained(error: ExchangeError) -> azure_core::Error {
    refused(format!("{error}: {}", error.advice()), error)
}

/// The SDK does not repeat what a credential refused.
fn refused<E: std::error::Error + Send + Sync + 'static>(message: String, why: E) -> azure_core::Error {
    azure_core::Error::with_error(ErrorKind::Credential, why, message)
}
