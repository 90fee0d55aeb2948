//! The app registration that callers' tokens are for: the section `AzureAd` of the original's configuration.

use mcp_auth_layer::{
    EntraApp,
    bypass::Environment,
    cloud::Cloud,
    config::ConfigError,
    fetch::{Egress, FetchLimits, HttpClient},
    policy::{AccessPolicy, ScopePolicy},
    tenant::TenantName,
};
use mcp_obo::outgoing::ActingAs;
use server_kit::settings::{
    Reader,
    app::guid,
    cloud::{CloudChoice, check_authority, host_of, named},
};

use crate::arguments::{Start, Transport};

const INSTANCE: &str = "AzureAd__Instance";
const AUTHORITY: &str = "AzureAd__Authority";
const TENANT: &str = "AzureAd__TenantId";
const CLIENT: &str = "AzureAd__ClientId";

/// The scope that a user's token must have.
pub(crate) const SCOPE: &str = "Mcp.Tools.ReadWrite";

/// The role that an application's token must have.
pub(crate) const ROLE: &str = "Mcp.Tools.ReadWrite.All";

/// Reads the cloud: the option before the variables, and of those the section's own before the SDKs'.
pub(super) fn cloud(reader: &mut Reader<'_>, start: &Start, environment: Environment) -> CloudChoice {
    let mut choice = super::cloud_choice(reader, environment);
    let mut is_named = super::CLOUD_NAMES.iter().any(|name| reader.is_set(name));
    if let Some(name) = &start.cloud {
        is_named = true;
        match named(name) {
            Some(cloud) => choice.cloud = cloud,
            None => reader.mistake(format!(
                "--cloud: {name:?} is not known; write AzureCloud, AzureUSGovernment or AzureChinaCloud"
            )),
        }
    }
    if let Some((name, host)) = instance(reader) {
        check_authority(reader, name, &host, environment);
        match cloud_of(&host) {
            Some(of_host) if is_named && differ(of_host, choice.cloud) => {
                reader.mistake(format!("{name} and the cloud that is named differ; remove one of them"));
            }
            Some(cloud) if !is_named => choice.cloud = cloud,
            _ => {}
        }
        choice.authority_host = Some(host);
    } else if start.cloud.is_some()
        && let Some(of_host) = choice.authority_host.as_deref().and_then(cloud_of)
        && differ(of_host, choice.cloud)
    {
        reader.mistake("AZURE_AUTHORITY_HOST and --cloud name different clouds; remove one of them");
    }
    choice
}

fn cloud_of(authority: &str) -> Option<Cloud> {
    host_of(authority).and_then(|host| Cloud::of_authority_host(&host))
}

fn differ(one: Cloud, other: Cloud) -> bool {
    one.authority_host() != other.authority_host()
}

/// The authority's host, of either form of the section.
fn instance(reader: &mut Reader<'_>) -> Option<(&'static str, String)> {
    if let Some(instance) = reader.get(INSTANCE) {
        return Some((INSTANCE, instance.trim_end_matches('/').to_owned()));
    }
    let given = reader.get(AUTHORITY)?;
    let authority = url::Url::parse(&given).map_err(|_| "it is not a URL such as https://HOST/TENANT");
    Some((AUTHORITY, reader.keep(AUTHORITY, authority)?.origin().ascii_serialization()))
}

/// The tenant, of either form of the section: `AzureAd__Authority` has it as its first segment.
fn tenant(reader: &Reader<'_>) -> Option<(&'static str, String)> {
    if let Some(tenant) = reader.get(TENANT) {
        return Some((TENANT, tenant));
    }
    let authority = url::Url::parse(&reader.get(AUTHORITY)?).ok()?;
    let tenant = authority.path_segments()?.next().filter(|segment| !segment.is_empty())?;
    Some((AUTHORITY, tenant.to_owned()))
}

/// Reads the app; none where nobody needs a token.
pub(super) fn read(
    reader: &mut Reader<'_>,
    start: &Start,
    strategy: ActingAs,
    choice: &CloudChoice,
    egress: &Egress,
) -> Option<EntraApp> {
    if start.transport == Transport::Stdio || start.dangerously_disable_http_incoming_auth {
        return None;
    }
    let tenant = match tenant(reader) {
        Some((name, given)) => reader.keep(name, TenantName::parse(&given)),
        None => {
            reader.mistake(format!("{TENANT}: not set; write the id of the tenant whose users may call"));
            None
        }
    };
    let client = match reader.get(CLIENT) {
        Some(given) => guid(reader, CLIENT, given),
        None => {
            let why = if strategy == ActingAs::User { " and exchanges them" } else { "" };
            reader.mistake(format!(
                "{CLIENT}: not set; write the id of the app registration that takes callers' tokens{why}"
            ));
            None
        }
    };
    let http = reader.keep("the HTTP client", HttpClient::reqwest_through(FetchLimits::default(), egress))?;
    let app = EntraApp::single_tenant_over(http, tenant?.as_str(), &client?);
    let app = reader.keep("the app", app)?.with_cloud(choice.cloud);
    let app = match &choice.authority_host {
        Some(host) => reader.keep(INSTANCE, app.with_authority_host(host))?,
        None => app,
    };
    // The original takes the client id and `api://` with it, as every app here does; another App ID URI is named.
    match reader.get("AzureAd__Audience") {
        Some(audience) => reader.keep("AzureAd__Audience", app.add_audience(audience.trim())),
        None => Some(app),
    }
}

/// Reads who may call.
pub(super) fn access(reader: &mut Reader<'_>, strategy: ActingAs) -> Option<AccessPolicy> {
    reader.keep(SCOPE, scopes(strategy)).map(AccessPolicy::new)
}

/// Users with the scope; and where nobody is acted for, applications with the role.
pub(super) fn scopes(strategy: ActingAs) -> Result<ScopePolicy, ConfigError> {
    let scopes = ScopePolicy::all([SCOPE])?;
    match strategy {
        // An application's token cannot be exchanged: Entra would say so after the call had begun (AADSTS7000114).
        ActingAs::User => Ok(scopes),
        _ => scopes.or_app_role(ROLE),
    }
}
