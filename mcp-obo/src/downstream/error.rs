//! Why a call gave no answer that its caller could read.

use std::{error::Error, time::Duration};

use http::StatusCode;
use mcp_auth_layer::{
    fetch::{FetchError, TransportFault},
    reject::Rejection,
};

use crate::{error::ExchangeError, www_authenticate::ClaimsRequest};

/// Why a downstream API was not called, or gave nothing to read.
///
/// What the API wrote is no part of its text: [`request_id`](Self::request_id) finds the call in the API's own log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownstreamError {
    /// There is no token.
    #[error("there is no token for the downstream API")]
    Exchange(#[source] ExchangeError),
    /// The API asks for claims that no new token has; the user must sign in again.
    #[error("the downstream API asks for another sign-in")]
    Challenge {
        /// What the sign-in must satisfy.
        claims: ClaimsRequest,
        /// The API's id of the request.
        request_id: Option<Box<str>>,
    },
    /// The API refused the token, which is renewed by now; the body could not be sent again.
    #[error("the downstream API refused a token that was renewed, and the request cannot be repeated")]
    Renewed {
        /// The API's id of the request.
        request_id: Option<Box<str>>,
    },
    /// The API asks for a pause (429 or 503 with `Retry-After`).
    #[error("the downstream API answered {status} and asks for a pause")]
    Paused {
        /// What it answered.
        status: StatusCode,
        /// How long the pause is, an hour at most.
        retry_after: Duration,
        /// The API's id of the request.
        request_id: Option<Box<str>>,
    },
    /// No answer arrived, or one that is larger than the client takes.
    #[error("the downstream API gave no answer")]
    Transport(#[source] Box<dyn Error + Send + Sync>),
    /// The request's address is not below the API's base; it was not sent.
    #[error("the address is not the downstream API's")]
    ForeignAddress,
    /// The link to the next page leads away from the API's base; it was not followed.
    #[error("the link to the next page leads away from the downstream API")]
    ForeignLink,
    /// A page came with a status that is not success.
    #[error("the downstream API answered {status} in place of a page")]
    Status {
        /// What it answered.
        status: StatusCode,
        /// The API's id of the request.
        request_id: Option<Box<str>>,
    },
    /// A page is not a JSON object.
    #[error("the downstream API's page cannot be read")]
    UnreadablePage {
        /// The API's id of the request.
        request_id: Option<Box<str>>,
    },
    /// There are more pages than were to be read.
    #[error("the downstream API has more than {limit} pages")]
    TooManyPages {
        /// The bound.
        limit: usize,
    },
    /// The request's extensions say not exactly one identity to call as; it was not sent.
    #[error("the request has {0} to call the downstream API as")]
    Identity(IdentityFault),
    /// The token has characters that no header takes; it was not sent.
    #[error("the token cannot stand in a header")]
    Token,
}

/// What is wrong with the identity in a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityFault {
    /// There is none.
    Missing,
    /// There are an `OnBehalfOf` and a `TokenSource`; neither is preferred, because that would be a guess.
    Several,
}

impl std::fmt::Display for IdentityFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "no identity",
            Self::Several => "two identities",
        })
    }
}

impl DownstreamError {
    /// Returns a stable word for results, audit events and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Exchange(error) => error.kind().as_str(),
            Self::Challenge { .. } => "interaction_required",
            Self::Renewed { .. } => "token_renewed",
            Self::Paused { .. } => "throttled",
            Self::Transport(_) => self.fault().map_or("unavailable", TransportFault::kind),
            Self::ForeignAddress => "foreign_address",
            Self::ForeignLink => "foreign_link",
            Self::Status { .. } => "unexpected_status",
            Self::UnreadablePage { .. } => "unreadable_page",
            Self::TooManyPages { .. } => "too_many_pages",
            Self::Identity(_) => "no_identity",
            Self::Token => "unusable_token",
        }
    }

    /// Returns what the caller of this service is told; raise it with [`Rejection::into_response`].
    #[must_use]
    pub fn rejection(&self) -> Rejection {
        match self {
            Self::Exchange(error) => error.rejection(),
            Self::Challenge { claims, .. } => Rejection::StepUp { claims: claims.as_str().to_owned() },
            Self::Paused { retry_after, .. } => Rejection::Unavailable { retry_after: *retry_after },
            Self::Renewed { .. } => Rejection::Unavailable { retry_after: AT_ONCE },
            Self::Transport(_) | Self::Status { .. } | Self::UnreadablePage { .. } => {
                Rejection::Unavailable { retry_after: TRY_AGAIN }
            }
            Self::Identity(_) => Rejection::NotWired { missing: "the identity to call as" },
            Self::ForeignAddress | Self::ForeignLink | Self::TooManyPages { .. } | Self::Token => {
                Rejection::Misconfigured
            }
        }
    }

    /// Returns what cures it and who can do that.
    ///
    /// The sentence may be shown to anybody.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Exchange(error) => error.advice(),
            Self::Challenge { .. } => "sign in again, and satisfy what the downstream API's policy asks for",
            Self::Renewed { .. } => "send the request again; the token is a new one by now",
            Self::Paused { .. } => "wait as long as the downstream API says",
            Self::Transport(_) => "try again; check the network, proxy and certificates on the way to the API",
            Self::ForeignAddress => "call addresses below the base URL only; the token is meant for that API",
            Self::ForeignLink => "report it to whoever runs the downstream API; the token was not sent there",
            Self::Status { .. } => "find the call by its request id in the downstream API's log",
            Self::UnreadablePage { .. } => "try again later; the answer was cut or is no list",
            Self::TooManyPages { .. } => "narrow the query, or allow more pages",
            Self::Identity(_) => "put one `OnBehalfOf` or one `Arc<dyn TokenSource>` into the request's extensions",
            Self::Token => "look for blanks or line breaks in the token that was lent",
        }
    }

    /// Returns when the next attempt makes sense, when anybody said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Exchange(error) => error.retry_after(),
            Self::Paused { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// Returns the API's id of the request, to quote to its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Challenge { request_id, .. }
            | Self::Renewed { request_id }
            | Self::Paused { request_id, .. }
            | Self::Status { request_id, .. }
            | Self::UnreadablePage { request_id } => request_id.as_deref(),
            _ => None,
        }
    }

    /// Tells whether a new sign-in of the user can cure it.
    #[must_use]
    pub fn is_cured_by_sign_in(&self) -> bool {
        match self {
            Self::Exchange(error) => error.kind().is_cured_by_sign_in(),
            Self::Challenge { .. } => true,
            _ => false,
        }
    }

    /// Returns what failed on the way, if the way failed.
    ///
    /// It is the way to the API, or that to Entra.
    #[must_use]
    pub fn fault(&self) -> Option<TransportFault> {
        match self {
            Self::Exchange(error) => error.transport(),
            Self::Transport(source) => source.downcast_ref::<FetchError>()?.fault(),
            _ => None,
        }
    }
}

impl From<ExchangeError> for DownstreamError {
    fn from(error: ExchangeError) -> Self {
        Self::Exchange(error)
    }
}

/// A raised error becomes the challenge: with `?` in an axum handler the bearer layer renders the rejection.
#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for DownstreamError {
    fn into_response(self) -> axum_core::response::Response {
        self.rejection().into_response()
    }
}

/// What callers are told to wait when the API gave no number.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The shortest wait that can be told.
const AT_ONCE: Duration = Duration::from_secs(1);
