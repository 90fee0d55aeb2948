//! Authority, Graph URL and scope: one cloud decides all three.

use mcp_auth_layer::cloud::Cloud;
use mcp_obo::Target;
use url::Url;

use super::reader::Reader;
use mcp_auth_layer::bypass::Environment;

/// Where Entra and Graph are.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    pub(super) cloud: Cloud,
    /// Set by hand; none is the cloud's own.
    pub(super) authority_host: Option<String>,
    pub(super) graph_base_url: String,
    pub(super) target: Target,
}

const CLOUDS: [Cloud; 3] = [Cloud::Public, Cloud::UsGov, Cloud::China];

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> Option<Endpoints> {
    let authority_host = reader.get("AZURE_AUTHORITY_HOST").map(|host| host.trim_end_matches('/').to_owned());
    let of_authority = authority_host.as_deref().and_then(host_of).and_then(|host| Cloud::of_authority_host(&host));
    if let Some(host) = &authority_host {
        check_private(reader, "AZURE_AUTHORITY_HOST", host, environment);
    }
    let named = reader.get("AZURE_CLOUD").map(|name| cloud_named(&name).ok_or(name));
    let cloud = match named {
        Some(Ok(cloud)) => {
            if of_authority.is_some_and(|other| other != cloud) {
                reader.mistake("AZURE_CLOUD and AZURE_AUTHORITY_HOST name different clouds; remove one of them");
            }
            cloud
        }
        Some(Err(name)) => {
            reader.mistake(format!(
                "AZURE_CLOUD: {name:?} is not known; write AzureCloud, AzureUSGovernment or AzureChinaCloud"
            ));
            return None;
        }
        None => of_authority.unwrap_or_default(),
    };
    let target = match reader.get("GRAPH_OBO_SCOPES") {
        None => Some(Target::graph_in(cloud)),
        Some(text) => reader.keep("GRAPH_OBO_SCOPES", Target::parse(&text)),
    };
    let graph_base_url = graph_base_url(reader, cloud, environment, target.as_ref());
    let target = target?;
    check_cloud(reader, "GRAPH_OBO_SCOPES", target.resource(), cloud);
    Some(Endpoints { cloud, authority_host, graph_base_url, target })
}

fn graph_base_url(reader: &mut Reader<'_>, cloud: Cloud, environment: Environment, target: Option<&Target>) -> String {
    let Some(url) = reader.get("GRAPH_BASE_URL") else { return format!("{}/v1.0", cloud.graph_host()) };
    let url = url.trim_end_matches('/').to_owned();
    check_private(reader, "GRAPH_BASE_URL", &url, environment);
    check_cloud(reader, "GRAPH_BASE_URL", &url, cloud);
    // A token for Graph goes to Graph; anything else is for a developer's own machine.
    let own = target.and_then(|target| host_of(target.resource()));
    if environment == Environment::Production && own.is_some() && host_of(&url) != own {
        reader.mistake(format!(
            "GRAPH_BASE_URL: in production it must be on the host of GRAPH_OBO_SCOPES ({})",
            own.unwrap_or_default()
        ));
    }
    url
}

/// https; or http on loopback, in development.
fn check_private(reader: &mut Reader<'_>, name: &str, text: &str, environment: Environment) {
    let url = Url::parse(text).ok();
    let loopback = url.as_ref().and_then(Url::host_str).is_some_and(super::is_loopback);
    match url.as_ref().map(Url::scheme) {
        Some("https") => {}
        Some("http") if loopback && environment == Environment::Development => {}
        Some("http") if loopback => {
            reader.mistake(format!("{name}: plain http is for development; write https, or set MCP_ENV=development"));
        }
        _ => reader.mistake(format!("{name}: {text:?} is not an https URL")),
    }
}

fn check_cloud(reader: &mut Reader<'_>, name: &str, url: &str, cloud: Cloud) {
    let host = host_of(url);
    let other = CLOUDS.iter().find(|one| host_of(one.graph_host()) == host);
    if other.is_some_and(|other| *other != cloud) && reader.is_set(name) {
        reader
            .mistake(format!("{name}: it belongs to another cloud than the authority; a token would be useless there"));
    }
}

fn cloud_named(name: &str) -> Option<Cloud> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "azurecloud" | "azurepubliccloud" | "public" => Cloud::Public,
        "azureusgovernment" | "azureusgovernmentcloud" | "usgov" => Cloud::UsGov,
        "azurechinacloud" | "china" => Cloud::China,
        _ => return None,
    })
}

fn host_of(text: &str) -> Option<String> {
    Url::parse(text).ok()?.host_str().map(str::to_owned)
}
