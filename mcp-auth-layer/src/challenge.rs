//! The one place where a reason becomes a status, a `WWW-Authenticate` challenge and a fixed sentence.
//!
//! RFC 6750 section 3 gives the errors; RFC 9728 section 5.1 `resource_metadata`; the MCP authorization specification
//! (2026-07-28) `scope` on 401; Entra's claims-challenge guide `insufficient_claims`.

use std::{fmt::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{
    authority::Endpoints,
    reject::{ForbiddenFault, Rejection, RequestFault, TokenFault},
    scope::ScopeSet,
};

/// What of a reason is shown to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    status: StatusCode,
    error: Option<&'static str>,
    text: &'static str,
    retry_after: Option<Duration>,
}

impl Outside {
    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the error code of the challenge; none where a challenge has none (RFC 6750 section 3.1).
    #[must_use]
    pub const fn error(&self) -> Option<&'static str> {
        self.error
    }

    /// Returns the fixed sentence.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    pub(crate) fn error_or_word(&self) -> &'static str {
        self.error.unwrap_or(match self.status {
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            StatusCode::FORBIDDEN => "access_denied",
            _ => "server_error",
        })
    }

    const fn new(status: StatusCode, error: Option<&'static str>, text: &'static str) -> Self {
        Self { status, error, text, retry_after: None }
    }
}

/// Maps a reason to what the caller sees. Every reason stands here, without a catch-all.
#[must_use]
pub fn outside(why: &Rejection) -> Outside {
    const BAD: Option<&str> = Some("invalid_token");
    let (status, error, text) = match why {
        Rejection::NoCredentials => (StatusCode::UNAUTHORIZED, None, "a bearer token is needed"),
        Rejection::Request(fault) => request(*fault),
        Rejection::Token(fault) => (StatusCode::UNAUTHORIZED, BAD, token_text(*fault)),
        Rejection::Scope { .. } => (
            StatusCode::FORBIDDEN,
            Some("insufficient_scope"),
            "the access token lacks a scope that this operation needs",
        ),
        Rejection::StepUp { .. } => (
            StatusCode::UNAUTHORIZED,
            Some("insufficient_claims"),
            "a new sign-in must satisfy the claims of this challenge",
        ),
        // No `insufficient_scope`: nothing that a client can ask for repairs missing consent of this service.
        Rejection::Consent { .. } => (StatusCode::FORBIDDEN, None, "consent to what this service needs is missing"),
        Rejection::Forbidden(ForbiddenFault::AppOnly) => {
            (StatusCode::FORBIDDEN, Some("insufficient_scope"), "a user's token is needed, not an application's")
        }
        Rejection::Forbidden(ForbiddenFault::Policy) => (StatusCode::FORBIDDEN, None, "a policy blocks this sign-in"),
        Rejection::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, None, "temporarily unavailable"),
        Rejection::Misconfigured | Rejection::NotWired { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, None, "the service is not set up correctly")
        }
    };
    let mut outside = Outside::new(status, error, text);
    if let Rejection::Unavailable { retry_after } = why {
        outside.retry_after = Some(*retry_after);
    }
    outside
}

const fn request(fault: RequestFault) -> (StatusCode, Option<&'static str>, &'static str) {
    match fault {
        RequestFault::SeveralCredentials => {
            (StatusCode::BAD_REQUEST, Some("invalid_request"), "exactly one credential must be sent")
        }
        RequestFault::TooLarge => {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Some("invalid_request"), "the access token is too large")
        }
        RequestFault::Malformed => (StatusCode::UNAUTHORIZED, Some("invalid_token"), "the access token is malformed"),
    }
}

/// Only what helps an honest caller is told apart; which check failed is no business of a forger.
const fn token_text(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Expired | TokenFault::AssertionExpired => "the access token has expired",
        TokenFault::KnownResource(_) => "the access token is meant for another API; request one for this resource",
        TokenFault::WrongAudience => "the access token is not meant for this resource",
        TokenFault::AssertionRefused => "the access token is no longer accepted",
        TokenFault::Malformed
        | TokenFault::Algorithm
        | TokenFault::Header
        | TokenFault::UnknownKey
        | TokenFault::KeyOfAnotherIssuer
        | TokenFault::Signature
        | TokenFault::NotYetValid
        | TokenFault::WrongIssuer
        | TokenFault::WrongTenant
        | TokenFault::NotAnAccessToken
        | TokenFault::ProofOfPossession => "the access token is not valid",
    }
}

/// What every challenge of one protected resource carries.
#[derive(Clone, Debug)]
pub(crate) struct ChallengeFields {
    /// The address of the RFC 9728 document.
    pub(crate) resource_metadata: Option<Box<str>>,
    /// What stands before a scope's name when a client asks for it, slash included.
    pub(crate) scope_prefix: Box<str>,
    /// The scopes that every request needs.
    pub(crate) required: ScopeSet,
}

impl ChallengeFields {
    /// Writes the headers of a refusal: the challenge on 4xx, `Retry-After` on 503.
    pub(crate) fn write(&self, why: &Rejection, endpoints: Option<&Endpoints>, headers: &mut HeaderMap) {
        let outside = outside(why);
        if let Some(wait) = outside.retry_after {
            headers.insert(RETRY_AFTER, retry_after(wait));
        }
        if outside.status.is_client_error() {
            let text = self.challenge(why, &outside, endpoints);
            // Every part is ours or was escaped, so this cannot fail; without a challenge a refusal is still a refusal.
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(WWW_AUTHENTICATE, value);
            }
        }
    }

    /// Makes the one challenge, as one `Bearer` scheme that comes first: clients read no further.
    fn challenge(&self, why: &Rejection, outside: &Outside, endpoints: Option<&Endpoints>) -> String {
        let mut parts = Parts::default();
        if let Some(error) = outside.error {
            parts.push("error", error);
            parts.push("error_description", outside.text);
        }
        match why {
            Rejection::StepUp { claims } => {
                // The tenant-specific authorization endpoint goes with the tenant as realm (Entra's claims-challenge guide).
                if let Some(endpoints) = endpoints {
                    parts.push("realm", endpoints.tenant().as_str());
                    parts.push("authorization_uri", endpoints.authorization_endpoint());
                }
                parts.push("claims", &STANDARD.encode(claims));
            }
            Rejection::Scope { required } => parts.push("scope", &self.spelled(required)),
            _ if self.required.is_empty() => {}
            _ => parts.push("scope", &self.spelled(&self.required)),
        }
        self.resource_metadata.iter().for_each(|url| parts.push("resource_metadata", url));
        if parts.is_empty() {
            // RFC 6750 section 3: the scheme is followed by at least one parameter.
            parts.push("realm", self.scope_prefix.trim_end_matches('/'));
        }
        parts.0
    }

    /// Spells scopes as a client must ask for them.
    fn spelled(&self, scopes: &ScopeSet) -> String {
        scopes.iter().map(|name| format!("{}{name}", self.scope_prefix)).collect::<Vec<_>>().join(" ")
    }
}

/// Spells a wait in whole seconds (RFC 9110 section 10.2.3), rounded up: who comes back too early is refused again.
pub(crate) fn retry_after(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX)) as u32)
}

/// `auth-param`s of one challenge, as quoted strings (RFC 9110 section 11.6.1).
struct Parts(String);

impl Default for Parts {
    fn default() -> Self {
        Self("Bearer".to_owned())
    }
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.0 == "Bearer"
    }

    fn push(&mut self, name: &str, value: &str) {
        self.0.push_str(if self.is_empty() { " " } else { ", " });
        let _ = write!(self.0, "{name}=\"");
        for character in value.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                ' '..='~' => self.0.push(character),
                // Nothing outside printable ASCII may stand in a quoted string that every client can read.
                _ => self.0.push('?'),
            }
        }
        self.0.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cloud::Cloud, known_resource::KnownResource, tenant::TenantId};

    fn fields() -> ChallengeFields {
        ChallengeFields {
            resource_metadata: Some("https://mcp.example/.well-known/oauth-protected-resource/mcp".into()),
            scope_prefix: "1111/".into(),
            required: ScopeSet::required(["access_as_user"]).unwrap(),
        }
    }

    #[test]
    fn every_reason_has_its_status_and_challenge() {
        let retry_after = Duration::from_secs(7);
        let tenant = TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap();
        let tail = "scope=\"1111/access_as_user\", \
                    resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"";
        for (why, status, start) in [
            (Rejection::NoCredentials, 401, Some("Bearer scope=")),
            (RequestFault::Malformed.into(), 401, Some("Bearer error=\"invalid_token\", ")),
            (RequestFault::SeveralCredentials.into(), 400, Some("Bearer error=\"invalid_request\", ")),
            (RequestFault::TooLarge.into(), 431, Some("Bearer error=\"invalid_request\", ")),
            (TokenFault::Expired.into(), 401, Some("Bearer error=\"invalid_token\", ")),
            (TokenFault::KnownResource(KnownResource::Graph).into(), 401, Some("Bearer error=\"invalid_token\", ")),
            (Rejection::Forbidden(ForbiddenFault::AppOnly), 403, Some("Bearer error=\"insufficient_scope\", ")),
            (Rejection::Forbidden(ForbiddenFault::Policy), 403, Some("Bearer scope=")),
            (Rejection::Consent { tenant }, 403, Some("Bearer scope=")),
            (Rejection::Unavailable { retry_after }, 503, None),
            (Rejection::Misconfigured, 500, None),
            (Rejection::NotWired { missing: "x" }, 500, None),
        ] {
            let mut headers = HeaderMap::new();
            fields().write(&why, None, &mut headers);
            assert_eq!(outside(&why).status().as_u16(), status, "{why:?}");
            let challenge = headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
            match start {
                Some(start) => {
                    let challenge = challenge.unwrap();
                    assert!(challenge.starts_with(start) && challenge.ends_with(tail), "{why:?}: {challenge}");
                }
                None => assert_eq!(challenge, None, "{why:?}"),
            }
            let waits = headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap());
            assert_eq!(waits, (status == 503).then_some("7"), "{why:?}");
        }
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
        for (millis, expected) in [(0, "1"), (1, "1"), (1_000, "1"), (4_001, "5"), (7_000, "7")] {
            let mut headers = HeaderMap::new();
            let retry_after = Duration::from_millis(millis);
            fields().write(&Rejection::Unavailable { retry_after }, None, &mut headers);
            assert_eq!(headers[RETRY_AFTER], expected, "{millis} ms");
        }
    }

    #[test]
    fn a_missing_scope_names_all_that_the_operation_needs() {
        let why = Rejection::Scope { required: ScopeSet::required(["b", "a"]).unwrap() };
        let challenge = fields().challenge(&why, &outside(&why), None);
        assert!(
            challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"1111/a 1111/b\""),
            "{challenge}"
        );
    }

    #[test]
    fn a_step_up_carries_the_claims_and_where_to_take_them() {
        let tenant = TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap();
        let endpoints = Endpoints::documented(Cloud::Public, tenant);
        let why = Rejection::StepUp { claims: "{\"a\":1}".to_owned() };
        let challenge = fields().challenge(&why, &outside(&why), Some(&endpoints));
        assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
        assert!(challenge.contains("claims=\"eyJhIjoxfQ==\""), "{challenge}");
        assert!(
            challenge.contains(&format!("authorization_uri=\"{}\"", endpoints.authorization_endpoint())),
            "{challenge}"
        );
        assert!(challenge.contains("realm=\"8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11\""), "{challenge}");
    }

    #[test]
    fn a_challenge_describes_its_error_and_tells_apart_only_what_helps_an_honest_caller() {
        let vague = "the access token is not valid";
        for (fault, text) in [
            (TokenFault::Expired, "the access token has expired"),
            (TokenFault::WrongAudience, "the access token is not meant for this resource"),
            (
                TokenFault::KnownResource(KnownResource::Graph),
                "the access token is meant for another API; request one for this resource",
            ),
            (TokenFault::Signature, vague),
            (TokenFault::UnknownKey, vague),
            (TokenFault::WrongIssuer, vague),
            (TokenFault::NotAnAccessToken, vague),
        ] {
            let why = Rejection::from(fault);
            let challenge = fields().challenge(&why, &outside(&why), None);
            assert!(challenge.contains(&format!("error_description=\"{text}\"")), "{fault:?}: {challenge}");
        }
    }

    #[test]
    fn a_body_always_has_a_word() {
        for (why, word) in [
            (Rejection::NoCredentials, "unauthorized"),
            (TokenFault::Expired.into(), "invalid_token"),
            (Rejection::Forbidden(ForbiddenFault::Policy), "access_denied"),
            (Rejection::Unavailable { retry_after: Duration::ZERO }, "temporarily_unavailable"),
            (Rejection::Misconfigured, "server_error"),
        ] {
            assert_eq!(outside(&why).error_or_word(), word);
        }
    }

    #[test]
    fn quotes_and_control_characters_cannot_leave_their_quotes() {
        let mut parts = Parts::default();
        parts.push("x", "a\"b\\c\r\nd\u{e9}");
        assert_eq!(parts.0, "Bearer x=\"a\\\"b\\\\c??d?\"");
    }
}
