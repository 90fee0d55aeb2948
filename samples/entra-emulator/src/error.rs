//! Entra's refusals: one table from code to `error`, status and sentence, and the body that they share.

use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fault::RetryAfter;

/// A refusal with its AADSTS code.
#[derive(Clone, Debug)]
pub(crate) struct EntraError {
    pub(crate) code: u32,
    error: &'static str,
    status: StatusCode,
    text: &'static str,
    suberror: Option<&'static str>,
    claims: Option<String>,
    pub(crate) retry_after: Option<RetryAfter>,
}

/// `(code, error, status, sentence)`. The sentences are ours; clients must not read them.
const TABLE: &[(u32, &str, u16, &str)] = &[
    (
        50011,
        "invalid_request",
        400,
        "The redirect URI in the request does not match those registered for the application.",
    ),
    (50013, "invalid_grant", 400, "The assertion failed signature validation."),
    (500131, "invalid_grant", 400, "The assertion audience is not the application that presents it."),
    (500133, "invalid_grant", 400, "The assertion is not within its valid time range."),
    (50027, "invalid_request", 400, "The JWT token is invalid or malformed."),
    (50057, "invalid_grant", 400, "The user account is disabled."),
    (50196, "invalid_grant", 400, "The client repeats the same request in a loop; it must stop."),
    (50076, "invalid_grant", 400, "Multi-factor authentication is needed to access the resource."),
    (50173, "invalid_grant", 400, "The grant was revoked; a fresh sign-in is needed."),
    (53003, "invalid_grant", 400, "Access has been blocked by Conditional Access policies."),
    (54005, "invalid_grant", 400, "The authorization code was already redeemed."),
    (500011, "invalid_resource", 400, "The resource principal was not found in the tenant."),
    (501481, "invalid_grant", 400, "The code verifier does not match the code challenge."),
    (5002741, "invalid_client", 401, "The audience of the client assertion must be one string."),
    (65001, "invalid_grant", 400, "The user or administrator has not consented to use the application."),
    (650053, "invalid_client", 400, "The scope does not exist on the resource."),
    (70000, "invalid_grant", 400, "The provided grant is invalid or malformed."),
    (70003, "unsupported_grant_type", 400, "The grant type is not supported."),
    (70008, "invalid_grant", 400, "The authorization code or refresh token has expired."),
    (70011, "invalid_scope", 400, "The scope is not valid."),
    (700016, "unauthorized_client", 400, "The application was not found in the directory."),
    (700022, "invalid_request", 400, "The scope names more than one resource."),
    (700024, "invalid_client", 401, "The client assertion is not within its valid time range."),
    (700025, "invalid_client", 401, "The client is public, so neither assertion nor secret should be presented."),
    (
        700027,
        "invalid_client",
        401,
        "The certificate behind the client assertion is not registered, or its signature fails.",
    ),
    (7000114, "invalid_grant", 400, "An application token cannot be used for an On-Behalf-Of request."),
    (7000215, "invalid_client", 401, "Invalid client secret provided."),
    (7000218, "invalid_client", 401, "The request body must contain client_assertion or client_secret."),
    (7000222, "invalid_client", 401, "The provided client secret keys are expired."),
    (240_002, "invalid_request", 400, "An ID token cannot be the assertion of an On-Behalf-Of request."),
    (28000, "invalid_request", 400, "The scope names more than one resource."),
    (28003, "invalid_request", 400, "The scope must not be empty when an authorization code is redeemed."),
    (
        90009,
        "invalid_request",
        400,
        "The application asks for a token for itself, which needs the GUID-based app identifier.",
    ),
    (90012, "temporarily_unavailable", 503, "The service is busy; try again later."),
    (90015, "invalid_request", 400, "The requested query string is too long."),
    (90023, "invalid_request", 400, "The prompt value is not supported."),
    (90055, "temporarily_unavailable", 429, "Too many requests; try again later."),
    (90094, "access_denied", 400, "Administrator consent is required."),
    (90002, "invalid_request", 400, "The tenant was not found."),
    (900144, "invalid_request", 400, "The request body must contain a parameter that is missing."),
    (9002313, "invalid_request", 400, "The request is malformed or invalid."),
    (9002325, "invalid_request", 400, "Proof Key for Code Exchange is required for cross-origin code redemption."),
    (
        9002327,
        "invalid_request",
        400,
        "Tokens for a single-page application may be redeemed only by cross-origin requests.",
    ),
    (50034, "invalid_grant", 400, "The user account does not exist in the tenant."),
    (50058, "login_required", 400, "A silent sign-in was asked for, but no user is signed in."),
    (500112, "invalid_client", 401, "The redirect URI is not the one with which the authorization code was asked for."),
    (501491, "invalid_request", 400, "The code challenge is of the wrong size, or its method is not S256."),
    (650057, "invalid_resource", 400, "The resource is not among the permissions of the application's registration."),
    (70005, "unsupported_response_type", 400, "The response type is not supported."),
    (70007, "invalid_request", 400, "The response mode is not supported."),
    (70021, "invalid_request", 400, "The application has no federated identity record for the presented assertion."),
    (700021, "invalid_client", 401, "The subject of the client assertion is not the application."),
    (700023, "invalid_client", 401, "The audience of the client assertion is not this endpoint."),
    (700082, "invalid_grant", 400, "The refresh token has expired because it was not used."),
    (700084, "invalid_grant", 400, "The refresh token of a single-page application has expired."),
    (
        700222,
        "invalid_client",
        401,
        "A token of this tenant is good for federation only when a user-assigned identity got it.",
    ),
    (7000214, "invalid_client", 401, "The certificate of the client assertion is revoked."),
    (7000274, "invalid_client", 401, "The certificate chain of the client assertion does not hold."),
    (7000277, "invalid_client", 401, "The certificate of the client assertion is revoked or cannot be checked."),
    (700030, "invalid_client", 401, "The certificate is not good for this application."),
    (1000502, "invalid_client", 401, "The certificate is outside its validity."),
    (90033, "temporarily_unavailable", 503, "The service is temporarily unavailable."),
    (700211, "invalid_client", 401, "No federated identity record matches the issuer of the assertion."),
    (700212, "invalid_client", 401, "No federated identity record matches the audience of the assertion."),
    (700213, "invalid_client", 401, "No federated identity record matches the subject of the assertion."),
    (
        7002138,
        "invalid_client",
        401,
        "A federated identity record matches the subject of the assertion, but not its case.",
    ),
    (9002326, "invalid_request", 400, "Only single-page applications may redeem tokens by cross-origin requests."),
    (9010010, "invalid_target", 400, "The resource parameter does not match the requested scopes."),
];

impl EntraError {
    /// Makes the refusal of a code.
    pub(crate) fn new(code: u32) -> Self {
        let row = TABLE.iter().find(|row| row.0 == code);
        let (_, error, status, text) = *row.unwrap_or(&(code, "invalid_request", 400, "The request is invalid."));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { code, error, status, text, suberror: None, claims: None, retry_after: None }
    }

    /// Makes the refusal of one user or client that asks too often. Code 90055 would be the whole tenant's.
    pub(crate) fn throttled(when: RetryAfter) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..Self::new(50196) }.with_retry_after(when)
    }

    pub(crate) const fn with_suberror(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }

    /// Uses another `error` for the same code, as Entra does for MFA.
    pub(crate) const fn with_error(mut self, error: &'static str) -> Self {
        self.error = error;
        self
    }

    pub(crate) fn with_claims(mut self, claims: &Value) -> Self {
        self.claims = Some(claims.to_string());
        self
    }

    pub(crate) const fn with_retry_after(mut self, when: RetryAfter) -> Self {
        self.retry_after = Some(when);
        self
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) const fn error(&self) -> &'static str {
        self.error
    }

    /// Describes the refusal as Entra does, with the ids of this request.
    pub(crate) fn description(&self, ids: &Ids) -> String {
        let Self { code, text, .. } = self;
        let Ids { trace, correlation, timestamp } = ids;
        format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}")
    }

    pub(crate) fn body(&self, ids: &Ids) -> Value {
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(ids),
            "error_codes": [self.code],
            "timestamp": ids.timestamp,
            "trace_id": ids.trace,
            "correlation_id": ids.correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = json!(suberror);
        }
        // A string that holds JSON, not an object.
        if let Some(claims) = &self.claims {
            body["claims"] = json!(claims);
        }
        body
    }
}

/// The ids of one request.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) trace: String,
    pub(crate) correlation: String,
    pub(crate) timestamp: String,
}

impl Ids {
    /// Makes ids; the correlation id is the client's if it sent one.
    fn new(now: i64, client_request_id: Option<&str>) -> Self {
        let correlation = client_request_id.and_then(|id| id.parse::<Uuid>().ok()).unwrap_or_else(Uuid::new_v4);
        let time = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            trace: Uuid::new_v4().to_string(),
            correlation: correlation.to_string(),
            timestamp: time.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        }
    }

    /// Makes the ids of a request, whose own id is in a header or, as msal-node sends it, among the parameters.
    pub(crate) fn of(now: i64, headers: &HeaderMap, parameter: Option<&str>) -> Self {
        let header = headers.get("client-request-id").and_then(|id| id.to_str().ok());
        Self::new(now, header.or(parameter))
    }

    /// Writes the service's own id of the request into a response header.
    pub(crate) fn write_request_id(&self, headers: &mut HeaderMap, name: &'static str) {
        insert(headers, name, &self.trace);
    }

    /// Writes the client's id of the request back.
    pub(crate) fn write_client_request_id(&self, headers: &mut HeaderMap) {
        insert(headers, "client-request-id", &self.correlation);
    }
}

fn insert(headers: &mut HeaderMap, name: &'static str, id: &str) {
    if let Ok(value) = HeaderValue::try_from(id) {
        headers.insert(name, value);
    }
}
