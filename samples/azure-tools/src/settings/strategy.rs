//! As whom Azure is called: what was chosen, and what follows where nothing was.

use std::collections::BTreeSet;

use mcp_auth_layer::fetch::Egress;
use mcp_obo::{Catalogue, catalogue::Delegation, outgoing::ActingAs};
use server_kit::settings::{Reader, cloud::CloudChoice, list};

use super::hosting;
use crate::{
    acting::Acting,
    arguments::{Start, Strategy, Transport},
    services::Service,
};

const OPTION: &str = "--outgoing-auth-strategy";
const LENT: &str = "--hosting-identity-for";
/// Services for which Microsoft has added a delegated permission since the catalogue was made.
const DELEGATED: &str = "AZURE_MCP_DELEGATED_SERVICES";

/// Says who acts.
pub(super) fn resolve(reader: &mut Reader<'_>, start: &Start) -> ActingAs {
    let authenticated = start.transport == Transport::Http && !start.dangerously_disable_http_incoming_auth;
    if start.transport == Transport::Stdio && start.dangerously_disable_http_incoming_auth {
        reader.mistake("--dangerously-disable-http-incoming-auth: it goes with --transport http only");
    }
    match start.outgoing_auth_strategy {
        Strategy::UseOnBehalfOf if !authenticated => {
            reader.mistake(format!(
                "{OPTION}: UseOnBehalfOf needs callers who are known, that is --transport http without \
                 --dangerously-disable-http-incoming-auth; else write UseHostingEnvironmentIdentity"
            ));
            ActingAs::User
        }
        Strategy::UseOnBehalfOf => ActingAs::User,
        Strategy::NotSet if authenticated => ActingAs::User,
        Strategy::NotSet | Strategy::UseHostingEnvironmentIdentity => ActingAs::HostingIdentity,
    }
}

/// Makes the identities.
pub(super) fn acting(
    reader: &mut Reader<'_>,
    start: &Start,
    strategy: ActingAs,
    choice: &CloudChoice,
    egress: &Egress,
) -> Option<Acting> {
    let lent_for = lent(reader, start);
    let needs_hosting = strategy == ActingAs::HostingIdentity || !lent_for.is_empty();
    let hosting = if needs_hosting { hosting::read(reader, start, choice, egress) } else { None };
    if let Some(hosting) = &hosting {
        warn_of_sharing(reader, start, strategy, &lent_for, &hosting.description());
    }
    if needs_hosting && hosting.is_none() {
        return None;
    }
    Some(Acting {
        strategy,
        hosting,
        lent_for,
        catalogue: catalogue(reader),
        cloud: choice.cloud,
        restart_line: start.restart_line(Strategy::UseHostingEnvironmentIdentity),
    })
}

fn lent(reader: &mut Reader<'_>, start: &Start) -> BTreeSet<Service> {
    let find = |reader: &mut Reader<'_>, word: &String| {
        let found = Service::find(word);
        if found.is_none() {
            reader.mistake(format!("{LENT}: {word:?} is not a service; write one of {}", words()));
        }
        found
    };
    start.hosting_identity_for.iter().filter_map(|word| find(reader, word)).collect()
}

fn catalogue(reader: &mut Reader<'_>) -> Catalogue {
    let declared = reader.get(DELEGATED).map(|text| list(&text)).unwrap_or_default();
    declared.iter().fold(Catalogue::known(), |catalogue, word| {
        let resource = Service::find(word).and_then(Service::known).and_then(|known| known.resource());
        match resource {
            Some(resource) => catalogue.declare(resource, Delegation::Exposed),
            None => {
                reader.mistake(format!("{DELEGATED}: {word:?} is not a service; write one of {}", words()));
                catalogue
            }
        }
    })
}

fn words() -> String {
    Service::ALL.map(Service::word).join(", ")
}

/// Says what lending an identity means, once, at the start.
fn warn_of_sharing(
    reader: &mut Reader<'_>,
    start: &Start,
    strategy: ActingAs,
    lent_for: &BTreeSet<Service>,
    identity: &str,
) {
    if start.transport == Transport::Stdio {
        return;
    }
    let what = match strategy {
        ActingAs::HostingIdentity => "every service".to_owned(),
        _ => lent_for.iter().map(|service| service.name()).collect::<Vec<_>>().join(", "),
    };
    reader.warn(format!(
        "all callers share one identity, the server's: {what} is called as {identity} and checks its permissions, not those of \
         the person; only this server's audit trail names who called"
    ));
}
