//! The environment, read once and turned into types.
//!
//! How it is read is in `server_kit::settings`; here is what each variable means.

mod access;
mod cloud;
mod credentials;
mod front_door;
mod hatches;
mod identity;
mod later;
mod limits;
mod sharing;
mod strategy;
#[cfg(test)]
mod tests;
mod time;

use std::{net::SocketAddr, num::NonZeroU16};

use mcp_auth_layer::{
    EntraApp,
    bypass::{Environment, Exposure},
    fetch::{Egress, FetchLimits, HttpClient},
    policy::AccessPolicy,
    scope::ScopeSet,
};
use mcp_obo::{ClientCredentials, OutgoingAuth, Target};
use server_kit::settings::{Mistakes, Reader, Vars, egress, list, listener};

use self::{cloud::Endpoints, front_door::Host, identity::Identity, strategy::Strategy};
pub use self::{front_door::FrontDoor, hatches::Hatches, sharing::Sharing};
use crate::limits::{Rates, TrustedProxies};

/// Everything that an operator can decide.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Exactly `development`, or production.
    pub environment: Environment,
    /// Where to listen.
    pub address: SocketAddr,
    /// By what URL clients know this server, without a trailing slash.
    pub public_base_url: String,
    /// Whose word is taken for where a request came from.
    pub trusted_proxies: TrustedProxies,
    /// How often one may ask.
    pub rates: Rates,
    /// Browser origins that may call `/mcp`.
    pub allowed_origins: Vec<String>,
    /// The app registration.
    pub app: EntraApp,
    /// With what it proves that it is that app; none where it acts for nobody.
    pub credentials: Option<ClientCredentials>,
    /// As whom Graph is called.
    pub outgoing: OutgoingAuth,
    /// Where replicas share tokens; none where each keeps its own.
    pub sharing: Option<Sharing>,
    /// Through which proxies, and trusting whom, it calls out.
    pub egress: Egress,
    /// Scopes that a caller's token must have.
    pub required_scopes: Vec<String>,
    /// Which clients, and which app roles, may call.
    pub access: AccessPolicy,
    /// What tokens are exchanged for.
    pub target: Target,
    /// Capabilities that are declared with an exchange.
    pub capabilities: Vec<String>,
    /// Where Microsoft Graph is, version included.
    pub graph_base_url: String,
    /// Where clients sign in at this server; none where they do at the tenant.
    pub front_door: Option<FrontDoor>,
    /// What is open.
    pub hatches: Hatches,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

const DEFAULT_PORT: NonZeroU16 = NonZeroU16::new(8080).expect("8080 is not zero");

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Mistakes`], all of them.
    pub fn read(vars: &dyn Vars) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(vars);
        let environment = Environment::from_names(reader.get("MCP_ENV").as_deref(), reader.get("NODE_ENV").as_deref());
        let address = listener::address(&mut reader, DEFAULT_PORT);
        let listener = listener::read(&mut reader, address);
        let limits = limits::read(&mut reader, &listener);
        let strategy = strategy::read(&mut reader);
        let (source, identity) = identity::read(&mut reader, strategy);
        let endpoints = cloud::read(&mut reader, environment);
        let egress = egress::read(&mut reader);
        let ring = sharing::ring(&mut reader);
        let sharing = sharing::read(&mut reader, environment, &egress, ring.as_ref());
        let app = app(&mut reader, identity.as_ref(), &endpoints, &egress);
        let exposure = Exposure::of(listener.address.ip(), Some(&listener.public_base_url));
        let hatches = hatches::read(&mut reader, environment, exposure);
        let required_scopes = scopes(&mut reader);
        let access = access::read(&mut reader);
        let capabilities = capabilities(&mut reader);
        later::read(&mut reader);
        let own = match &app {
            // One that acts for nobody may still sign people in.
            Some(app) if strategy == Strategy::OnBehalfOf || identity::has_credential(&reader) => {
                credentials::read(&mut reader, environment, source, app)
            }
            _ => None,
        };
        let front_door = app.as_ref().and_then(|app| {
            let host = Host {
                app,
                credentials: own.as_ref(),
                public_base_url: &listener.public_base_url,
                required_scopes: &required_scopes,
                egress: &egress,
            };
            front_door::read(&mut reader, &host, ring)
        });
        let outgoing = strategy::outgoing(&mut reader, strategy, environment, app.as_ref(), &endpoints.target);
        match (app, identity, outgoing) {
            (Some(app), Some(_), Some(outgoing)) if reader.mistakes.is_empty() => Ok(Self {
                environment,
                address: listener.address,
                public_base_url: listener.public_base_url,
                trusted_proxies: limits.trusted_proxies,
                rates: limits.rates,
                allowed_origins: listener.allowed_origins,
                app,
                credentials: own.filter(|_| strategy == Strategy::OnBehalfOf),
                outgoing,
                sharing,
                egress,
                required_scopes,
                access,
                target: endpoints.target,
                capabilities,
                graph_base_url: endpoints.graph_base_url,
                front_door,
                hatches,
                warnings: reader.warnings,
            }),
            _ => Err(Mistakes(reader.mistakes)),
        }
    }
}

/// Stands in for an id that is missing, so that what depends on it is checked too; no settings come of it.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn app(
    reader: &mut Reader<'_>,
    identity: Option<&Identity>,
    endpoints: &Endpoints,
    egress: &Egress,
) -> Option<EntraApp> {
    let (tenant, client_id) =
        identity.map_or((NOBODY, NOBODY), |identity| (identity.tenant.as_str(), identity.client_id.as_str()));
    let http = reader.keep("the HTTP client", HttpClient::reqwest_through(FetchLimits::default(), egress))?;
    let app = EntraApp::single_tenant_over(http, tenant, client_id);
    let app = reader.keep("the app", app)?.with_cloud(endpoints.cloud);
    let mut app = match &endpoints.authority_host {
        // What `cloud` refused already is not reported twice.
        Some(host) if reader.mistakes.is_empty() => {
            reader.keep("AZURE_AUTHORITY_HOST", app.with_authority_host(host))?
        }
        _ => app,
    };
    for audience in reader.get("MCP_AUDIENCES").map(|text| list(&text)).unwrap_or_default() {
        if let Some(wider) = reader.keep("MCP_AUDIENCES", app.clone().add_audience(&audience)) {
            app = wider;
        }
    }
    Some(app)
}

fn scopes(reader: &mut Reader<'_>) -> Vec<String> {
    let text = reader.get("MCP_OAUTH_REQUIRED_SCOPES").unwrap_or_else(|| "access_as_user".to_owned());
    let names: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
    for name in names.iter().filter(|name| name.contains("://") || name.contains(',')) {
        // Tokens carry bare names: whoever asks for another form lets nobody in, and does not learn why.
        reader.mistake(format!(
            "MCP_OAUTH_REQUIRED_SCOPES: {name:?} is not the bare name of a scope; write names with spaces between them"
        ));
    }
    let parsed = ScopeSet::required(names.iter().map(String::as_str));
    reader.keep("MCP_OAUTH_REQUIRED_SCOPES", parsed);
    names
}

fn capabilities(reader: &mut Reader<'_>) -> Vec<String> {
    let names = reader.get("GRAPH_CLIENT_CAPABILITIES").map(|text| list(&text)).unwrap_or_default();
    for name in names.iter().filter(|name| *name != "cp1") {
        reader.mistake(format!("GRAPH_CLIENT_CAPABILITIES: {name:?} is not known; write cp1"));
    }
    names
}
