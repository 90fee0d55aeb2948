//! Tokens of the identity that Azure gives to the machine, by `azure_identity`, over this crate's network.
//!
//! `azure_identity` 1.0 cannot be told where the metadata service is: it reads `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` and
//! `MSI_ENDPOINT` of the process itself, as App Service, Container Apps and Functions set them, and takes the address of virtual
//! machines (169.254.169.254) without them. A variable that is set and blank counts as set there: that is found out when the
//! identity is constructed, not at the first call.

#[cfg(test)]
mod tests;
mod transport;

use std::{error::Error, sync::Arc, time::Duration};

use azure_core::{credentials::TokenCredential, http::ClientOptions};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use mcp_auth_layer::{
    clock::UnixTime,
    fetch::{FetchError, HttpClient, TransportFault},
};
use secrecy::SecretString;

use self::transport::ToMetadataService;

/// Which of the identities that a machine may have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManagedIdentityId {
    /// The machine's own, which lives and dies with it.
    SystemAssigned,
    /// A user-assigned one, by its client id.
    ClientId(String),
    /// A user-assigned one, by its object (principal) id.
    ObjectId(String),
    /// A user-assigned one, by its Azure resource id; App Service does not take it.
    ResourceId(String),
}

/// Why a managed identity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManagedIdentityError {
    /// Entra takes only user-assigned identities for an app's federated credential.
    #[error("a system-assigned identity cannot be an app's federated credential; assign a user-assigned one")]
    SystemAssigned,
    /// The id is blank or, where it has to be one, no GUID.
    #[error("{given:?} is not the id of a managed identity")]
    Id {
        /// What was given.
        given: String,
    },
    /// Nobody has published this cloud's audience for federated credentials.
    #[error("this cloud's audience for federated credentials is not known")]
    Cloud,
    /// The process environment names a metadata service that cannot be used.
    #[error("IDENTITY_ENDPOINT, IDENTITY_HEADER or MSI_ENDPOINT is blank or names a service that is not supported")]
    Environment,
    /// The machine does not have this identity.
    #[error("this identity is not assigned to the machine")]
    NotAssigned,
    /// The metadata service did not answer.
    #[error("the metadata service cannot be reached: {fault}")]
    Unreachable {
        /// What failed on the way.
        fault: TransportFault,
    },
    /// The metadata service refused.
    #[error("the metadata service answered with status {status}")]
    Refused {
        /// Its status.
        status: u16,
    },
    /// The metadata service's answer has no token that could be used.
    #[error("the metadata service's answer cannot be used")]
    Unusable,
}

/// `azure_identity` would try for 72 s; nobody waits so long for an answer.
const DEADLINE: Duration = Duration::from_secs(12);

/// Asks for tokens of one identity; keeps none.
#[derive(Clone, Debug)]
pub(crate) struct MetadataService {
    http: HttpClient,
    id: ManagedIdentityId,
}

impl MetadataService {
    /// Takes an identity if this process can ask for it; asks nobody yet.
    pub(crate) fn new(http: &HttpClient, id: ManagedIdentityId) -> Result<Self, ManagedIdentityError> {
        check(&id)?;
        let service = Self { http: http.clone(), id };
        service.credential(&ToMetadataService::new(http.clone()))?;
        Ok(service)
    }

    pub(crate) fn id(&self) -> &ManagedIdentityId {
        &self.id
    }

    /// Gets a token of an API, with its end.
    pub(crate) async fn token(&self, resource: &str) -> Result<(SecretString, UnixTime), ManagedIdentityError> {
        // A credential of its own for every request: it has a cache that holds a lock while it asks, and which nothing empties
        // when a token is refused. Making one is cheap.
        let network = ToMetadataService::new(self.http.clone());
        let credential = self.credential(&network)?;
        let asked = tokio::time::timeout(DEADLINE, credential.get_token(&[resource], None)).await;
        let token = asked.map_err(|_| network.given_up())?.map_err(|why| explain(&why))?;
        let end = u64::try_from(token.expires_on.unix_timestamp()).map_err(|_| ManagedIdentityError::Unusable)?;
        if token.token.secret().trim().is_empty() {
            return Err(ManagedIdentityError::Unusable);
        }
        Ok((SecretString::from(token.token.secret()), UnixTime::from_secs(end)))
    }

    fn credential(&self, network: &ToMetadataService) -> Result<Arc<ManagedIdentityCredential>, ManagedIdentityError> {
        let transport = Some(network.transport());
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: user_assigned(&self.id),
            client_options: ClientOptions { transport, ..ClientOptions::default() },
        };
        ManagedIdentityCredential::new(Some(options)).map_err(|_| ManagedIdentityError::Environment)
    }
}

fn check(id: &ManagedIdentityId) -> Result<(), ManagedIdentityError> {
    let (given, is_one) = match id {
        ManagedIdentityId::SystemAssigned => return Ok(()),
        ManagedIdentityId::ClientId(id) | ManagedIdentityId::ObjectId(id) => (id, is_guid(id)),
        ManagedIdentityId::ResourceId(id) => {
            (id, id.starts_with('/') && id.bytes().all(|byte| byte.is_ascii_graphic()))
        }
    };
    if is_one { Ok(()) } else { Err(ManagedIdentityError::Id { given: given.clone() }) }
}

/// Without the other spellings that the `uuid` crate reads and Azure does not.
fn is_guid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn user_assigned(id: &ManagedIdentityId) -> Option<UserAssignedId> {
    match id {
        ManagedIdentityId::SystemAssigned => None,
        ManagedIdentityId::ClientId(id) => Some(UserAssignedId::ClientId(id.clone())),
        ManagedIdentityId::ObjectId(id) => Some(UserAssignedId::ObjectId(id.clone())),
        ManagedIdentityId::ResourceId(id) => Some(UserAssignedId::ResourceId(id.clone())),
    }
}

/// Keeps of the SDK's error what is known, and none of its text, which quotes whatever was answered.
pub(crate) fn explain(why: &azure_core::Error) -> ManagedIdentityError {
    let chain = || std::iter::successors(Some(why as &(dyn Error + 'static)), |&error| error.source());
    if let Some(fault) = chain().find_map(|error| error.downcast_ref::<FetchError>()?.fault()) {
        return ManagedIdentityError::Unreachable { fault };
    }
    let status = chain().find_map(|error| error.downcast_ref::<azure_core::Error>()?.http_status());
    match status.map(u16::from) {
        // The documented answer for an identity that the machine does not have.
        Some(400) => ManagedIdentityError::NotAssigned,
        Some(status) => ManagedIdentityError::Refused { status },
        None => ManagedIdentityError::Unusable,
    }
}
