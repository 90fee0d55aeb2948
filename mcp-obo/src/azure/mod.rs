//! A user as a credential of the Azure SDK, so that every one of its clients can be called on behalf of that user.
//!
//! Every SDK client takes an `Arc<dyn TokenCredential>`; [`OnBehalfOfCredential`] is one. [`transport`] lets the same clients go
//! through this service's own network.

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

use crate::{azure_http, error::ExchangeError, on_behalf_of::OnBehalfOf, target::Target};

/// The user of one request, as an Azure SDK client wants its credential.
///
/// The scopes that a client asks for must be those of a target that the [`Exchange`](crate::Exchange) declares; anything else is
/// refused before Entra is asked. The SDK can hand on no claims challenge (`azure_core` 1.1 has no place for one), so a token that
/// was revoked downstream ends in the SDK's own error; the handle's
/// [`token_with_claims`](OnBehalfOf::token_with_claims) is there for whoever reads the challenge.
///
/// # Deployment caveat
/// An SDK client keeps the token that it got. Make a client for each request; one that outlives it would serve the next user
/// with the first one's token.
#[derive(Clone)]
pub struct OnBehalfOfCredential(OnBehalfOf);

impl OnBehalfOfCredential {
    /// Acts for the user of this handle.
    #[must_use]
    pub const fn new(user: OnBehalfOf) -> Self {
        Self(user)
    }
}

#[async_trait]
impl TokenCredential for OnBehalfOfCredential {
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

impl fmt::Debug for OnBehalfOfCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnBehalfOfCredential(..)")
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

/// Says in the SDK's error what happened and what helps; the [`ExchangeError`] is its source, for whoever raises it.
fn explained(error: ExchangeError) -> azure_core::Error {
    refused(format!("{error}: {}", error.advice()), error)
}

/// The SDK does not repeat what a credential refused.
fn refused<E: std::error::Error + Send + Sync + 'static>(message: String, why: E) -> azure_core::Error {
    azure_core::Error::with_error(ErrorKind::Credential, why, message)
}
