//! Why another issuer's assertion could not be presented.

use std::{io, sync::Arc};

use super::super::CredentialError;
use crate::kept::Unfinished;

/// Why there is no federated assertion to present.
///
/// Cloning is cheap: all who waited for one assertion share its fault.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FederationFault {
    /// Its file could not be read.
    #[error("the assertion's file could not be read")]
    File {
        /// The operating system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// There is nothing in it.
    #[error("the assertion is empty")]
    Empty,
    /// It is longer than any token.
    #[error("the assertion is longer than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// It is not a JWT with an end, so that nobody knows until when it may be sent.
    #[error("the assertion is not a JWT with a time of expiry")]
    NotAJwt,
    /// Its time is over; whatever renews it has not done so.
    #[error("the assertion has expired")]
    Expired,
    /// The service's own callback failed.
    #[error(transparent)]
    Callback(Arc<CredentialError>),
    /// The managed identity gave none.
    #[error(transparent)]
    ManagedIdentity(Arc<dyn std::error::Error + Send + Sync>),
    /// No result came.
    #[error(transparent)]
    Unfinished(Arc<dyn std::error::Error + Send + Sync>),
}

impl From<Unfinished> for FederationFault {
    fn from(why: Unfinished) -> Self {
        Self::Unfinished(Arc::new(why))
    }
}
