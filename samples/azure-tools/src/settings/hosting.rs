//! This server's own identity: the credential chain of the Azure SDKs.

use mcp_auth_layer::{
    EntraApp,
    bypass::Environment,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::{HostingIdentity, managed_identity::ManagedIdentityId};
use server_kit::settings::{Reader, app::guid, cloud::CloudChoice};

use crate::{arguments::Start, services::Service};

const ID: &str = "AZURE_CLIENT_ID";

/// Stands in for an id where the identity has none of its own; it is never sent.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn read(
    reader: &mut Reader<'_>,
    _start: &Start,
    _environment: Environment,
    choice: &CloudChoice,
    egress: &Egress,
) -> Option<HostingIdentity> {
    let id = match reader.get(ID) {
        Some(id) => Some(guid(reader, ID, id)?),
        None => None,
    };
    let tenant =
        reader.first(&["AZURE_TENANT_ID", "AzureAd__TenantId"]).map_or_else(|| NOBODY.to_owned(), |(_, it)| it);
    let http = reader.keep("the HTTP client", HttpClient::reqwest_through(FetchLimits::default(), egress))?;
    let app = EntraApp::single_tenant_over(http, &tenant, id.as_deref().unwrap_or(NOBODY));
    let app = reader.keep("AZURE_TENANT_ID", app)?.with_cloud(choice.cloud);
    let app = match &choice.authority_host {
        Some(host) => reader.keep("AZURE_AUTHORITY_HOST", app.with_authority_host(host))?,
        None => app,
    };
    let id = id.map_or(ManagedIdentityId::SystemAssigned, ManagedIdentityId::ClientId);
    let identity = reader.keep(ID, HostingIdentity::managed(&app, id))?;
    let places = Service::ALL.into_iter().filter_map(|service| service.place(choice.cloud));
    Some(places.fold(identity, |identity, place| identity.add_target(&place.target())))
}
