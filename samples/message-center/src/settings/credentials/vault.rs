//! A certificate in Key Vault, read or used as the place where this server runs.

use std::sync::Arc;

use mcp_auth_layer::{EntraApp, bypass::Environment, config::ConfigError};
use mcp_obo::{KeyVault, KeyVaultCertificate, credential::Thumbprint};

use server_kit::settings::{Reader, certificate::sends_chain};

use super::{super::strategy, Found};

const URL: &str = "GRAPH_CLIENT_CERT_KEYVAULT_URL";
/// The key as a secret, which is copied into this process.
const SECRET: &str = "GRAPH_CLIENT_CERT_SECRET_NAME";
/// A certificate whose key stays in the vault and signs there.
const CERTIFICATE: &str = "GRAPH_CLIENT_CERT_NAME";
const VERSION: &str = "GRAPH_CLIENT_CERT_SECRET_VERSION";
const THUMBPRINT: &str = "GRAPH_CLIENT_CERT_THUMBPRINT";

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment, app: &EntraApp) -> Found {
    let Some(url) = reader.get(URL) else {
        for name in [SECRET, CERTIFICATE, VERSION, THUMBPRINT] {
            if reader.is_set(name) {
                reader.warn(format!("{name}: not used, because {URL} is not set"));
            }
        }
        return None;
    };
    let Some(target) = KeyVault::target_in(app.cloud()) else {
        reader.mistake(format!("{URL}: this cloud's Key Vault is not known here"));
        return None;
    };
    let identity = strategy::hosting(reader, environment, app)?.add_target(&target);
    let vault = reader.keep(URL, KeyVault::over(app.http().clone(), &url, app.cloud(), identity))?;
    let named = match (reader.get(SECRET), reader.get(CERTIFICATE)) {
        (Some(_), Some(_)) => {
            reader.mistake(format!("{SECRET} and {CERTIFICATE}: the key is one or the other; unset one of them"));
            return None;
        }
        (Some(name), None) => reader.keep(SECRET, KeyVaultCertificate::from_secret(&vault, &name))?,
        (None, Some(name)) => reader.keep(CERTIFICATE, KeyVaultCertificate::from_certificate(&vault, &name))?,
        (None, None) => {
            reader.mistake(format!(
                "{SECRET}: not set; with {URL} write the secret's name, or the certificate's into {CERTIFICATE}, whose key then \
                 never leaves the vault"
            ));
            return None;
        }
    };
    let certificate = refine(reader, named)?;
    let certificate = if sends_chain(reader) { certificate.with_x5c() } else { certificate };
    Some(Arc::new(certificate))
}

fn refine(reader: &mut Reader<'_>, certificate: KeyVaultCertificate) -> Option<KeyVaultCertificate> {
    let certificate = match reader.get(VERSION) {
        Some(version) => {
            let pinned: Result<_, ConfigError> = certificate.with_version(&version);
            reader.keep(VERSION, pinned)?
        }
        None => certificate,
    };
    match reader.get(THUMBPRINT) {
        Some(text) => {
            let thumbprint = reader.keep(THUMBPRINT, text.parse::<Thumbprint>())?;
            Some(certificate.with_thumbprint(thumbprint))
        }
        None => Some(certificate),
    }
}
