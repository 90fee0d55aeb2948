//! A user-assigned managed identity as this app's credential: an app without a secret.

use std::{fmt, sync::Arc};

use mcp_auth_layer::{EntraApp, cloud::Cloud};

use super::{FederationFault, KeptAssertion, presentable, spend};
use crate::{
    boxed::BoxFuture,
    credential::{ClientAuth, ClientContext, ClientCredential, CredentialError, CredentialKind, CredentialStatus},
    kept::{Kept, Lapse, Lease},
    managed_identity::{ManagedIdentityError, ManagedIdentityId, MetadataService},
};

/// A user-assigned managed identity that the app registration trusts.
///
/// The app has a federated credential with the identity's object id. Identity and app must belong to the same tenant and cloud.
/// The assertion is kept until shortly before its end, and made anew when Entra refused it. Cloning is cheap.
///
/// # Defaults
/// 12 s for the metadata service, repetitions included.
#[derive(Clone)]
pub struct ManagedIdentity {
    id: ManagedIdentityId,
    assertion: KeptAssertion,
}

impl ManagedIdentity {
    /// Proves `app` by the identity with this client id.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn user_assigned(app: &EntraApp, client_id: &str) -> Result<Self, ManagedIdentityError> {
        Self::new(app, ManagedIdentityId::ClientId(client_id.trim().to_owned()))
    }

    /// Proves `app` by a user-assigned identity.
    ///
    /// # Errors
    /// [`ManagedIdentityError::SystemAssigned`], because Entra takes only user-assigned identities for an app's federated
    /// credential; [`Id`](ManagedIdentityError::Id) for a blank or malformed id, [`Cloud`](ManagedIdentityError::Cloud) for a
    /// cloud whose audience is not published, [`Environment`](ManagedIdentityError::Environment) for a process environment that
    /// names no usable metadata service.
    pub fn new(app: &EntraApp, id: ManagedIdentityId) -> Result<Self, ManagedIdentityError> {
        if id == ManagedIdentityId::SystemAssigned {
            return Err(ManagedIdentityError::SystemAssigned);
        }
        let audience = audience(app.cloud()).ok_or(ManagedIdentityError::Cloud)?;
        let service = MetadataService::new(app.http(), id.clone())?;
        let assertion = Kept::new(move |now| {
            let service = service.clone();
            async move {
                let asked = service.token(audience).await;
                let (jwt, _) = asked.map_err(|why| FederationFault::ManagedIdentity(Arc::new(why)))?;
                // The token's own end counts, not what is said of it.
                let (jwt, end) = presentable(&jwt, now)?;
                Ok::<_, Lapse<FederationFault>>(Lease::until(jwt, end, now))
            }
        });
        Ok(Self { id, assertion })
    }
}

impl ClientCredential for ManagedIdentity {
    fn authenticate<'a>(&'a self, client: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(async move { Ok(ClientAuth::assertion(self.assertion.get(client.now()).await?)) })
    }

    fn refused(&self, spent: &ClientAuth) {
        spend(&self.assertion, spent);
    }

    fn status(&self) -> CredentialStatus {
        CredentialStatus::of(CredentialKind::ManagedIdentity)
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentity").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The audience that Entra expects in a federated credential of this cloud.
const fn audience(cloud: Cloud) -> Option<&'static str> {
    match cloud {
        Cloud::Public => Some("api://AzureADTokenExchange"),
        Cloud::UsGov | Cloud::UsGovDod => Some("api://AzureADTokenExchangeUSGov"),
        Cloud::China => Some("api://AzureADTokenExchangeChina"),
        Cloud::France => Some("api://AzureADTokenExchangeFrance"),
        Cloud::Germany => Some("api://AzureADTokenExchangeGermany"),
        _ => None,
    }
}
