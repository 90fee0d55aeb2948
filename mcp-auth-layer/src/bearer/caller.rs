//! What the bearer layer leaves for those behind it.

use std::sync::Arc;

use http::Extensions;

use crate::{
    bypass::Permit,
    reject::Rejection,
    token::{BearerToken, Facts, VerifiedToken},
};

/// Who calls. In the extensions of every request that passed the bearer layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Caller {
    /// A verified user.
    Verified(VerifiedToken),
    /// Nobody, by an open hatch.
    Anonymous(Permit),
    /// Nobody, with a token of another API, by an open hatch.
    Foreign(ForeignToken),
}

impl Caller {
    /// Finds the caller of a request.
    ///
    /// # Errors
    /// [`Rejection::NotWired`], a 500, when no bearer layer stands outside; it is logged here, because nobody outside may be
    /// there to do it.
    pub fn from_extensions(extensions: &Extensions) -> Result<&Self, Rejection> {
        extensions.get().ok_or_else(|| {
            let missing = "BearerLayer (it must stand outside this layer)";
            tracing::error!(missing, "a layer or handler needs the caller, and no bearer layer has found one");
            Rejection::NotWired { missing }
        })
    }

    /// Returns the verified token, if there is one.
    #[must_use]
    pub fn verified(&self) -> Option<&VerifiedToken> {
        match self {
            Self::Verified(token) => Some(token),
            Self::Anonymous(_) | Self::Foreign(_) => None,
        }
    }

    /// Returns what the verification found, if there was one.
    pub(super) fn facts(&self) -> Option<&Arc<Facts>> {
        self.verified().map(VerifiedToken::facts)
    }
}

/// A token that was not verified, names Microsoft Graph as its audience, and was let in by a hatch.
///
/// It is no identity and no assertion. Its one legitimate use is to be sent to Microsoft Graph, which judges it.
#[derive(Clone, Debug)]
pub struct ForeignToken(Arc<(BearerToken, Permit)>);

impl ForeignToken {
    pub(super) fn new(token: BearerToken, permit: Permit) -> Self {
        Self(Arc::new((token, permit)))
    }

    /// Returns the token, for the API that it names and for no other.
    #[must_use]
    pub fn bearer(&self) -> &BearerToken {
        &self.0.0
    }

    /// Returns the permit by which it was let in.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        &self.0.1
    }
}
