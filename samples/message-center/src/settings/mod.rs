//! The environment, read once and turned into types. The only place that reads it.
//!
//! A blank variable is unset; a value that does not parse is a mistake; all mistakes are reported together.

mod cloud;
mod hatches;
mod identity;
mod later;
mod listener;
mod reader;
#[cfg(test)]
mod tests;
mod vars;

use std::{fmt, net::SocketAddr};

use mcp_auth_layer::{
    EntraApp,
    bypass::{Environment, Exposure},
    redirect::RedirectAllowlist,
};
use mcp_obo::Target;
use secrecy::SecretString;

use self::reader::{Reader, list};
pub use self::{
    hatches::Hatches,
    vars::{Layered, Process, Vars},
};

/// Everything that an operator can decide.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Exactly `development`, or production.
    pub environment: Environment,
    /// Where to listen.
    pub address: SocketAddr,
    /// By what URL clients know this server, without a trailing slash.
    pub public_base_url: String,
    /// Browser origins that may call `/mcp`.
    pub allowed_origins: Vec<String>,
    /// The app registration.
    pub app: EntraApp,
    /// Its secret.
    pub secret: SecretString,
    /// Scopes that a caller's token must have.
    pub required_scopes: Vec<String>,
    /// What tokens are exchanged for.
    pub target: Target,
    /// Capabilities that are declared with an exchange.
    pub capabilities: Vec<String>,
    /// Where Microsoft Graph is, version included.
    pub graph_base_url: String,
    /// The client that may use `/authorize`.
    pub expected_client_id: String,
    /// Where authorization codes may go.
    pub redirects: RedirectAllowlist,
    /// What is open.
    pub hatches: Hatches,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Every mistake of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Mistakes`], all of them.
    pub fn read(vars: &dyn Vars) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(vars);
        let environment = Environment::from_names(reader.get("MCP_ENV").as_deref(), reader.get("NODE_ENV").as_deref());
        let listener = listener::read(&mut reader);
        let identity = identity::read(&mut reader);
        let endpoints = cloud::read(&mut reader, environment);
        let exposure = Exposure::of(listener.address.ip(), Some(&listener.public_base_url));
        let hatches = hatches::read(&mut reader, environment, exposure);
        let redirects = redirects(&mut reader);
        let required_scopes = scopes(&mut reader);
        let capabilities = capabilities(&mut reader);
        later::read(&mut reader);
        let app = identity.as_ref().zip(endpoints.as_ref()).and_then(|(identity, endpoints)| {
            let app = app(&mut reader, identity, endpoints)?;
            audiences(&mut reader, app)
        });
        if environment == Environment::Production && reader.is_set("GRAPH_CLIENT_SECRET") {
            reader.warn("GRAPH_CLIENT_SECRET: a certificate or a federated identity is safer in production");
        }
        match (app, identity, endpoints) {
            (Some(app), Some(identity), Some(endpoints)) if reader.mistakes.is_empty() => Ok(Self {
                environment,
                address: listener.address,
                public_base_url: listener.public_base_url,
                allowed_origins: listener.allowed_origins,
                expected_client_id: reader
                    .get("MCP_OAUTH_EXPECTED_CLIENT_ID")
                    .unwrap_or_else(|| app.client_id().to_owned()),
                app,
                secret: identity.secret,
                required_scopes,
                target: endpoints.target,
                capabilities,
                graph_base_url: endpoints.graph_base_url,
                redirects,
                hatches,
                warnings: reader.warnings,
            }),
            _ => Err(Mistakes(reader.mistakes)),
        }
    }
}

fn app(reader: &mut Reader<'_>, identity: &identity::Identity, endpoints: &cloud::Endpoints) -> Option<EntraApp> {
    let app = EntraApp::single_tenant(&identity.tenant, &identity.client_id);
    let app = reader.keep("GRAPH_TENANT_ID, GRAPH_CLIENT_ID", app)?.with_cloud(endpoints.cloud);
    match &endpoints.authority_host {
        Some(host) => reader.keep("AZURE_AUTHORITY_HOST", app.with_authority_host(host)),
        None => Some(app),
    }
}

fn audiences(reader: &mut Reader<'_>, mut app: EntraApp) -> Option<EntraApp> {
    for audience in reader.get("MCP_AUDIENCES").map(|text| list(&text)).unwrap_or_default() {
        app = reader.keep("MCP_AUDIENCES", app.add_audience(&audience))?;
    }
    Some(app)
}

fn redirects(reader: &mut Reader<'_>) -> RedirectAllowlist {
    let Some(text) = reader.get("MCP_OAUTH_REDIRECT_URI_PREFIXES") else { return RedirectAllowlist::default() };
    let parsed = RedirectAllowlist::parse_list(&text);
    reader.keep("MCP_OAUTH_REDIRECT_URI_PREFIXES", parsed).unwrap_or_default()
}

fn scopes(reader: &mut Reader<'_>) -> Vec<String> {
    let text = reader.get("MCP_OAUTH_REQUIRED_SCOPES").unwrap_or_else(|| "access_as_user".to_owned());
    let names: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
    let parsed = mcp_auth_layer::scope::ScopeSet::required(names.iter().map(String::as_str));
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

/// Tells whether a URL's host is this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
