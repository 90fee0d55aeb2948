//! `EnvironmentCredential`: a service principal with a secret or a certificate.

use std::{sync::Arc, time::Duration};

use mcp_auth_layer::EntraApp;
use secrecy::ExposeSecret;

use super::{
    link::{Ask, Link, Miss},
    name::CredentialName,
    principal::{Principal, reading},
    values::{CertificateChain, CertificateFile, HostValues},
};
use crate::{
    access_token::AccessToken,
    boxed::BoxFuture,
    credential::{ClientCertificate, ClientCredential, ClientCredentials, ClientSecret},
};

#[derive(Debug)]
pub(super) struct Environment {
    host: Arc<HostValues>,
    principal: Principal,
}

impl Environment {
    pub(super) fn new(base: &EntraApp, host: &Arc<HostValues>) -> Self {
        Self { host: Arc::clone(host), principal: Principal::new(base, host) }
    }

    /// The secret before the certificate, and each in place of the other where Entra refuses it.
    async fn credentials(&self) -> Result<ClientCredentials, Miss> {
        let secret = self
            .host
            .secret
            .as_ref()
            .map(|secret| Arc::new(ClientSecret::new(secret.expose_secret())) as Arc<dyn ClientCredential>);
        let certificate = match self.host.certificate.clone() {
            None => None,
            Some(file) => match reading(move || read(file)).await {
                Ok(certificate) => Some(Arc::new(certificate) as Arc<dyn ClientCredential>),
                Err(_) if secret.is_some() => None,
                Err(miss) => return Err(miss.cured_by("correct AZURE_CLIENT_CERTIFICATE_PATH or the file")),
            },
        };
        let mut found = secret.into_iter().chain(certificate);
        let first = found.next().ok_or_else(nothing)?;
        Ok(ClientCredentials::new(first, found))
    }
}

impl Link for Environment {
    fn name(&self) -> CredentialName {
        CredentialName::Environment
    }

    fn token<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        Box::pin(async move {
            if self.host.secret.is_none() && self.host.certificate.is_none() {
                return Err(nothing());
            }
            self.principal.token(ask, || self.credentials()).await
        })
    }

    fn takes_claims(&self) -> bool {
        true
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

fn nothing() -> Miss {
    Miss::unavailable("neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set")
}

fn read(file: CertificateFile) -> Result<ClientCertificate, crate::credential::CertificateError> {
    let certificate = ClientCertificate::from_file(file.path, file.password.expose_secret())?;
    Ok(match file.chain {
        CertificateChain::StaysHere => certificate,
        CertificateChain::IsSent => certificate.with_x5c(),
    })
}
