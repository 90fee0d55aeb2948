//! The token endpoint as a `tower::Service`: one POST, no redirects, a deadline.

#[cfg(test)]
mod tests;

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Uri, header};
use mcp_auth_layer::{
    EntraApp,
    fetch::{FetchError, TransportFault},
};
use tower_service::Service;
use uuid::Uuid;

use crate::{
    answer::{self, TokenAnswer},
    credential::{ClientAuth, ClientContext, ClientCredential, ClientCredentials, CredentialError},
    error::{ExchangeError, ExchangeErrorKind, Failure},
    grant::TokenRequest,
};

/// The token endpoint of the app's tenant.
///
/// Cloning is cheap. Always ready: a limit or a time-out of your own belongs into the `HttpClient` of the `EntraApp`.
#[derive(Clone)]
pub struct TokenEndpoint {
    app: EntraApp,
    credentials: ClientCredentials,
    capabilities: Arc<[Box<str>]>,
}

/// Discovery, credential and, after a refused credential, the second attempt included.
const DEADLINE: Duration = Duration::from_secs(15);

impl TokenEndpoint {
    /// Addresses the endpoint that discovery gives for the app's tenant, as this app.
    #[must_use]
    pub fn new(app: &EntraApp, credential: impl Into<ClientCredentials>) -> Self {
        Self { app: app.clone(), credentials: credential.into(), capabilities: Arc::new([]) }
    }

    pub(crate) fn with_capabilities(mut self, capabilities: &[&str]) -> Self {
        self.capabilities = capabilities.iter().map(|name| (*name).into()).collect();
        self
    }

    pub(crate) fn app(&self) -> &EntraApp {
        &self.app
    }

    /// Sends a request.
    pub(crate) async fn exchange(self, request: TokenRequest) -> Result<TokenAnswer, ExchangeError> {
        // One id for all attempts: the sign-in logs then show them together.
        let id = Uuid::new_v4().to_string();
        let attempts = tokio::time::timeout(DEADLINE, self.attempts(&request, &id));
        let failure = match attempts.await {
            Ok(Ok(answer)) => {
                tracing::debug!(target: TRACE, scope = ?answer.scope(), client_request_id = id, "token granted");
                return Ok(answer);
            }
            Ok(Err(failure)) => failure,
            Err(late) => late_answer(late),
        };
        let mut failure = Failure { tenant: Some(request.user().tenant().clone()), ..failure };
        failure.report.correlation_id.get_or_insert_with(|| id.as_str().into());
        let error = ExchangeError::from(failure);
        report(&error, &id);
        Err(error)
    }

    async fn attempts(&self, request: &TokenRequest, id: &str) -> Result<TokenAnswer, Failure> {
        let endpoints = self.app.authority().endpoints().await.map_err(|why| {
            let retry_after = Some(why.retry_after());
            Failure { retry_after, ..Failure::new(ExchangeErrorKind::Unavailable) }.because(why)
        })?;
        // Always the tenant that issued the assertion: `organizations` would mean a guest's home tenant, which this app knows
        // nothing of.
        let own = endpoints.of_tenant(request.user().tenant()).filter(|own| own.is_issuer(request.issuer()));
        let Some(endpoints) = own else {
            return Err(Failure::new(ExchangeErrorKind::Configuration).because(OtherIssuer));
        };
        let uri: Uri = endpoints
            .token_endpoint()
            .parse()
            .map_err(|why: http::uri::InvalidUri| Failure::new(ExchangeErrorKind::Configuration).because(why))?;
        let mut refused = None;
        for candidate in self.credentials.in_order(self.app.clock().now()) {
            match self.attempt(candidate.credential(), &uri, request, id).await {
                Err(failure) if failure.is_of_credential() => {
                    candidate.set_back(self.app.clock().now());
                    set_back(candidate.credential(), &failure, id);
                    // The first one's reason: the others are there for the case that it fails.
                    refused.get_or_insert(failure);
                }
                settled => {
                    candidate.accepted();
                    return settled;
                }
            }
        }
        Err(refused.unwrap_or_else(|| Failure::new(ExchangeErrorKind::ClientCredential)))
    }

    /// Tries one credential, once more if it has another proof after a refusal.
    async fn attempt(
        &self,
        credential: &dyn ClientCredential,
        uri: &Uri,
        request: &TokenRequest,
        id: &str,
    ) -> Result<TokenAnswer, Failure> {
        let client = ClientContext::new(self.app.client_id(), uri, self.app.clock().now());
        let auth = credential.authenticate(&client).await.map_err(unpresentable)?;
        let refused = match self.post(uri, request, &auth, id).await {
            Err(failure) if failure.is_of_credential() => failure,
            settled => return settled,
        };
        credential.refused(&auth);
        let renewed = credential.authenticate(&client).await.map_err(unpresentable)?;
        // Sending the same again would only count as one more failed sign-in of this app.
        if renewed.is_the_same(&auth) { Err(refused) } else { self.post(uri, request, &renewed, id).await }
    }

    async fn post(
        &self,
        uri: &Uri,
        request: &TokenRequest,
        auth: &ClientAuth,
        id: &str,
    ) -> Result<TokenAnswer, Failure> {
        let form = request.form(self.app.client_id(), auth, &self.capabilities);
        let post = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .header("client-request-id", id)
            .header("return-client-request-id", "true")
            .body(Bytes::from(form))
            .map_err(|why| Failure::new(ExchangeErrorKind::Configuration).because(why))?;
        let response = self.app.http().send(post).await.map_err(unreachable)?;
        answer::read(&response, self.app.clock().now())
    }
}

impl Service<TokenRequest> for TokenEndpoint {
    type Response = TokenAnswer;
    type Error = ExchangeError;
    type Future = Pin<Box<dyn Future<Output = Result<TokenAnswer, ExchangeError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ExchangeError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: TokenRequest) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint").field("app", &self.app).field("credentials", &self.credentials).finish()
    }
}

/// The token was issued by a tenant, or in a cloud, that this app is not configured for; it is not shown to another.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the user's token comes from another tenant or cloud than the app's")]
struct OtherIssuer;

/// No answer before the deadline.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", DEADLINE.as_secs())]
struct Late(#[source] tokio::time::error::Elapsed);

fn late_answer(late: tokio::time::error::Elapsed) -> Failure {
    unreachable(FetchError::Transport { fault: TransportFault::Timeout, source: Late(late).into() })
}

fn unreachable(why: FetchError) -> Failure {
    // Plain http outside loopback or an address that is none: waiting does not cure it.
    let kind = match why {
        FetchError::PlainHttp | FetchError::Address => ExchangeErrorKind::Configuration,
        _ => ExchangeErrorKind::Unavailable,
    };
    Failure::new(kind).because(why)
}

fn unpresentable(why: CredentialError) -> Failure {
    Failure::new(ExchangeErrorKind::ClientCredential).because(why)
}

/// One line per credential that failed, because another one may hide it.
fn set_back(credential: &dyn ClientCredential, failure: &Failure, client_request_id: &str) {
    tracing::warn!(
        target: TRACE,
        credential = credential.status().kind().as_str(),
        aadsts = failure.report.aadsts,
        client_request_id,
        cause = failure.source.as_ref().map(tracing::field::display),
        advice = failure.advice.unwrap_or(failure.kind.advice()),
        "a credential of this app failed; the next one is tried, and this one again in ten minutes",
    );
}

const TRACE: &str = "mcp_obo::token_endpoint";

/// One line for the operator, with the ids by which Entra's sign-in logs find the request.
fn report(error: &ExchangeError, client_request_id: &str) {
    tracing::warn!(
        target: TRACE,
        kind = error.kind().as_str(),
        aadsts = error.aadsts_code(),
        trace_id = error.trace_id(),
        correlation_id = error.correlation_id(),
        client_request_id,
        cause = error.source().map(tracing::field::display),
        entra = error.diagnostic(),
        advice = error.advice(),
        "no token",
    );
}
