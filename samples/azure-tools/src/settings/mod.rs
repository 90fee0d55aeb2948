//! The command line and the environment, turned into types.
//!
//! The names are the Azure MCP Server's own (`AzureAd__*`, `ASPNETCORE_*`, `AZURE_*`); how they are read is in
//! `server_kit::settings`.

mod azure_ad;
mod client_credentials;
mod hosting;
mod listener;
mod strategy;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use mcp_auth_layer::{
    EntraApp,
    bypass::{BypassPolicy, Environment, Exposure, Hatch, OptIn, Permit},
    cloud::Cloud,
    fetch::Egress,
    policy::AccessPolicy,
};
use mcp_obo::{ClientCredentials, outgoing::ActingAs};
use server_kit::settings::{Mistakes, Reader, Vars, cloud, egress, listener::Listener};

pub(crate) use self::azure_ad::{ROLE, SCOPE};

use crate::{
    acting::Acting,
    arguments::{Start, Transport},
    tools::Offer,
};

/// Everything that an operator can decide.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Exactly development, or production.
    pub environment: Environment,
    /// How clients reach this server.
    pub transport: Transport,
    /// Who may call over HTTP; none over standard input and output.
    pub incoming: Option<Incoming>,
    /// As whom services are called.
    pub acting: Acting,
    /// The cloud.
    pub cloud: Cloud,
    /// Through which proxies, and trusting whom, it calls out.
    pub egress: Egress,
    /// Which tools are offered.
    pub offer: Offer,
    /// The hosting identity's tenant, for links and checks.
    pub tenant: Option<String>,
    /// The subscription of calls that name none.
    pub subscription: Option<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Who may call over HTTP, and where.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where to listen.
    pub address: SocketAddr,
    /// By what URL clients know this server, without a trailing slash.
    pub public_base_url: String,
    /// Browser origins that may call.
    pub allowed_origins: Vec<String>,
    /// The app registration that callers' tokens are for; none where nobody needs one.
    pub app: Option<EntraApp>,
    /// With what it proves that it is that app; none where it acts for nobody.
    pub credentials: Option<ClientCredentials>,
    /// Which callers may use it.
    pub access: AccessPolicy,
    /// What is open.
    pub permits: Vec<Permit>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Mistakes`], all of them.
    pub fn read(start: &Start, vars: &dyn Vars) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(vars);
        let environment = environment(&reader);
        start.without_effect().into_iter().for_each(|text| reader.warn(text));
        let egress = egress::read(&mut reader);
        let choice = azure_ad::cloud(&mut reader, start, environment);
        let offer = offer(&mut reader, start);
        let strategy = strategy::resolve(&mut reader, start);
        let app = azure_ad::read(&mut reader, start, strategy, &choice, &egress);
        let listener = (start.transport == Transport::Http).then(|| listener::read(&mut reader));
        let permits = listener.as_ref().map(|it| permits(&mut reader, start, environment, it)).unwrap_or_default();
        let credentials = match &app {
            Some(app) if strategy == ActingAs::User => client_credentials::read(&mut reader, environment, app),
            _ => None,
        };
        let acting = strategy::acting(&mut reader, start, strategy, &choice, &egress);
        let access = azure_ad::access(&mut reader, strategy);
        let subscription = reader.get("AZURE_SUBSCRIPTION_ID");
        let tenant = reader.first(&["AZURE_TENANT_ID", "AzureAd__TenantId"]).map(|(_, tenant)| tenant);
        match (acting, access, offer) {
            (Some(acting), Some(access), Some(offer)) if reader.mistakes.is_empty() => Ok(Self {
                environment,
                transport: start.transport,
                incoming: listener.map(|listener| Incoming {
                    address: listener.address,
                    public_base_url: listener.public_base_url,
                    allowed_origins: listener.allowed_origins,
                    app,
                    credentials,
                    access,
                    permits,
                }),
                acting,
                cloud: choice.cloud,
                egress,
                offer,
                tenant,
                subscription,
                warnings: reader.warnings,
            }),
            _ => Err(Mistakes(reader.mistakes)),
        }
    }
}

/// Development only where everybody who says something says so.
fn environment(reader: &Reader<'_>) -> Environment {
    // .NET compares the name in any case.
    let dotnet = reader.get("ASPNETCORE_ENVIRONMENT").map(|name| name.to_ascii_lowercase());
    let said: Vec<_> = ["MCP_ENV", "NODE_ENV"].iter().filter_map(|name| reader.get(name)).chain(dotnet).collect();
    let (first, last) = (said.first(), said.last());
    match said.iter().all(|one| Some(one) == first) {
        true => Environment::from_names(first.map(String::as_str), last.map(String::as_str)),
        false => Environment::Production,
    }
}

fn offer(reader: &mut Reader<'_>, start: &Start) -> Option<Offer> {
    match Offer::of(&start.namespace, &start.tool, start.read_only) {
        Ok(offer) => Some(offer),
        Err(unknown) => {
            unknown.iter().for_each(|one| reader.mistake(one.to_string()));
            None
        }
    }
}

/// Opens the one hatch of this server.
fn permits(reader: &mut Reader<'_>, start: &Start, environment: Environment, listener: &Listener) -> Vec<Permit> {
    const OPTION: &str = "--dangerously-disable-http-incoming-auth";
    let opt_in = if start.dangerously_disable_http_incoming_auth { OptIn::Yes } else { OptIn::No };
    if opt_in == OptIn::Yes && reader.is_set("ALLOW_INSECURE_EXTERNAL_BINDING") {
        reader.warn(format!("ALLOW_INSECURE_EXTERNAL_BINDING: not honoured; {OPTION} is for loopback"));
    }
    let exposure = Exposure::of(listener.address.ip(), Some(&listener.public_base_url));
    let permit = BypassPolicy::new(environment, exposure).open(Hatch::NoAuthentication, opt_in);
    reader.keep(OPTION, permit).flatten().into_iter().collect()
}

/// Another cloud's name where the original takes one.
const CLOUD_NAMES: [&str; 2] = ["AZURE_CLOUD", "cloud"];

fn cloud_choice(reader: &mut Reader<'_>, environment: Environment) -> cloud::CloudChoice {
    cloud::read(reader, environment, &CLOUD_NAMES)
}
