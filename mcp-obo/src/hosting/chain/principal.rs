//! A service principal of the host's own, as two of the credentials are.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
};

use mcp_auth_layer::EntraApp;

use super::{
    super::itself,
    link::{Ask, Miss},
    values::HostValues,
};
use crate::{
    access_token::AccessToken, credential::ClientCredentials, error::explained, token_endpoint::TokenEndpoint,
};

/// A service principal whose credential is looked for when it is first needed, and again while it cannot be used.
#[derive(Debug)]
pub(super) struct Principal {
    app: Option<Result<EntraApp, String>>,
    endpoint: Mutex<Option<TokenEndpoint>>,
}

impl Principal {
    /// Names it; nothing where tenant or client id are not given.
    pub(super) fn new(base: &EntraApp, host: &HostValues) -> Self {
        let names = host.tenant.as_ref().zip(host.client_id.as_ref());
        let app = names.map(|(tenant, id)| base.beside(tenant, id).map_err(|why| explained(&why)));
        Self { app, endpoint: Mutex::default() }
    }

    /// Asks Entra, with what `credentials` finds.
    pub(super) async fn token<F>(&self, ask: Ask<'_>, credentials: impl FnOnce() -> F) -> Result<AccessToken, Miss>
    where
        F: Future<Output = Result<ClientCredentials, Miss>>,
    {
        let app = match &self.app {
            None => return Err(Miss::unavailable("AZURE_TENANT_ID or AZURE_CLIENT_ID is not set")),
            Some(Err(why)) => {
                return Err(Miss::failed(why.clone()).cured_by("correct AZURE_TENANT_ID or AZURE_CLIENT_ID"));
            }
            Some(Ok(app)) => app,
        };
        let endpoint = match self.made() {
            Some(endpoint) => endpoint,
            None => self.make(TokenEndpoint::new(app, credentials().await?)),
        };
        itself::issued_by(&endpoint, ask.target, ask.challenge)
            .await
            .map_err(|why| Miss::of_entra(itself::of_service(why)))
    }

    fn made(&self) -> Option<TokenEndpoint> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn make(&self, endpoint: TokenEndpoint) -> TokenEndpoint {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(endpoint).clone()
    }
}

/// Runs what reads a file: a mounted one may lie on a network, and a worker thread must not wait for it.
pub(super) async fn reading<T: Send + 'static, E: std::error::Error + Send + 'static>(
    read: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Miss> {
    match tokio::task::spawn_blocking(read).await {
        Ok(found) => found.map_err(|why| Miss::failed(explained(&why))),
        Err(_) => Err(Miss::failed("its file could not be read").for_a_while()),
    }
}
