//! The whole server, assembled: read this file first. The top of each stack is outermost.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    routing::{get, post_service},
};
use mcp_auth_layer::{
    BearerLayer,
    bypass::{BypassGuardLayer, Hatch},
    config::ConfigError,
    fetch::{FetchLimits, HttpClient},
    metadata::ProtectedResource,
    respond::JsonRpc,
    verify::Verifier,
};
use mcp_obo::{Exchange, OboLayer, OutgoingAuth, proxy::Proxy};
use server_kit::{
    endpoint::Endpoint,
    failure::Context,
    health::{self, Credential, Health},
    transport,
};
use tower::{ServiceBuilder, util::option_layer};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};

use crate::{
    discovery::Discovery,
    front_door,
    graph::Graph,
    limits::Limits,
    mcp::MessageCenter,
    meter,
    settings::{Settings, Sharing},
    tools::get_messages::{self, TokenArgument},
};

const MAX_GRAPH_ANSWER: usize = 8 << 20;

/// Makes the router of everything that this server answers.
///
/// # Errors
/// [`ConfigError`] when the settings name a URL or a scope that cannot be served.
pub fn router(settings: &Settings) -> Result<Router, ConfigError> {
    let verifier = Verifier::entra(&settings.app);
    let exchange = exchange(settings);
    let proxy = front_door::proxy(settings, &verifier)?;
    let health = Health::new(
        verifier.clone(),
        credential(settings, exchange.as_ref())?,
        proxy.clone(),
        Arc::clone(settings.app.clock()),
    );
    let resource_url = format!("{}/mcp", settings.public_base_url);
    let resource = ProtectedResource::new(&resource_url, &settings.app)?
        .with_scopes(settings.required_scopes.iter().map(String::as_str))?;
    // Clients sign in here, or at the tenant itself.
    let resource = match &proxy {
        Some(_) => resource.with_authorization_server(&settings.public_base_url),
        None => resource,
    };
    let limits = Limits::new(settings.rates, &settings.trusted_proxies);

    let mcp = ServiceBuilder::new()
        // A browser's preflight carries no credential, so it is answered before anybody asks for one.
        .map_response(transport::empty_preflight)
        .layer(transport::cors(&settings.allowed_origins))
        // Outside the bearer layer, which looks for its permits.
        .layer(BypassGuardLayer::new(settings.hatches.permits.clone()))
        // Who calls? Everything further in sees a verified caller, or one whom a hatch let in.
        .layer(bearer(settings, verifier, &resource, proxy.as_ref())?)
        // How often? Counted by caller, so that nobody can use up what another has.
        .layer(option_layer(limits.mcp.clone()))
        // On whose behalf? Lazy: `initialize` and `tools/list` cost no exchange. Without `prefetch`: the tool must be able to
        // refuse its arguments before any exchange, and single JSON answers leave the response head unsent until it ends.
        .layer(option_layer(exchange.map(OboLayer::new)))
        .service(mcp_service(settings, health.clone())?);

    let discovery = discovery(settings, proxy.as_ref());
    let router = proxy
        .map_or_else(Router::new, |proxy| front_door::routes(&proxy, &limits))
        // Other methods are 405 before authentication: MCP 2026-07-28 has no GET and no DELETE.
        .route("/mcp", post_service(mcp.clone()).options_service(mcp))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(move || health.readyz()))
        .route("/discover", get(move || discovery.answer()));
    let router = match server_kit::meter::recorder(meter::describe) {
        Some(measured) => router.route("/metrics", get(async move || measured.render())),
        None => router,
    };
    let router = resource.paths().iter().fold(router, |router, path| router.route_service(path, resource.service()));
    Ok(router
        // One handler's panic is one caller's 500; that of a tool never comes so far.
        .layer(CatchPanicLayer::new())
        // Outermost, so that it sees what everybody answered. Path only: a query may hold a code.
        .layer(TraceLayer::new_for_http().make_span_with(
            |request: &Request| tracing::info_span!("request", method = %request.method(), path = request.uri().path()),
        )))
}

fn bearer(
    settings: &Settings,
    verifier: Verifier,
    resource: &ProtectedResource,
    proxy: Option<&Proxy>,
) -> Result<BearerLayer<JsonRpc>, ConfigError> {
    let mut bearer = BearerLayer::with_verifier(verifier).with_resource(resource).require(settings.access.clone());
    if let Some(proxy) = proxy {
        // MCP clients do nothing about `claims`; a scope that stands for them they ask for.
        bearer = bearer.with_step_up(proxy.clone());
    }
    for scope in &settings.required_scopes {
        bearer = bearer.require_scope(scope)?;
    }
    Ok(bearer.respond_with(JsonRpc))
}

/// None where this server calls Graph as itself: nobody is acted for then, not even by mistake.
fn exchange(settings: &Settings) -> Option<Exchange> {
    let exchange = Exchange::new(&settings.app, settings.credentials.clone()?).add_target(&settings.target);
    let capabilities: Vec<_> = settings.capabilities.iter().map(String::as_str).collect();
    let exchange = if capabilities.is_empty() { exchange } else { exchange.with_client_capabilities(&capabilities) };
    Some(match &settings.sharing {
        Some(Sharing { store, ring }) => exchange.with_shared(Arc::clone(store), ring.clone()),
        None => exchange,
    })
}

/// What readiness asks about: the credential of whoever calls Graph.
fn credential(settings: &Settings, exchange: Option<&Exchange>) -> Result<Credential, ConfigError> {
    match (&settings.outgoing, exchange) {
        (OutgoingAuth::HostingEnvironment(identity), _) => {
            Ok(Credential::OfHost { identity: identity.clone(), target: settings.target.clone() })
        }
        (_, Some(exchange)) => Ok(Credential::OfApp(exchange.clone())),
        (_, None) => Err(ConfigError::Empty { what: "the list of credentials" }),
    }
}

fn mcp_service(settings: &Settings, health: Health) -> Result<Endpoint<MessageCenter>, ConfigError> {
    let limits = FetchLimits::default().with_timeout(Duration::from_secs(30)).with_max_body(MAX_GRAPH_ANSWER);
    let open = settings.hatches.is_open(Hatch::TokenArgument);
    let token_argument = if open { TokenArgument::Open } else { TokenArgument::Closed };
    let server = MessageCenter {
        graph: Graph::new(
            HttpClient::reqwest_through(limits, &settings.egress)?,
            settings.target.clone(),
            &settings.graph_base_url,
        )?,
        outgoing: settings.outgoing.clone(),
        tool: get_messages::tool(token_argument),
        token_argument,
        static_token: settings.hatches.static_token.clone(),
        context: Context {
            tenant_url: format!("{}/{}", settings.app.authority().host(), settings.app.authority().segment()),
            client_id: settings.app.client_id().to_owned(),
            acting_as: settings.outgoing.acting_as(),
        },
        health,
    };
    Ok(Endpoint::new(server, &settings.public_base_url, &settings.allowed_origins))
}

/// Our scopes in GUID form, which works whatever the App ID URI is, and which alone can be refreshed when client and API
/// are one app (AADSTS90009).
fn scopes(settings: &Settings) -> String {
    let own = settings.required_scopes.iter().map(|name| format!("{}/{name}", settings.app.client_id()));
    own.chain(["offline_access".to_owned()]).collect::<Vec<_>>().join(" ")
}

fn discovery(settings: &Settings, proxy: Option<&Proxy>) -> Discovery {
    let issuer = proxy.map(|_| settings.public_base_url.clone());
    Discovery { app: settings.app.clone(), issuer, scopes: scopes(settings) }
}
