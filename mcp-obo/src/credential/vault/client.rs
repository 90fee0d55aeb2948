//! Requests to a vault, each with a token, and what their answers mean.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use mcp_auth_layer::{
    clock::{Clock, SystemClock},
    fetch::HttpClient,
};
use serde_json::Value;

use super::{VaultDenial, VaultError, VaultOperation, address::VaultAddress, tenant};
use crate::{AccessToken, TokenSource, error::ExchangeError, retry_after, www_authenticate};

/// One operation with its token: a vault answers in a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate with its chain and key is a tenth of it.
const MAX_ANSWER: usize = 256 * 1024;

/// What a vault is asked: once, or twice with another token.
struct Question<'a> {
    operation: VaultOperation,
    method: Method,
    uri: &'a Uri,
    body: Bytes,
}

/// Asks one vault as one identity.
#[derive(Clone)]
pub(super) struct VaultClient {
    address: VaultAddress,
    http: HttpClient,
    tokens: Arc<dyn TokenSource>,
}

impl VaultClient {
    pub(super) fn new(address: VaultAddress, http: HttpClient, tokens: Arc<dyn TokenSource>) -> Self {
        Self { address, http, tokens }
    }

    pub(super) const fn address(&self) -> &VaultAddress {
        &self.address
    }

    pub(super) async fn get(&self, operation: VaultOperation, uri: &Uri) -> Result<Value, VaultError> {
        self.in_time(Question { operation, method: Method::GET, uri, body: Bytes::new() }).await
    }

    pub(super) async fn post(&self, operation: VaultOperation, uri: &Uri, body: &Value) -> Result<Value, VaultError> {
        self.in_time(Question { operation, method: Method::POST, uri, body: body.to_string().into() }).await
    }

    async fn in_time(&self, question: Question<'_>) -> Result<Value, VaultError> {
        let late = VaultError::Late { after: PATIENCE };
        tokio::time::timeout(PATIENCE, self.ask(question)).await.unwrap_or(Err(late))
    }

    async fn ask(&self, question: Question<'_>) -> Result<Value, VaultError> {
        let target = self.address.target();
        let token = self.tokens.token(target).await.map_err(no_token)?;
        let mut answer = self.send(&question, &token).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            // Ended early, or revoked: continuous access evaluation says so with claims for the next one.
            self.tokens.invalidate(target, &token);
            let renewed = match www_authenticate::claims(answer.headers()) {
                Some(claims) => self.tokens.token_with_claims(target, claims.as_str()).await,
                None => self.tokens.token(target).await,
            };
            answer = self.send(&question, &renewed.map_err(no_token)?).await?;
        }
        read(question.operation, &answer)
    }

    async fn send(&self, question: &Question<'_>, token: &AccessToken) -> Result<Response<Bytes>, VaultError> {
        let unsendable = |_| VaultError::Answer { why: "no request can be made of it" };
        let request = Request::builder()
            .method(&question.method)
            .uri(question.uri)
            .header(header::AUTHORIZATION, token.to_header().map_err(|why| unsendable(why.into()))?)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(question.body.clone())
            .map_err(unsendable)?;
        self.http.send(request).await.map_err(|source| VaultError::Unreachable { source })
    }
}

impl fmt::Debug for VaultClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultClient").field("address", &self.address).field("tokens", &self.tokens).finish()
    }
}

fn no_token(source: ExchangeError) -> VaultError {
    VaultError::Token { source }
}

fn read(operation: VaultOperation, answer: &Response<Bytes>) -> Result<Value, VaultError> {
    match answer.status() {
        StatusCode::OK if answer.body().len() > MAX_ANSWER => Err(VaultError::Answer { why: "it is too large" }),
        StatusCode::OK => {
            serde_json::from_slice(answer.body()).map_err(|_| VaultError::Answer { why: "it is not JSON" })
        }
        StatusCode::UNAUTHORIZED => Err(VaultError::Unauthorized { tenant: tenant::accepted(answer.headers()) }),
        StatusCode::FORBIDDEN => Err(VaultError::Forbidden { operation, denial: denial(answer.body()) }),
        StatusCode::NOT_FOUND => Err(VaultError::NotFound { operation }),
        StatusCode::TOO_MANY_REQUESTS => {
            Err(VaultError::Throttled { retry_after: retry_after::read(answer.headers(), SystemClock.now()) })
        }
        other => Err(VaultError::Status { operation, status: other.as_u16() }),
    }
}

/// The code within says more than the one around it, which is always `Forbidden`.
fn denial(body: &[u8]) -> VaultDenial {
    let body: Value =
        if body.len() > MAX_ANSWER { Value::Null } else { serde_json::from_slice(body).unwrap_or_default() };
    body["error"]["innererror"]["code"].as_str().map_or(VaultDenial::Other, VaultDenial::of)
}
