//! Where MCP clients sign in, and as which app this server signs them in at Entra.

use std::time::Duration;

use mcp_auth_layer::{
    EntraApp,
    clock::UnixTime,
    fetch::{Egress, is_loopback},
    redirect::RedirectAllowlist,
    scope::is_openid,
};
use mcp_obo::{
    ClientCredentials, ClientSecret, KeyRing,
    proxy::{ClientApp, ClientDigest, DocumentHosts},
};
use secrecy::SecretString;
use url::Url;

use server_kit::settings::{Reader, app, list};

use super::{sharing, time};

/// The OAuth front door.
#[derive(Clone, Debug)]
pub struct FrontDoor {
    /// The app that it is at Entra.
    pub client: ClientApp,
    /// What the pre-registered client may show.
    pub client_secret: Option<SecretString>,
    /// The names of our scopes that clients may ask for.
    pub scopes: Vec<String>,
    /// Where authorization codes may go.
    pub redirects: RedirectAllowlist,
    /// Under which keys everything is sealed.
    pub ring: KeyRing,
    /// Whether these outlive this process.
    pub ring_lasts: bool,
    /// How long a session lasts.
    pub session_max: Duration,
    /// Sessions that began before are over.
    pub sessions_not_before: UnixTime,
    /// Registrations from before are over.
    pub clients_not_before: UnixTime,
    /// Clients that are shut out.
    pub denied_clients: Vec<ClientDigest>,
    /// Whether browsers may remember what people agreed to.
    pub remembers_consent: bool,
    /// Hosts whose documents say who a client is; none where no URL is a client.
    pub document_hosts: Option<DocumentHosts>,
    /// Through which network these are fetched.
    pub egress: Egress,
}

/// The server behind the door.
pub(super) struct Host<'a> {
    pub(super) app: &'a EntraApp,
    pub(super) credentials: Option<&'a ClientCredentials>,
    pub(super) public_base_url: &'a str,
    pub(super) required_scopes: &'a [String],
    pub(super) egress: &'a Egress,
}

const SWITCH: &str = "MCP_OAUTH_PROXY";
const CLIENT: &str = "MCP_OAUTH_EXPECTED_CLIENT_ID";
const SECRET: &str = "MCP_OAUTH_CLIENT_SECRET";
const TENANT: &str = "MCP_OAUTH_TENANT_ID";
const SCOPES: &str = "MCP_OAUTH_SCOPES";
const REDIRECTS: &str = "MCP_OAUTH_REDIRECT_URI_PREFIXES";
const CONSENT: &str = "MCP_OAUTH_CONSENT";
const DENIED: &str = "MCP_OAUTH_DENIED_CLIENTS";
const DOCUMENTS: &str = "MCP_OAUTH_CLIENT_DOCUMENT_HOSTS";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads it; what is wrong is said also where the door is closed.
pub(super) fn read(reader: &mut Reader<'_>, host: &Host<'_>, ring: Option<KeyRing>) -> Option<FrontDoor> {
    let switch = switch(reader);
    let client = client(reader, host);
    tenant(reader);
    let scopes = scopes(reader, host);
    let redirects = redirects(reader);
    let session_max = time::span(reader, "MCP_OAUTH_SESSION_MAX", 7 * DAY, 90 * DAY);
    let now = host.app.clock().now();
    let sessions_not_before = time::point(reader, "MCP_OAUTH_SESSIONS_NOT_BEFORE", now);
    let clients_not_before = time::point(reader, "MCP_OAUTH_CLIENTS_NOT_BEFORE", now);
    let denied_clients = denied(reader);
    let remembers_consent = consent(reader);
    let document_hosts = documents(reader);
    if switch == Switch::Off {
        return None;
    }
    let Some(client) = client? else {
        nothing_to_prove(reader, switch);
        return None;
    };
    let ring_lasts = ring.is_some();
    let ring = ring.or_else(|| own_ring(reader, host.public_base_url))?;
    let client_secret = reader.get(SECRET).map(SecretString::from);
    Some(FrontDoor {
        client,
        client_secret,
        scopes,
        redirects,
        ring,
        ring_lasts,
        session_max,
        sessions_not_before,
        clients_not_before,
        denied_clients,
        remembers_consent,
        document_hosts,
        egress: host.egress.clone(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Switch {
    On,
    Default,
    Off,
}

fn switch(reader: &mut Reader<'_>) -> Switch {
    match reader.get(SWITCH).as_deref() {
        None => Switch::Default,
        Some("on") => Switch::On,
        Some("off") => Switch::Off,
        Some(other) => {
            reader.mistake(format!("{SWITCH}: {other:?} is not known; write on or off"));
            Switch::Off
        }
    }
}

/// Reads the app as which people sign in; this server's credential is never sent with another app's id.
///
/// The inner none is this server's own app, with nothing to prove it by.
fn client(reader: &mut Reader<'_>, host: &Host<'_>) -> Option<Option<ClientApp>> {
    let own = || Some(host.credentials.cloned().map(ClientApp::own));
    let Some(id) = reader.get(CLIENT) else { return own() };
    let id = app::guid(reader, CLIENT, id)?;
    if id.eq_ignore_ascii_case(host.app.client_id()) {
        return own();
    }
    let app = host.app.beside(host.app.authority().segment(), &id);
    let app = reader.keep(CLIENT, app)?;
    Some(Some(match reader.get(SECRET) {
        Some(secret) => ClientApp::confidential(&app, ClientSecret::new(secret)),
        None => ClientApp::public(&app),
    }))
}

/// A server that acts for nobody has perhaps nothing that proves its app, and then cannot sign anybody in with it.
fn nothing_to_prove(reader: &mut Reader<'_>, switch: Switch) {
    let text = format!(
        "{SWITCH}: nobody can sign in here, because nothing proves this server's app; name another app of yours that has no \
         credential ({CLIENT}), or write off"
    );
    match switch {
        Switch::On => reader.mistake(text),
        Switch::Default | Switch::Off => reader.warn(text),
    }
}

/// The same tenant, spelled the same, says nothing new; another one would have other people in it.
fn tenant(reader: &mut Reader<'_>) {
    let Some(named) = reader.get(TENANT) else { return };
    let own = reader.first(&["GRAPH_TENANT_ID", "TEAMS_APP_TENANT_ID", "AZURE_TENANT_ID"]);
    if !own.is_some_and(|(_, own)| own.eq_ignore_ascii_case(&named)) {
        reader.mistake(format!(
            "{TENANT}: people sign in to the tenant of GRAPH_TENANT_ID and to no other; write the same, or nothing"
        ));
    }
}

/// The reference server's list has OpenID's scopes in it, and spells ours behind the App ID URI.
fn scopes(reader: &mut Reader<'_>, host: &Host<'_>) -> Vec<String> {
    let Some(text) = reader.get(SCOPES) else { return host.required_scopes.to_vec() };
    let mut names = Vec::new();
    for one in text.split([' ', ',']).filter(|one| !one.is_empty()) {
        if is_openid(one) {
            continue;
        }
        let bare = host.app.behind_audiences(one).min_by_key(|bare| bare.len()).unwrap_or(one);
        if bare.contains('/') {
            reader.mistake(format!("{SCOPES}: {one:?} is not a scope of this server's app"));
        } else if !names.iter().any(|known| known == bare) {
            names.push(bare.to_owned());
        }
    }
    for missing in host.required_scopes.iter().filter(|name| !names.contains(name)) {
        reader.mistake(format!(
            "{SCOPES}: {missing:?} is not among them, but MCP_OAUTH_REQUIRED_SCOPES asks for it; whoever signs in would be refused"
        ));
    }
    names
}

fn redirects(reader: &mut Reader<'_>) -> RedirectAllowlist {
    let Some(text) = reader.get(REDIRECTS) else { return RedirectAllowlist::default() };
    let parsed = RedirectAllowlist::parse_list(&text);
    reader.keep(REDIRECTS, parsed).unwrap_or_default()
}

/// Reads digests of clients, as the log has them.
fn denied(reader: &mut Reader<'_>) -> Vec<ClientDigest> {
    let texts = reader.get(DENIED).map(|text| list(&text)).unwrap_or_default();
    texts.iter().filter_map(|text| reader.keep(DENIED, text.parse())).collect()
}

fn documents(reader: &mut Reader<'_>) -> Option<DocumentHosts> {
    let hosts = list(&reader.get(DOCUMENTS)?);
    reader.keep(DOCUMENTS, DocumentHosts::new(hosts.iter().map(String::as_str)))
}

fn consent(reader: &mut Reader<'_>) -> bool {
    match reader.get(CONSENT).as_deref() {
        None | Some("always") => false,
        Some("remember") => true,
        Some(other) => {
            reader.mistake(format!("{CONSENT}: {other:?} is not known; write always or remember"));
            false
        }
    }
}

/// On a developer's machine one process is enough; elsewhere sign-ins must outlive it.
fn own_ring(reader: &mut Reader<'_>, public_base_url: &str) -> Option<KeyRing> {
    let url = Url::parse(public_base_url).ok();
    if url.as_ref().and_then(Url::host_str).is_some_and(is_loopback) {
        reader.warn(format!("{}: not set; sign-ins end with this process", sharing::KEYS));
        return Some(KeyRing::ephemeral());
    }
    if !reader.is_set(sharing::KEYS) {
        reader.mistake(format!(
            "{}: not set; clients sign in here, and what they get must outlive this process and be read by every replica: {}",
            sharing::KEYS,
            sharing::HOW
        ));
    }
    None
}
