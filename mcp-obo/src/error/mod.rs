//! Why there is no token: one error for callers, operators and code.
//!
//! [`kind`](ExchangeError::kind) is for code, [`rejection`](ExchangeError::rejection) for the caller of this service,
//! [`advice`](ExchangeError::advice) for whoever can cure it. What Entra wrote is never part of any of them.

mod diagnostic;
mod kind;
#[cfg(test)]
mod tests;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use mcp_auth_layer::{
    authority::Unavailable,
    fetch::{FetchError, TransportFault},
    reject::{ForbiddenFault, Rejection, TokenFault},
    tenant::TenantId,
};

pub(crate) use self::diagnostic::Diagnostic;
pub use self::kind::ExchangeErrorKind;

/// Why an exchange gave no token.
///
/// Cloning is cheap: all who waited for one request to Entra share its error.
#[derive(Clone)]
pub struct ExchangeError {
    failure: Arc<Failure>,
    /// Outside the shared part: who is refused later, waits less.
    retry_after: Option<Duration>,
}

/// All that is known about a failure.
pub(crate) struct Failure {
    pub(crate) kind: ExchangeErrorKind,
    /// More precise than the kind's.
    pub(crate) advice: Option<&'static str>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) report: Box<Report>,
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

/// What Entra said besides the kind.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) aadsts: Option<u32>,
    pub(crate) trace_id: Option<Box<str>>,
    pub(crate) correlation_id: Option<Box<str>>,
    pub(crate) claims: Option<String>,
    /// Whether it was the client's proof that was refused, whatever the reason for that means.
    pub(crate) client_refused: bool,
    /// Whether nobody was asked, because the breaker is open.
    pub(crate) not_asked: bool,
    pub(crate) diagnostic: Option<Diagnostic>,
}

impl Failure {
    pub(crate) fn new(kind: ExchangeErrorKind) -> Self {
        Self { kind, advice: None, retry_after: None, tenant: None, report: Box::default(), source: None }
    }

    /// Tells whether another credential of this app may succeed.
    pub(crate) fn is_of_credential(&self) -> bool {
        self.kind == ExchangeErrorKind::ClientCredential || self.report.client_refused
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl ExchangeError {
    /// Returns what code should branch on.
    #[must_use]
    pub fn kind(&self) -> ExchangeErrorKind {
        self.failure.kind
    }

    /// Returns what the caller of this service is told; raise it with [`Rejection::into_response`].
    #[must_use]
    pub fn rejection(&self) -> Rejection {
        match self.kind() {
            ExchangeErrorKind::NoUser => Rejection::NoCredentials,
            ExchangeErrorKind::NotAUser => Rejection::Forbidden(ForbiddenFault::AppOnly),
            ExchangeErrorKind::BlockedByPolicy => Rejection::Forbidden(ForbiddenFault::Policy),
            ExchangeErrorKind::NoDelegatedScope => Rejection::Forbidden(ForbiddenFault::NoDelegatedScope),
            ExchangeErrorKind::StepUp => match self.claims() {
                Some(claims) => Rejection::StepUp { claims: claims.to_owned() },
                // Entra asks for a sign-in and does not say what with: a plain new sign-in is all a client can try.
                None => TokenFault::AssertionRefused.into(),
            },
            ExchangeErrorKind::Consent => match &self.failure.tenant {
                Some(tenant) => Rejection::Consent { tenant: tenant.clone() },
                None => Rejection::Misconfigured,
            },
            ExchangeErrorKind::AssertionRefused => TokenFault::AssertionRefused.into(),
            ExchangeErrorKind::AssertionExpired => TokenFault::AssertionExpired.into(),
            ExchangeErrorKind::Throttled | ExchangeErrorKind::Unavailable => {
                Rejection::Unavailable { retry_after: self.retry_after.unwrap_or(TRY_AGAIN) }
            }
            ExchangeErrorKind::UndeclaredTarget
            | ExchangeErrorKind::ClientCredential
            | ExchangeErrorKind::Configuration => Rejection::Misconfigured,
        }
    }

    /// Returns what cures it and who can do that.
    ///
    /// The sentence may be shown to anybody.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.failure.advice.unwrap_or(self.kind().advice())
    }

    /// Returns when the next attempt makes sense, when anybody said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the claims request that a new sign-in must satisfy, JSON.
    #[must_use]
    pub fn claims(&self) -> Option<&str> {
        self.failure.report.claims.as_deref()
    }

    /// Returns the number of Entra's error, as in `AADSTS65001`.
    ///
    /// A hint for people: Entra may change them.
    #[must_use]
    pub fn aadsts_code(&self) -> Option<u32> {
        self.failure.report.aadsts
    }

    /// Returns Entra's id of the failed request, to quote to support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.failure.report.trace_id.as_deref()
    }

    /// Returns the id by which the sign-in logs know the request.
    ///
    /// Ours when Entra gave none.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.failure.report.correlation_id.as_deref()
    }

    /// Returns what failed on the way to Entra, if the way failed.
    #[must_use]
    pub fn transport(&self) -> Option<TransportFault> {
        let source = self.failure.source.as_ref()?;
        let retold = || source.downcast_ref::<Self>()?.transport();
        let undiscovered = || source.downcast_ref::<Unavailable>().map_or_else(retold, Unavailable::fault);
        source.downcast_ref::<FetchError>().map_or_else(undiscovered, FetchError::fault)
    }

    /// Returns what Entra wrote, for logs and never for callers.
    ///
    /// It is cut, escaped and without anything that could be a token.
    #[must_use]
    pub fn diagnostic(&self) -> Option<&str> {
        self.failure.report.diagnostic.as_ref().map(Diagnostic::as_str)
    }

    pub(crate) fn is_of_breaker(&self) -> bool {
        self.failure.report.not_asked
    }

    /// Makes an error of another kind, with the ids of this one: what concerns a service is no matter of its callers.
    pub(crate) fn retold(self, kind: ExchangeErrorKind, advice: &'static str) -> Self {
        let mut failure = Failure { advice: Some(advice), retry_after: self.retry_after, ..Failure::new(kind) };
        failure.report.aadsts = self.aadsts_code();
        failure.report.trace_id = self.trace_id().map(Into::into);
        failure.report.correlation_id = self.correlation_id().map(Into::into);
        failure.because(self).into()
    }

    /// Makes the same error for one who comes later.
    pub(crate) fn with_retry_after(&self, left: Duration) -> Self {
        Self { failure: Arc::clone(&self.failure), retry_after: Some(left) }
    }
}

impl From<Failure> for ExchangeError {
    fn from(failure: Failure) -> Self {
        let retry_after = failure.retry_after;
        Self { failure: Arc::new(failure), retry_after }
    }
}

impl From<ExchangeErrorKind> for ExchangeError {
    fn from(kind: ExchangeErrorKind) -> Self {
        Failure::new(kind).into()
    }
}

impl From<Unavailable> for ExchangeError {
    fn from(why: Unavailable) -> Self {
        let failure = Failure::new(ExchangeErrorKind::Unavailable).because(why);
        Failure { retry_after: Some(why.retry_after()), ..failure }.into()
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().text())?;
        match self.aadsts_code() {
            Some(code) => write!(f, " (AADSTS{code})"),
            None => Ok(()),
        }
    }
}

impl Error for ExchangeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failure.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Prints ids and classes; neither Entra's words nor claims.
impl fmt::Debug for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeError")
            .field("kind", &self.kind())
            .field("aadsts", &self.aadsts_code())
            .field("trace_id", &self.trace_id())
            .field("correlation_id", &self.correlation_id())
            .field("retry_after", &self.retry_after)
            .field("source", &self.failure.source)
            .finish_non_exhaustive()
    }
}

/// A raised error becomes the challenge: with `?` in an axum handler the bearer layer renders the rejection.
#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for ExchangeError {
    fn into_response(self) -> axum_core::response::Response {
        self.rejection().into_response()
    }
}

/// What callers are told to wait when Entra gave no number.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Returns an error with the reasons below it: the log has one line for it.
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
pub(crate) fn explained(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", explained(cause)))
}
