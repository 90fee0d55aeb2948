//! As whom downstream APIs are called: the one choice that an operator makes at the start.
//!
//! Whoever calls an API asks the strategy, and it answers with one identity. Nothing here, and no failure, ever leads from one
//! identity to the other: a user whose exchange fails is never served with what this service itself may see.

#[cfg(test)]
mod tests;

use http::Extensions;
use mcp_auth_layer::{Caller, VerifiedToken, reject::Rejection};

use crate::{
    access_token::AccessToken,
    audit,
    error::ExchangeError,
    hosting::HostingIdentity,
    on_behalf_of::{OnBehalfOf, Raised},
    target::Target,
    token_source::TokenSource,
};

/// As whom downstream APIs are called, chosen once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OutgoingAuth {
    /// As the user who called, by the handle that the [`OboLayer`](crate::OboLayer) left in the request.
    OnBehalfOf,
    /// As this service, whoever called.
    ///
    /// # Deployment caveat
    /// The downstream API no longer knows the user, so it checks nothing of theirs: every caller whom this service lets in sees
    /// what the identity may see. Let in only those who may, by an app role of your own.
    HostingEnvironment(HostingIdentity),
}

/// In whose name a call is made, for audit events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActingAs {
    /// The user who called.
    User,
    /// This service itself.
    HostingIdentity,
}

impl ActingAs {
    /// Returns a stable word for logs, audit events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::HostingIdentity => "hosting_identity",
        }
    }
}

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// The caller may not be acted for, or a layer is missing.
    #[error("the request has no identity to act for")]
    Rejected(#[source] Rejection),
    /// The identity got no token.
    #[error("the identity got no token")]
    Exchange(#[source] ExchangeError),
}

impl OutgoingError {
    /// Returns what the caller of this service is told.
    #[must_use]
    pub fn rejection(&self) -> Rejection {
        match self {
            Self::Rejected(why) => why.clone(),
            Self::Exchange(error) => error.rejection(),
        }
    }
}

impl OutgoingAuth {
    /// Returns the identity that acts for a request.
    ///
    /// It is the only one, whatever becomes of its tokens.
    ///
    /// That this service lends its own is audited, each time.
    ///
    /// # Errors
    /// [`Rejection::NotWired`] when no layer has left a caller; [`Rejection::NoCredentials`] for a caller who is not known,
    /// because this service lends its own identity to nobody.
    pub fn source<'a>(&'a self, extensions: &'a Extensions) -> Result<&'a dyn TokenSource, Rejection> {
        match self {
            Self::OnBehalfOf => OnBehalfOf::from_extensions(extensions).map(|user| user as &dyn TokenSource),
            Self::HostingEnvironment(identity) => {
                audit::acted_as_service(known(extensions)?, &identity.description());
                Ok(identity)
            }
        }
    }

    /// Returns a token of `target` for the identity that acts for a request.
    ///
    /// # Errors
    /// [`OutgoingError`], which is final: no other identity is tried.
    pub async fn token(&self, extensions: &Extensions, target: &Target) -> Result<AccessToken, OutgoingError> {
        let identity = self.source(extensions).map_err(OutgoingError::Rejected)?;
        identity.token(target).await.map_err(OutgoingError::Exchange)
    }

    /// Answers this request with a rejection that the caller can cure; see [`OnBehalfOf::raise`].
    ///
    /// Where this service acts as itself nothing is raised: no sign-in of a user cures its failures.
    pub fn raise(&self, extensions: &Extensions, why: Rejection) -> Raised {
        match self {
            Self::OnBehalfOf => {
                OnBehalfOf::from_extensions(extensions).map_or(Raised::No, |user| user.raise_rejection(why))
            }
            Self::HostingEnvironment(_) => Raised::No,
        }
    }

    /// Returns in whose name calls are made.
    #[must_use]
    pub const fn acting_as(&self) -> ActingAs {
        match self {
            Self::OnBehalfOf => ActingAs::User,
            Self::HostingEnvironment(_) => ActingAs::HostingIdentity,
        }
    }
}

/// Only a caller whose token was verified.
fn known(extensions: &Extensions) -> Result<&VerifiedToken, Rejection> {
    Caller::from_extensions(extensions)?.verified().ok_or(Rejection::NoCredentials)
}
