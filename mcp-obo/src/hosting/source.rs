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

#[cfg(feature = "azure-identity")]
use super::chain::CredentialChain;
use crate::{
    access_token::AccessToken,
    credential::CredentialStatus,
    error::{ExchangeError, ExchangeErrorKind, Failure},
    grant::TokenRequest,
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

pub(super) async fn issued_by(
    endpoint: &TokenEndpoint,
    target: &Target,
    challenge: Option<&str>,
) -> Result<AccessToken, ExchangeError> {
    let endpoints = endpoint.app().authority().endpoints().await?;
    let several = || ExchangeError::from(Failure::new(ExchangeErrorKind::Configuration).because(SeveralTenants));
    let tenant = endpoints.tenant().cloned().ok_or_else(several)?;
    let request = TokenRequest::client_credentials(tenant, target.everything());
    let request = match challenge {
        Some(challenge) => request.with_claims(challenge)?,
        None => request,
    };
    Ok(endpoint.clone().exchange(request).await?.access_token().clone())
}

/// An app of many tenants is nobody in particular when it acts as itself.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a service that acts as itself needs one tenant")]
struct SeveralTenants;

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the token had ended when it was issued")]
struct Expired;

pub(super) const REFUSED: &str =
    "an administrator looks up the sign-ins of this service's own identity, whose token the downstream API refuses";
const GRANT: &str =
    "an administrator grants this service's own identity an app role of the downstream API in the tenant";
const ITSELF: &str =
    "an administrator looks up the sign-in of this service's own identity; no sign-in of a user can cure it";
#[cfg(feature = "azure-identity")]
const MACHINE: &str = "the operator looks whether this runs on Azure, and whether a managed identity is enabled there";
#[cfg(feature = "azure-identity")]
const ASSIGN: &str = "the operator assigns the managed identity with this id to the machine, or corrects the id";
#[cfg(feature = "azure-identity")]
const SDK: &str = "the operator reads why the Azure SDK's credential gave no token, and renews or replaces it";

/// Turns what Entra says of an identity into what its callers may hear: never that they should sign in.
pub(super) fn of_service(error: ExchangeError) -> ExchangeError {
    use ExchangeErrorKind as Kind;
    match error.kind() {
        Kind::Throttled | Kind::Unavailable | Kind::ClientCredential | Kind::Configuration | Kind::UndeclaredTarget => {
            error
        }
        Kind::Consent => error.retold(Kind::Configuration, GRANT),
        Kind::StepUp
        | Kind::BlockedByPolicy
        | Kind::AssertionRefused
        | Kind::AssertionExpired
        | Kind::NoDelegatedScope
        | Kind::NotAUser
        | Kind::NoUser => error.retold(Kind::ClientCredential, ITSELF),
    }
}

#[cfg(feature = "azure-identity")]
pub(super) fn of_metadata(why: ManagedIdentityError) -> ExchangeError {
    let (kind, advice) = match why {
        ManagedIdentityError::NotAssigned => (ExchangeErrorKind::ClientCredential, ASSIGN),
        ManagedIdentityError::Refused { status } if (400..500).contains(&status) && !is_passing(status) => {
            (ExchangeErrorKind::ClientCredential, ASSIGN)
        }
        ManagedIdentityError::SystemAssigned
        | ManagedIdentityError::Id { .. }
        | ManagedIdentityError::Cloud
        | ManagedIdentityError::Environment => (ExchangeErrorKind::Configuration, MACHINE),
        ManagedIdentityError::Unreachable { .. }
        | ManagedIdentityError::Refused { .. }
        | ManagedIdentityError::Unusable => (ExchangeErrorKind::Unavailable, MACHINE),
    };
    tracing::warn!(target: TRACE, kind = kind.as_str(), cause = %why, advice, "no token for this service itself");
    let failure = Failure { advice: Some(advice), ..Failure::new(kind) };
    match why {
        ManagedIdentityError::Unreachable { fault } => {
            failure.because(FetchError::Transport { fault, source: why.into() }).into()
        }
        why => failure.because(why).into(),
    }
}

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

/// The statuses that another attempt may cure; the metadata service answers 404 and 410 while it is being updated.
#[cfg(feature = "azure-identity")]
const fn is_passing(status: u16) -> bool {
    matches!(status, 404 | 408 | 410 | 429) || status >= 500
}

#[cfg(feature = "azure-identity")]
const TRACE: &str = "mcp_obo::hosting";

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
