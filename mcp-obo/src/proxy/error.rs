//! What clients and people are told when something is wrong.

use std::{borrow::Cow, fmt, time::Duration};

use http::StatusCode;

use super::reference::Reference;

/// The errors of OAuth (RFC 6749 sections 4.1.2.1 and 5.2, RFC 7009 section 2.2.1, RFC 7591 section 3.2.2,
/// RFC 8707 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum OAuthCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedTokenType,
    InvalidScope,
    InvalidTarget,
    AccessDenied,
    LoginRequired,
    InteractionRequired,
    InvalidRedirectUri,
    InvalidClientMetadata,
    TemporarilyUnavailable,
    ServerError,
}

impl OAuthCode {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }

    /// Returns the status of a JSON answer.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// One error, as it goes out: nothing of a request or of Entra's words is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OAuthError {
    pub(super) code: OAuthCode,
    pub(super) description: Cow<'static, str>,
    pub(super) retry_after: Option<Duration>,
    /// Where the log has its cause already.
    pub(super) reference: Option<Reference>,
}

impl OAuthError {
    pub(super) const fn new(code: OAuthCode, description: &'static str) -> Self {
        Self { code, description: Cow::Borrowed(description), retry_after: None, reference: None }
    }

    /// Returns it as the parameters of a redirect (RFC 6749 section 4.1.2.1).
    pub(super) fn parameters(&self) -> [(&'static str, &str); 2] {
        [("error", self.code.as_str()), ("error_description", &self.description)]
    }

    /// Makes an error whose cause stands in the log beside this reference.
    pub(super) fn referring(code: OAuthCode, description: impl fmt::Display, reference: Reference) -> Self {
        let description = format!("{description}; reference {reference}").into();
        Self { code, description, retry_after: None, reference: Some(reference) }
    }

    /// Writes why a client gets nothing, unless the log has it already; what happens every day is no warning.
    pub(super) fn log(&self) {
        let (error, why) = (self.code.as_str(), &*self.description);
        match (self.reference, self.code) {
            (Some(_), _) => {}
            (None, OAuthCode::InvalidGrant | OAuthCode::AccessDenied | OAuthCode::InteractionRequired) => {
                tracing::info!(target: "mcp_obo::proxy", error, why, "a client was refused");
            }
            (None, _) => tracing::warn!(target: "mcp_obo::proxy", error, why, "a client was refused"),
        }
    }
}
