//! How this service asks for itself, and what it means where that fails.

#[cfg(feature = "azure-identity")]
use mcp_auth_layer::fetch::FetchError;

#[cfg(feature = "azure-identity")]
use crate::managed_identity::ManagedIdentityError;
use crate::{
    access_token::AccessToken,
    error::{ExchangeError, ExchangeErrorKind, Failure},
    grant::TokenRequest,
    target::Target,
    token_endpoint::TokenEndpoint,
};

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

/// The statuses that another attempt may cure; the metadata service answers 404 and 410 while it is being updated.
#[cfg(feature = "azure-identity")]
pub(super) const fn is_passing(status: u16) -> bool {
    matches!(status, 404 | 408 | 410 | 429) || status >= 500
}

#[cfg(feature = "azure-identity")]
pub(super) const TRACE: &str = "mcp_obo::hosting";
