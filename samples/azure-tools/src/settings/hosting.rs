//! This server's own identity: the credential chain of the Azure SDKs.

use mcp_auth_layer::{
    EntraApp,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::{HostingIdentity, hosting::chain::Frontend};
use server_kit::settings::{Reader, cloud::CloudChoice, host};

use crate::{
    arguments::{Start, Transport},
    services::Service,
};

/// Stands in for the id of an app: each credential has one of its own, and this one is never sent.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn read(
    reader: &mut Reader<'_>,
    start: &Start,
    choice: &CloudChoice,
    egress: &Egress,
) -> Option<HostingIdentity> {
    let http = reader.keep("the HTTP client", HttpClient::reqwest_through(FetchLimits::default(), egress))?;
    let app = reader.keep("the hosting identity", EntraApp::any_organization_over(http, NOBODY))?;
    let app = app.with_cloud(choice.cloud);
    let app = match &choice.authority_host {
        Some(host) => reader.keep("AZURE_AUTHORITY_HOST", app.with_authority_host(host))?,
        None => app,
    };
    let frontend = match start.transport {
        Transport::Http => Frontend::Http,
        Transport::Stdio => Frontend::Stdio,
    };
    let tenant = reader.first(&["AZURE_TENANT_ID", "AzureAd__TenantId"]).map(|(_, tenant)| tenant);
    let chain = host::chain(reader, frontend, &app, tenant.as_deref())?;
    let identity = HostingIdentity::chain(&app, chain);
    let places = Service::ALL.into_iter().filter_map(|service| service.place(choice.cloud));
    Some(places.fold(identity, |identity, place| identity.add_target(&place.target())))
}
