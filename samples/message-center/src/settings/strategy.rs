//! As whom Microsoft Graph is called: as the user, or as the place where this server runs.
//!
//! The hosting identity's variables are those of every Azure SDK (`AZURE_*`), and none of them is ever sent with this server's
//! own app.

use std::sync::Arc;

use mcp_auth_layer::{EntraApp, bypass::Environment, config::ConfigError};
use mcp_obo::{
    ClientCredential, ClientCredentials, ClientSecret, HostingIdentity, OutgoingAuth, Target, WorkloadIdentity,
    hosting::chain::Frontend, managed_identity::ManagedIdentityId,
};

use server_kit::settings::{Reader, app::guid, host};

use super::{credentials, identity::Source};

/// What `OUTGOING_AUTH_STRATEGY` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    OnBehalfOf,
    HostingEnvironment,
}

const NAME: &str = "OUTGOING_AUTH_STRATEGY";
const HOSTING: &str = "UseHostingEnvironmentIdentity";

pub(super) fn read(reader: &mut Reader<'_>) -> Strategy {
    match reader.get(NAME).as_deref() {
        None | Some("UseOnBehalfOf") => Strategy::OnBehalfOf,
        Some(HOSTING) => Strategy::HostingEnvironment,
        Some(other) => {
            reader.mistake(format!("{NAME}: {other:?} is not known; write UseOnBehalfOf or {HOSTING}"));
            Strategy::OnBehalfOf
        }
    }
}

/// Makes the identity that acts. `app` lends the hosting identity its cloud and its network, and nothing else.
pub(super) fn outgoing(
    reader: &mut Reader<'_>,
    strategy: Strategy,
    environment: Environment,
    app: Option<&EntraApp>,
    target: &Target,
) -> Option<OutgoingAuth> {
    if strategy == Strategy::OnBehalfOf {
        return Some(OutgoingAuth::OnBehalfOf);
    }
    if environment == Environment::Production && !reader.is_set("MCP_REQUIRED_ROLES") {
        reader.mistake(format!(
            "MCP_REQUIRED_ROLES: not set; with {NAME}={HOSTING} Graph no longer checks what the person may read, so this \
             server must: write an app role of its app that readers are assigned"
        ));
    }
    let identity = hosting(reader, environment, app?)?.add_target(target);
    reader.warn(format!(
        "{NAME}={HOSTING}: every caller reads as {}; Graph neither checks nor logs who the person is, only this server's \
         audit trail does",
        identity.description()
    ));
    Some(OutgoingAuth::HostingEnvironment(identity))
}

/// Those that `AZURE_TOKEN_CREDENTIALS` chooses; without it a service principal where it has a credential, else a managed
/// identity.
///
/// Without it no developer acts: this server is called over HTTP, and has asked for one identity before.
pub(super) fn hosting(reader: &mut Reader<'_>, environment: Environment, app: &EntraApp) -> Option<HostingIdentity> {
    if reader.is_set(host::CHOICE) {
        if environment == Environment::Production && reader.is_set(Source::Azure.secret_variable()) {
            credentials::warn_of_secret(reader);
        }
        let tenant = tenant(reader, app);
        let chain = host::chain(reader, Frontend::Http, app, Some(&tenant))?;
        return Some(HostingIdentity::chain(app, chain));
    }
    let id = match reader.get(ID) {
        Some(id) => Some(guid(reader, ID, id)?),
        None => None,
    };
    let before = reader.mistakes.len();
    let credentials = service_principal(reader, environment);
    match (id, credentials) {
        (Some(id), Some(credentials)) => {
            let own = principal(reader, app, &id);
            let own = reader.keep("AZURE_TENANT_ID", own)?;
            Some(HostingIdentity::service_principal(&own, credentials))
        }
        (None, Some(_)) => {
            reader.mistake(format!("{ID}: not set, but a credential of a service principal is; write whose it is"));
            None
        }
        // One that is set and cannot be read is no managed identity.
        (_, None) if reader.mistakes.len() > before => None,
        (id, None) => {
            let id = id.map_or(ManagedIdentityId::SystemAssigned, ManagedIdentityId::ClientId);
            reader.keep(ID, HostingIdentity::managed(app, id))
        }
    }
}

const ID: &str = "AZURE_CLIENT_ID";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// The credentials of the service principal, in the order of the Azure SDKs.
fn service_principal(reader: &mut Reader<'_>, environment: Environment) -> Option<ClientCredentials> {
    let mut found: Vec<Arc<dyn ClientCredential>> = Vec::new();
    if let Some(secret) = reader.get(Source::Azure.secret_variable()) {
        if environment == Environment::Production {
            credentials::warn_of_secret(reader);
        }
        found.push(Arc::new(ClientSecret::new(secret)));
    }
    if let Some(certificate) = credentials::certificate(reader, Source::Azure) {
        found.push(Arc::new(certificate));
    }
    if let Some(path) = reader.get(TOKEN_FILE) {
        let read = reader.keep(TOKEN_FILE, WorkloadIdentity::from_file(path));
        found.extend(read.map(|identity| Arc::new(identity) as Arc<dyn ClientCredential>));
    }
    let mut found = found.into_iter();
    found.next().map(|first| ClientCredentials::new(first, found))
}

/// The service principal's own app, in the cloud of ours; in its own tenant where `AZURE_TENANT_ID` names one.
fn principal(reader: &Reader<'_>, app: &EntraApp, id: &str) -> Result<EntraApp, ConfigError> {
    app.beside(&tenant(reader, app), id)
}

fn tenant(reader: &Reader<'_>, app: &EntraApp) -> String {
    reader.get("AZURE_TENANT_ID").unwrap_or_else(|| app.authority().segment().to_owned())
}
