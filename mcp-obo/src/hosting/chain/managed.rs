//! `ManagedIdentityCredential`: the identity that Azure gives to the machine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use mcp_auth_layer::{EntraApp, fetch::HttpClient};

use super::{
    super::itself,
    link::{Ask, Link, Miss},
    name::CredentialName,
    values::HostValues,
};
use crate::{
    access_token::AccessToken,
    boxed::BoxFuture,
    managed_identity::{ManagedIdentityError, ManagedIdentityId, MetadataService},
};

#[derive(Debug)]
pub(super) struct Managed {
    service: Result<MetadataService, ManagedIdentityError>,
    http: HttpClient,
    probe: Probe,
    /// Once it was found it is there, also while it is being updated.
    found: AtomicBool,
}

/// Whether the machine is asked first if it is one of Azure's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// Elsewhere the address of the metadata service leads nowhere, and no answer is all that ever comes.
    First,
    Never,
}

/// How long a virtual machine's metadata service has for an answer; it is on the same machine.
const PROBE: Duration = Duration::from_secs(1);

impl Managed {
    /// Fails fast, where other credentials would have been good as well.
    pub(super) fn among_others(base: &EntraApp, host: &Arc<HostValues>) -> Self {
        // App Service and its like name a service of their own, which needs no probe and does not answer this one.
        let is_named = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"].iter().any(|name| host.variable(name).is_some());
        Self::new(base, host, if is_named { Probe::Never } else { Probe::First })
    }

    /// Takes its time, because nothing else was chosen.
    pub(super) fn alone(base: &EntraApp, host: &Arc<HostValues>) -> Self {
        Self::new(base, host, Probe::Never)
    }

    fn new(base: &EntraApp, host: &HostValues, probe: Probe) -> Self {
        let id = host.client_id.clone().map_or(ManagedIdentityId::SystemAssigned, ManagedIdentityId::ClientId);
        Self {
            service: MetadataService::new(base.http(), id),
            http: base.http().clone(),
            probe,
            found: AtomicBool::new(false),
        }
    }

    /// Asks without the header that makes it a request for a token, to which a metadata service says 400 at once.
    async fn is_on_azure(&self) -> bool {
        if self.found.load(Ordering::Acquire) {
            return true;
        }
        let address = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";
        let Ok(request) = Request::get(address).body(Bytes::new()) else { return false };
        let answered = tokio::time::timeout(PROBE, self.http.send_to_metadata_service(request)).await;
        let is_there = matches!(answered, Ok(Ok(_)));
        self.found.store(is_there, Ordering::Release);
        is_there
    }
}

impl Link for Managed {
    fn name(&self) -> CredentialName {
        CredentialName::ManagedIdentity
    }

    fn token<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        Box::pin(async move {
            let service = match &self.service {
                Ok(service) => service,
                Err(why) => return Err(Miss::failed(why.to_string()).cured_by("correct the variable")),
            };
            if self.probe == Probe::First && !self.is_on_azure().await {
                let miss = Miss::unavailable(
                    "no metadata service answered within a second: this machine is not one of Azure's",
                );
                return Err(miss.cured_by("give it AZURE_CLIENT_ID, AZURE_TENANT_ID and a secret or certificate"));
            }
            let issued = service.token(ask.target.resource()).await;
            let (secret, end) = issued.map_err(|why| {
                let reason = why.to_string();
                Miss { reason: reason.into(), ..Miss::of_entra(itself::of_metadata(why)) }
            })?;
            Ok(AccessToken::new(secret, end))
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(15)
    }
}
