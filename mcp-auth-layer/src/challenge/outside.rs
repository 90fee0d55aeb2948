//! What of a reason goes outside: a status, an error code and a fixed sentence.

use std::time::Duration;

use http::StatusCode;

use crate::reject::{ForbiddenFault, OriginFault, Rejection, RequestFault, TokenFault};

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

    /// Returns when to try again.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Tells whether another credential could change the answer, so that a challenge belongs to it.
    pub(super) fn is_challenged(&self) -> bool {
        self.error.is_some() || matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    pub(crate) fn error_or_word(&self) -> &'static str {
        self.error.unwrap_or(match self.status {
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            StatusCode::FORBIDDEN => "access_denied",
            StatusCode::NOT_FOUND => "not_found",
            status if status.is_client_error() => "invalid_request",
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
        Rejection::StepUpScope { .. } => {
            (StatusCode::FORBIDDEN, Some("insufficient_scope"), "a new sign-in must satisfy a condition")
        }
        Rejection::Authentication { .. } => (
            StatusCode::UNAUTHORIZED,
            Some("insufficient_user_authentication"),
            "a stronger or more recent sign-in is needed",
        ),
        // No `insufficient_scope`: nothing that a client can ask for repairs missing consent of this service.
        Rejection::Consent { .. } => (StatusCode::FORBIDDEN, None, "consent to what this service needs is missing"),
        Rejection::Forbidden(fault) => forbidden(*fault),
        Rejection::Origin(fault) => origin(*fault),
        // As if there were no such session, which the MCP transport answers with 404: nobody learns whose it is.
        Rejection::Session(_) => (StatusCode::NOT_FOUND, None, "there is no such session"),
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

const fn forbidden(fault: ForbiddenFault) -> (StatusCode, Option<&'static str>, &'static str) {
    let (error, text) = match fault {
        ForbiddenFault::AppOnly => (Some("insufficient_scope"), "a user's token is needed, not an application's"),
        ForbiddenFault::Policy => (None, "a policy blocks this sign-in"),
        ForbiddenFault::Client => (None, "this client may not call this service"),
        // The user cannot repair these by asking for anything, so no error code invites a client to try.
        ForbiddenFault::Role => (None, "an app role that this operation needs is not assigned"),
        ForbiddenFault::Group => (None, "membership in a group that this operation needs is missing"),
        ForbiddenFault::GroupsLeftOut => (None, "the groups of this user are too many to be in the access token"),
        ForbiddenFault::UnlistedTool => (None, "this tool may not be called"),
        ForbiddenFault::UnlistedMethod => (None, "this method may not be called"),
        ForbiddenFault::NoDelegatedScope => {
            (None, "a service that this operation needs cannot be called on behalf of a user")
        }
    };
    (StatusCode::FORBIDDEN, error, text)
}

/// RFC 9112 section 3.2 wants 400 when it is unclear which host is meant; the MCP transport 403 for a foreign origin.
const fn origin(fault: OriginFault) -> (StatusCode, Option<&'static str>, &'static str) {
    let (status, text) = match fault {
        OriginFault::NoHost | OriginFault::SeveralHosts | OriginFault::MalformedHost => {
            (StatusCode::BAD_REQUEST, "the request must name exactly one host")
        }
        OriginFault::Host => (StatusCode::FORBIDDEN, "this service does not answer to that host name"),
        OriginFault::SeveralOrigins | OriginFault::Origin => {
            (StatusCode::FORBIDDEN, "this origin may not call this service")
        }
    };
    (status, None, text)
}

const fn request(fault: RequestFault) -> (StatusCode, Option<&'static str>, &'static str) {
    match fault {
        RequestFault::SeveralCredentials => {
            (StatusCode::BAD_REQUEST, Some("invalid_request"), "exactly one credential must be sent")
        }
        RequestFault::InForm => (
            StatusCode::BAD_REQUEST,
            Some("invalid_request"),
            "an access token belongs into the Authorization header, never into a form",
        ),
        RequestFault::InQuery => (
            StatusCode::BAD_REQUEST,
            Some("invalid_request"),
            "an access token belongs into the Authorization header, never into the query",
        ),
        RequestFault::TooLarge => {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Some("invalid_request"), "the access token is too large")
        }
        RequestFault::Malformed => (StatusCode::UNAUTHORIZED, Some("invalid_token"), "the access token is malformed"),
        // No error code and so no challenge: no credential is at fault.
        RequestFault::MalformedMessage => (StatusCode::BAD_REQUEST, None, "the body must be one JSON-RPC message"),
        RequestFault::Batch => (StatusCode::BAD_REQUEST, None, "batches are not accepted"),
        RequestFault::MessageTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None, "the message is too large"),
        RequestFault::HeaderMismatch => {
            (StatusCode::BAD_REQUEST, None, "the headers must be those of the message in the body")
        }
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
