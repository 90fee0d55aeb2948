//! With what this server proves to Entra that it is its app: every credential that is set, in the contract's order.

mod vault;

use std::sync::Arc;

use mcp_auth_layer::{EntraApp, bypass::Environment};
use mcp_obo::{
    ClientCredential, ClientCredentials, ClientSecret, ManagedIdentity, WorkloadIdentity,
    credential::ClientCertificate, managed_identity::ManagedIdentityId,
};

use server_kit::settings::{Reader, certificate, explained};

use super::identity::Source;

const MANAGED: &str = "GRAPH_CLIENT_MANAGED_IDENTITY";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

type Found = Option<Arc<dyn ClientCredential>>;

/// Reads them; the next one is tried when Entra refuses the one before.
///
/// `app` lends its cloud and its network.
pub(super) fn read(
    reader: &mut Reader<'_>,
    environment: Environment,
    source: Source,
    app: &EntraApp,
) -> Option<ClientCredentials> {
    let before = reader.mistakes.len();
    let chosen: [Found; 4] = [
        secret(reader, environment, source),
        certificate(reader, source).map(|certificate| Arc::new(certificate) as _),
        vault::read(reader, environment, app),
        managed(reader, app),
    ];
    let chosen: Vec<_> = chosen.into_iter().flatten().collect();
    let injected = workload(reader, &chosen);
    let mut found = chosen.into_iter().chain(injected);
    let Some(first) = found.next() else {
        // One that is set and cannot be used has been reported as what it is.
        if reader.mistakes.len() == before {
            missing(reader, source);
        }
        return None;
    };
    Some(ClientCredentials::new(first, found))
}

fn secret(reader: &mut Reader<'_>, environment: Environment, source: Source) -> Found {
    let secret = reader.get(source.secret_variable())?;
    if environment == Environment::Production {
        warn_of_secret(reader);
    }
    Some(Arc::new(ClientSecret::new(secret)))
}

/// A certificate in a file, PEM or PKCS#12.
pub(super) fn certificate(reader: &mut Reader<'_>, source: Source) -> Option<ClientCertificate> {
    let (path, password) = source.certificate_variables();
    certificate::read(reader, path, password)
}

/// A user-assigned identity, which the app registration trusts.
fn managed(reader: &mut Reader<'_>, app: &EntraApp) -> Found {
    let id = reader.get(MANAGED)?;
    let id = match id.to_ascii_lowercase().as_str() {
        // Refused with its reason, which "not an id" would not be.
        "system" | "systemassigned" | "system-assigned" => ManagedIdentityId::SystemAssigned,
        _ => ManagedIdentityId::ClientId(id.trim().to_owned()),
    };
    let identity = reader.keep(MANAGED, ManagedIdentity::new(app, id))?;
    Some(Arc::new(identity))
}

/// A workload's own token, which the app registration trusts; last, because the platform injects it unasked.
///
/// For the same reason one that cannot be read is a mistake only where nothing was chosen.
fn workload(reader: &mut Reader<'_>, chosen: &[Arc<dyn ClientCredential>]) -> Found {
    let path = reader.get(TOKEN_FILE)?;
    let identity = match WorkloadIdentity::from_file(path) {
        Err(error) if !chosen.is_empty() => {
            reader.warn(format!("{TOKEN_FILE}: not used: {}", explained(&error)));
            return None;
        }
        identity => reader.keep(TOKEN_FILE, identity)?,
    };
    Some(Arc::new(identity))
}

/// Says in production that a secret is the weakest of them.
pub(super) fn warn_of_secret(reader: &mut Reader<'_>) {
    reader.warn(
        "a client secret is in use; in production a certificate (GRAPH_CLIENT_CERT_PATH, or in Key Vault \
         GRAPH_CLIENT_CERT_KEYVAULT_URL), a managed identity (GRAPH_CLIENT_MANAGED_IDENTITY) or a workload identity \
         (AZURE_FEDERATED_TOKEN_FILE) is safer: nobody can copy it out of a variable",
    );
}

fn missing(reader: &mut Reader<'_>, source: Source) {
    let hint = if source == Source::Graph && reader.is_set("AZURE_CLIENT_SECRET") {
        "; AZURE_CLIENT_SECRET belongs to the hosting identity and is never sent with GRAPH_CLIENT_ID"
    } else {
        ""
    };
    let (certificate, _) = source.certificate_variables();
    reader.mistake(format!(
        "{}: not set; write the secret of this server's app, or better give it another credential: the path of a certificate \
         ({certificate}), one in Key Vault (GRAPH_CLIENT_CERT_KEYVAULT_URL), a managed identity ({MANAGED}) or a workload's \
         token ({TOKEN_FILE}){hint}",
        source.secret_variable()
    ));
}
