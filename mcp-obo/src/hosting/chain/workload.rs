//! `WorkloadIdentityCredential`: a service principal that trusts Kubernetes' token of this workload.

use std::{sync::Arc, time::Duration};

use mcp_auth_layer::EntraApp;

use super::{
    link::{Ask, Link, Miss},
    name::CredentialName,
    principal::{Principal, reading},
    values::HostValues,
};
use crate::{access_token::AccessToken, boxed::BoxFuture, credential::WorkloadIdentity};

#[derive(Debug)]
pub(super) struct Workload {
    host: Arc<HostValues>,
    principal: Principal,
}

impl Workload {
    pub(super) fn new(base: &EntraApp, host: &Arc<HostValues>) -> Self {
        Self { host: Arc::clone(host), principal: Principal::new(base, host) }
    }
}

impl Link for Workload {
    fn name(&self) -> CredentialName {
        CredentialName::WorkloadIdentity
    }

    fn token<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        Box::pin(async move {
            let Some(path) = self.host.token_file.clone() else {
                return Err(Miss::unavailable("AZURE_FEDERATED_TOKEN_FILE is not set"));
            };
            let credentials = || async {
                let read = reading(move || WorkloadIdentity::from_file(path)).await;
                read.map(Into::into).map_err(|miss| miss.cured_by("look whether the workload's token is mounted"))
            };
            self.principal.token(ask, credentials).await
        })
    }

    fn takes_claims(&self) -> bool {
        true
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}
