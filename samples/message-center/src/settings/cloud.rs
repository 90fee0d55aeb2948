//! Authority, Graph URL and scope: one cloud decides all three.

use mcp_auth_layer::{bypass::Environment, cloud::Cloud};
use mcp_obo::Target;
use server_kit::settings::{
    Reader,
    cloud::{self, CloudChoice, address, host_of},
};

/// Where Entra and Graph are.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    pub(super) cloud: Cloud,
    /// Set by hand; none is the cloud's own.
    pub(super) authority_host: Option<String>,
    pub(super) graph_base_url: String,
    pub(super) target: Target,
}

const CLOUDS: [Cloud; 4] = [Cloud::Public, Cloud::UsGov, Cloud::UsGovDod, Cloud::China];

/// Microsoft Graph's app id, the other name of its API.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> Endpoints {
    let CloudChoice { cloud, authority_host } = cloud::read(reader, environment, &["AZURE_CLOUD"]);
    let graph = cloud.graph_host();
    if graph.is_none() && !(reader.is_set("GRAPH_BASE_URL") && reader.is_set("GRAPH_OBO_SCOPES")) {
        reader.mistake(
            "AZURE_AUTHORITY_HOST: this cloud's Microsoft Graph is not known here; set GRAPH_BASE_URL and GRAPH_OBO_SCOPES",
        );
    }
    let default_target = || Target::graph_in(cloud).unwrap_or_else(Target::graph);
    let target = match reader.get("GRAPH_OBO_SCOPES") {
        None => default_target(),
        Some(text) => reader.keep("GRAPH_OBO_SCOPES", Target::parse(&text)).unwrap_or_else(default_target),
    };
    let graph_base_url = match reader.get("GRAPH_BASE_URL") {
        None => format!("{}/v1.0", graph.unwrap_or_default()),
        Some(url) => url.trim_end_matches('/').to_owned(),
    };
    if reader.is_set("GRAPH_BASE_URL") {
        address(reader, "GRAPH_BASE_URL", &graph_base_url, environment);
    }
    for (name, url) in [("GRAPH_BASE_URL", &*graph_base_url), ("GRAPH_OBO_SCOPES", target.resource())] {
        check_cloud(reader, name, url, cloud);
    }
    if environment == Environment::Production {
        check_destination(reader, &graph_base_url, target.resource(), cloud);
    }
    Endpoints { cloud, authority_host, graph_base_url, target }
}

/// Refuses what was set by hand for another cloud than the authority's.
fn check_cloud(reader: &mut Reader<'_>, name: &str, url: &str, cloud: Cloud) {
    let host = host_of(url);
    let other = CLOUDS.iter().find(|one| one.graph_host().and_then(host_of) == host && host.is_some());
    // The two government clouds share their authority.
    if other.is_some_and(|other| other.authority_host() != cloud.authority_host()) && reader.is_set(name) {
        reader
            .mistake(format!("{name}: it belongs to another cloud than the authority; a token would be useless there"));
    }
}

/// A token goes to the API that it was issued for, and to no other host.
fn check_destination(reader: &mut Reader<'_>, graph_base_url: &str, resource: &str, cloud: Cloud) {
    let resource = if resource.eq_ignore_ascii_case(GRAPH_APP) { cloud.graph_host() } else { Some(resource) };
    match resource.and_then(host_of) {
        None => reader.mistake(
            "GRAPH_OBO_SCOPES: in production name the API by its address, as in https://graph.microsoft.com/.default",
        ),
        Some(own) if host_of(graph_base_url).as_ref() != Some(&own) => reader
            .mistake(format!("GRAPH_BASE_URL: in production it must be on {own}, for which GRAPH_OBO_SCOPES asks")),
        Some(_) => {}
    }
}
