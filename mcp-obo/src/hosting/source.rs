//! Where the identity's tokens come from, and what a failure there means.

#[cfg(feature = "azure-identity")]
use std::sync::Arc;
use std::{fmt, time::Duration};

#[cfg(feature = "azure-identity")]
use azure_core::credentials::TokenCredential;
use mcp_auth_layer::{
    clock::UnixTime,
    fetch::{FetchError, TransportFault},
};
#[cfg(feature = "azure-identity")]
use secrecy::SecretString;

use super::itself::{REFUSED, issued_by, of_service};
#[cfg(feature = "azure-identity")]
use super::{
    chain::CredentialChain,
    itself::{TRACE, is_passing, of_metadata},
};
use crate::{
    access_token::AccessToken,
    credential::CredentialStatus,
    error::{ExchangeError, ExchangeErrorKind, Failure},
    kept::{DEADLINE, Unfinished},
    target::Target,
    token_endpoint::TokenEndpoint,
};
#[cfg(feature = "azure-identity")]
use crate::{
    error::Diagnostic,
    managed_identity::{ManagedIdentityError, ManagedIdentityId, MetadataService, explain},
};

/// Whoever issues tokens to the service itself.
pub(super) enum Source {
    ServicePrincipal(TokenEndpoint),
    #[cfg(feature = "azure-identity")]
    Managed(MetadataService),
    #[cfg(feature = "azure-identity")]
    Azure(Arc<dyn TokenCredential>),
    #[cfg(feature = "azure-identity")]
    Chain(CredentialChain),
}

impl Source {
    /// Asks for a token that is good at `now`.
    pub(super) async fn token(
        &self,
        target: &Target,
        challenge: Option<&str>,
        now: UnixTime,
    ) -> Result<AccessToken, ExchangeError> {
        let token = match self {
            Self::ServicePrincipal(endpoint) => issued_by(endpoint, target, challenge).await.map_err(of_service)?,
            #[cfg(feature = "azure-identity")]
            Self::Managed(service) => {
                let (secret, end) = service.token(target.resource()).await.map_err(of_metadata)?;
                AccessToken::new(secret, end)
            }
            #[cfg(feature = "azure-identity")]
            Self::Azure(credential) => of_sdk(credential.get_token(&[target.everything().scope()], None).await)?,
            #[cfg(feature = "azure-identity")]
            Self::Chain(chain) => chain.token(target, challenge).await?,
        };
        if token.expires_at() <= now {
            Err(Failure::new(ExchangeErrorKind::Unavailable).because(Expired).into())
        } else {
            Ok(token)
        }
    }

    pub(super) fn credentials(&self, now: UnixTime) -> Vec<CredentialStatus> {
        match self {
            Self::ServicePrincipal(endpoint) => endpoint.credentials().status(now),
            #[cfg(feature = "azure-identity")]
            Self::Managed(_) | Self::Azure(_) | Self::Chain(_) => Vec::new(),
        }
    }

    /// Tells whether a claims request goes with the question.
    pub(super) fn takes_claims(&self) -> bool {
        match self {
            Self::ServicePrincipal(_) => true,
            #[cfg(feature = "azure-identity")]
            Self::Managed(_) | Self::Azure(_) => false,
            #[cfg(feature = "azure-identity")]
            Self::Chain(chain) => chain.takes_claims(),
        }
    }

    /// Tells whether a token is of an identity that acted before the present one: audit events name one at a time.
    #[cfg_attr(
        not(feature = "azure-identity"),
        expect(unused_variables, reason = "only a chain changes whom it acts as")
    )]
    pub(super) fn disowns(&self, token: &AccessToken) -> bool {
        match self {
            #[cfg(feature = "azure-identity")]
            Self::Chain(chain) => chain.disowns(token),
            _ => false,
        }
    }

    /// Returns when an answer is no longer to be expected: people are slower than machines.
    pub(super) fn deadline(&self) -> Duration {
        match self {
            #[cfg(feature = "azure-identity")]
            Self::Chain(chain) => chain.deadline(),
            _ => DEADLINE,
        }
    }

    /// The downstream API refused a token that was issued again unchanged.
    pub(super) fn still_refused(&self) -> ExchangeError {
        let advice = match self {
            #[cfg(feature = "azure-identity")]
            Self::Chain(chain) => chain.sign_in_again().unwrap_or(REFUSED),
            _ => REFUSED,
        };
        Failure { advice: Some(advice), ..Failure::new(ExchangeErrorKind::ClientCredential) }.into()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServicePrincipal(endpoint) => write!(f, "service principal {}", endpoint.app().client_id()),
            #[cfg(feature = "azure-identity")]
            Self::Managed(service) => match service.id() {
                ManagedIdentityId::SystemAssigned => f.write_str("system-assigned managed identity"),
                ManagedIdentityId::ClientId(id)
                | ManagedIdentityId::ObjectId(id)
                | ManagedIdentityId::ResourceId(id) => {
                    write!(f, "managed identity {id}")
                }
            },
            #[cfg(feature = "azure-identity")]
            Self::Azure(_) => f.write_str("credential of the Azure SDK"),
            #[cfg(feature = "azure-identity")]
            Self::Chain(chain) => chain.fmt(f),
        }
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the token had ended when it was issued")]
struct Expired;

#[cfg(feature = "azure-identity")]
const SDK: &str = "the operator reads why the Azure SDK's credential gave no token, and renews or replaces it";

#[cfg(feature = "azure-identity")]
fn of_sdk(answer: azure_core::Result<azure_core::credentials::AccessToken>) -> Result<AccessToken, ExchangeError> {
    match answer {
        Ok(token) => {
            let end = u64::try_from(token.expires_on.unix_timestamp()).unwrap_or_default();
            Ok(AccessToken::new(SecretString::from(token.token.secret()), UnixTime::from_secs(end)))
        }
        Err(error) => {
            let kind = match explain(&error) {
                ManagedIdentityError::Unreachable { .. } => ExchangeErrorKind::Unavailable,
                ManagedIdentityError::Refused { status } if is_passing(status) => ExchangeErrorKind::Unavailable,
                _ => ExchangeErrorKind::ClientCredential,
            };
            let mut failure = Failure { advice: Some(SDK), ..Failure::new(kind) };
            let text = Diagnostic::of(&error.to_string());
            tracing::warn!(target: TRACE, kind = kind.as_str(), sdk = text.as_str(), advice = SDK, "no token for this service itself");
            failure.report.diagnostic = Some(text);
            Err(failure.into())
        }
    }
}

impl From<Unfinished> for ExchangeError {
    fn from(why: Unfinished) -> Self {
        let fault = match why {
            Unfinished::Late { .. } => TransportFault::Timeout,
            Unfinished::Abandoned => TransportFault::Other,
        };
        let source = FetchError::Transport { fault, source: why.into() };
        Failure::new(ExchangeErrorKind::Unavailable).because(source).into()
    }
}
