//! The token endpoint as a `tower::Service`: one POST, no redirects, a deadline.
//!
//! [`Exchange`](crate::Exchange) is this behind its caches, and what most services want. Alone it is a request to Entra for
//! each call:
#![cfg_attr(feature = "reqwest", doc = "```")]
#![cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
//! use mcp_auth_layer::{EntraApp, VerifiedToken};
//! use mcp_obo::{AccessToken, ClientSecret, ExchangeError, Target, TokenRequest, token_endpoint::TokenEndpoint};
//! use tower::ServiceExt;
//!
//! async fn uncached(app: &EntraApp, secret: ClientSecret, user: &VerifiedToken) -> Result<AccessToken, ExchangeError> {
//!     let request = TokenRequest::on_behalf_of(user, &Target::graph())?;
//!     let answer = TokenEndpoint::new(app, secret).oneshot(request).await?;
//!     Ok(answer.access_token().clone())
//! }
//! # let _ = uncached;
//! ```

mod breaker;
mod retry;
#[cfg(test)]
mod tests;

use std::{
    error::Error,
    fmt,
    future::Future,
    num::NonZeroUsize,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Uri, header};
use mcp_auth_layer::{
    EntraApp,
    authority::Unavailable,
    fetch::{FetchError, HttpClient, TransportFault},
    principal::UserId,
};
use tokio::time::Instant;
use tower::{ServiceExt as _, retry::Retry};
use tower_service::Service;
use tracing::Instrument as _;
use uuid::Uuid;

use self::{
    breaker::{Breaker, Fault},
    retry::OnceMore,
};
use crate::{
    answer::{self, TokenAnswer},
    credential::{ClientAuth, ClientContext, ClientCredential, ClientCredentials, CredentialError},
    error::{ExchangeError, ExchangeErrorKind, Failure, Report},
    grant::TokenRequest,
};

/// The token endpoint of the app's tenant.
///
/// Cloning is cheap, and clones share limit and breaker. Always ready: waiting is a part of the call.
///
/// # Defaults
/// 15 s for everything: discovery, credential, attempts and waiting. 5 s for a credential to be ready while another one waits
/// behind it. 128 requests at a time; the next one waits 5 s for its turn. One more attempt, half
/// a second to one and a half later, after an answer of 500 and above without `Retry-After` or a connection that was refused
/// or broke, if it begins within 8 s. After five connections in a row that could not be made, or five users in a row who got
/// no usable answer, nobody asks for 5 s; then one request tries, and when it fails the pause is doubled, up to 60 s. Failures
/// that lie more than 60 s apart are not in a row.
#[derive(Clone)]
pub struct TokenEndpoint {
    app: EntraApp,
    http: HttpClient,
    credentials: ClientCredentials,
    capabilities: Arc<[Box<str>]>,
    breaker: Arc<Breaker>,
}

const DEADLINE: Duration = Duration::from_secs(15);

/// How long a credential has while another one waits behind it.
const TURN_OF_CREDENTIAL: Duration = Duration::from_secs(5);

/// What is left of the deadline for the request itself when the last credential takes all the time it can.
const RESERVE: Duration = Duration::from_secs(2);

/// So many that no honest load waits, so few that a slow endpoint does not eat all sockets.
const AT_A_TIME: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(5);

impl TokenEndpoint {
    /// Addresses the endpoint that discovery gives for the app's tenant, as this app.
    #[must_use]
    pub fn new(app: &EntraApp, credential: impl Into<ClientCredentials>) -> Self {
        let http = app.http().clone().with_concurrency(AT_A_TIME, TURN);
        let credentials = credential.into();
        Self { app: app.clone(), http, credentials, capabilities: Arc::new([]), breaker: Arc::default() }
    }

    pub(crate) fn with_capabilities(mut self, capabilities: &[&str]) -> Self {
        self.capabilities = capabilities.iter().map(|name| (*name).into()).collect();
        self
    }

    pub(crate) fn app(&self) -> &EntraApp {
        &self.app
    }

    pub(crate) fn capabilities(&self) -> &[Box<str>] {
        &self.capabilities
    }

    pub(crate) fn credentials(&self) -> &ClientCredentials {
        &self.credentials
    }

    /// Sends a request, in a span of its own: whatever is logged meanwhile has the id that finds it in the sign-in logs.
    pub(crate) async fn exchange(self, request: TokenRequest) -> Result<TokenAnswer, ExchangeError> {
        // One id for all attempts: the sign-in logs then show them together.
        let id: Arc<str> = Uuid::new_v4().to_string().into();
        let resource = request.target().resource().to_owned();
        let span = tracing::info_span!(target: TRACE, "token request", resource, client_request_id = &*id);
        self.named(request, id).instrument(span).await
    }

    async fn named(self, request: TokenRequest, id: Arc<str>) -> Result<TokenAnswer, ExchangeError> {
        let tenant = request.tenant().cloned();
        let failure = match self.admitted(request, &id).await {
            Ok(answer) => {
                tracing::debug!(target: TRACE, scope = ?answer.scope(), client_request_id = &*id, "token granted");
                return Ok(answer.with_correlation_id(id));
            }
            Err(failure) => failure,
        };
        let mut failure = Failure { tenant, ..failure };
        failure.report.correlation_id.get_or_insert_with(|| (*id).into());
        let error = ExchangeError::from(failure);
        report(&error, &id);
        Err(error)
    }

    /// Asks if the breaker lets it, and tells the breaker what came of it.
    async fn admitted(&self, request: TokenRequest, id: &Arc<str>) -> Result<TokenAnswer, Failure> {
        let leave = self.breaker.admit().map_err(|open| {
            let retry_after = Some(open.retry_after);
            let report = Box::new(Report { not_asked: true, ..Report::default() });
            Failure { retry_after, report, ..Failure::new(ExchangeErrorKind::Unavailable) }.because(open)
        })?;
        let user = request.user().cloned();
        let until = Instant::now() + (DEADLINE - RESERVE);
        let attempt = tower::service_fn(|request: TokenRequest| {
            let (endpoint, id) = (self.clone(), Arc::clone(id));
            async move { endpoint.attempts(&request, &id, until).await }
        });
        let attempts = Retry::new(OnceMore::until(until - TURN_OF_CREDENTIAL), attempt).oneshot(request);
        let outcome = tokio::time::timeout(DEADLINE, attempts).await.unwrap_or_else(|late| Err(late_answer(late)));
        match &outcome {
            Err(failure) => match fault(failure, user.as_ref()) {
                Verdict::Failed(fault) => leave.failed(fault),
                Verdict::Answered => leave.answered(),
                Verdict::NotAsked => drop(leave),
            },
            Ok(_) => leave.answered(),
        }
        outcome
    }

    async fn attempts(&self, request: &TokenRequest, id: &str, until: Instant) -> Result<TokenAnswer, Failure> {
        let endpoints = self.app.authority().endpoints().await.map_err(|why| {
            let retry_after = Some(why.retry_after());
            Failure { retry_after, ..Failure::new(ExchangeErrorKind::Unavailable) }.because(why)
        })?;
        // Always the tenant that issued the assertion: `organizations` would mean a guest's home tenant, which this app knows
        // nothing of.
        let own = match request.tenant() {
            Some(tenant) => endpoints.of_tenant(tenant),
            None => Some((*endpoints).clone()),
        };
        let own = own.filter(|own| request.assertion().is_none_or(|token| own.is_issuer(token.issuer())));
        let Some(endpoints) = own else {
            return Err(Failure::new(ExchangeErrorKind::Configuration).because(OtherIssuer));
        };
        let uri: Uri = endpoints
            .token_endpoint()
            .parse()
            .map_err(|why: http::uri::InvalidUri| Failure::new(ExchangeErrorKind::Configuration).because(why))?;
        let mut refused = None;
        let mut candidates = self.credentials.in_order(self.app.clock().now()).peekable();
        while let Some(candidate) = candidates.next() {
            let left = until.saturating_duration_since(Instant::now());
            let patience = if candidates.peek().is_some() { left.min(TURN_OF_CREDENTIAL) } else { left };
            let credential = Presented { credential: candidate.credential(), until: Instant::now() + patience };
            match self.attempt(&credential, &uri, request, id).await {
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
        presented: &Presented<'_>,
        uri: &Uri,
        request: &TokenRequest,
        id: &str,
    ) -> Result<TokenAnswer, Failure> {
        let client = ClientContext::new(self.app.client_id(), uri, self.app.clock().now());
        let auth = presented.proof(&client).await?;
        let refused = match self.post(uri, request, &auth, id).await {
            Err(failure) if failure.is_of_credential() => failure,
            settled => return settled,
        };
        presented.credential.refused(&auth);
        let renewed = presented.proof(&client).await?;
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
        let response = self.http.send(post).await.map_err(unreachable)?;
        answer::read(&response, self.app.clock().now())
    }
}

/// A credential, and until when it may take its time.
struct Presented<'a> {
    credential: &'a dyn ClientCredential,
    until: Instant,
}

impl Presented<'_> {
    /// One that hangs must neither keep the others from their turn nor pass for an endpoint that does not answer.
    async fn proof(&self, client: &ClientContext<'_>) -> Result<ClientAuth, Failure> {
        let begun = Instant::now();
        let proof = tokio::time::timeout_at(self.until, self.credential.authenticate(client)).await;
        proof.unwrap_or_else(|_| Err(CredentialError::Late { after: begun.elapsed() })).map_err(unpresentable)
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

/// What a failure says about the endpoint.
enum Verdict<'a> {
    Failed(Fault<'a>),
    Answered,
    NotAsked,
}

fn fault<'a>(failure: &Failure, user: Option<&'a UserId>) -> Verdict<'a> {
    use TransportFault::{ConnectTimeout, Dns, Proxy, Refused, TlsOther, TlsUntrusted};
    if failure.kind != ExchangeErrorKind::Unavailable {
        // A credential that could not be made was never shown to anybody.
        let asked =
            failure.source.as_ref().is_none_or(|source| !source.is::<CredentialError>() && !source.is::<OtherIssuer>());
        return if asked { Verdict::Answered } else { Verdict::NotAsked };
    }
    let Some(source) = &failure.source else { return Verdict::Failed(Fault::Answer(user)) };
    match source.downcast_ref::<FetchError>() {
        // Discovery has a pause of its own.
        None if source.is::<Unavailable>() => Verdict::NotAsked,
        None => Verdict::Failed(Fault::Answer(user)),
        Some(FetchError::Busy { .. }) => Verdict::NotAsked,
        Some(fetch) => Verdict::Failed(match fetch.fault() {
            Some(ConnectTimeout | Dns | Proxy | Refused | TlsOther | TlsUntrusted) => Fault::Connection,
            _ => Fault::Answer(user),
        }),
    }
}

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
        "a credential of this app failed; the next one, if there is one, is tried, and this one again in ten minutes",
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
