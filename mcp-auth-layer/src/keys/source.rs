//! Where a key set is, and how it is fetched.

use http::StatusCode;

use super::jwk;
use crate::{
    algorithm::Algorithms,
    authority::{Authority, Unavailable},
    discovery::{DiscoveryError, PlainIssuer},
    fetch::{FetchError, HttpClient},
};

/// Who says where the keys are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// An authority of Entra, by its discovery document.
    Entra(Authority),
    /// A plain issuer, by its own.
    Plain(PlainIssuer),
}

/// Why the keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFetchError {
    #[error(transparent)]
    Authority(#[from] Unavailable),
    #[error("discovery failed: {0}")]
    Discovery(#[from] DiscoveryError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer is not a JWK set with a usable signing key")]
    Document,
}

impl Place {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Entra(authority) => authority.host(),
            Self::Plain(issuer) => issuer.name(),
        }
    }

    pub(super) async fn fetch(&self, http: &HttpClient, allowed: Algorithms) -> Result<jwk::Keys, KeyFetchError> {
        let uri = match self {
            Self::Entra(authority) => authority.endpoints().await?.jwks_uri().to_owned(),
            // Asked each time: an issuer may move its keys, and says so nowhere else.
            Self::Plain(issuer) => issuer.jwks_uri(http).await?,
        };
        let answer = http.get(&uri).await?;
        match answer.status() {
            StatusCode::OK => jwk::read(answer.body(), allowed).ok_or(KeyFetchError::Document),
            status => Err(KeyFetchError::Status(status)),
        }
    }
}
