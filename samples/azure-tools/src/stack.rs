//! The whole server, assembled: read this file first. The top of each stack is outermost.

use std::{error::Error, future::Future, sync::Arc};

use axum::{
    Router,
    extract::Request,
    routing::{get, post_service},
};
use mcp_auth_layer::{
    BearerLayer, EntraApp, bypass::BypassGuardLayer, config::ConfigError, metadata::ProtectedResource,
    respond::JsonRpc, verify::Verifier,
};
use mcp_obo::{Exchange, OboLayer, outgoing::ActingAs};
use rmcp::{ServiceExt as _, transport::stdio};
use server_kit::{
    calls::Calls,
    endpoint::Endpoint,
    failure::Context,
    health::{self, Credential, Health},
    mcp::ToolServer,
    transport,
};
use tower::{ServiceBuilder, util::option_layer};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};

use crate::{
    azure::Azure,
    mcp::AzureTools,
    meter,
    services::Service,
    settings::{Incoming, SCOPE, Settings},
};

/// Makes the router of everything that this server answers over HTTP; `calls` are those of its tools.
///
/// # Errors
/// [`ConfigError`] when the settings name a URL or a scope that cannot be served.
pub fn router(settings: &Settings, incoming: &Incoming, calls: &Calls) -> Result<Router, ConfigError> {
    let exchange = exchange(settings, incoming);
    let verifier = incoming.app.as_ref().map(Verifier::entra);
    let resource = incoming.app.as_ref().map(|app| resource(app, incoming)).transpose()?;
    let bearer = verifier.as_ref().zip(resource.as_ref()).map(|it| bearer(it, incoming));
    let health = verifier.and_then(|verifier| watch(settings, incoming, exchange.as_ref(), verifier));

    let mcp = ServiceBuilder::new()
        // A browser's preflight carries no credential, so it is answered before anybody asks for one.
        .map_response(transport::empty_preflight)
        .layer(transport::cors(&incoming.allowed_origins))
        // Outside the bearer layer, which looks for its permits.
        .layer(BypassGuardLayer::new(incoming.permits.clone()))
        // Who calls? Left out only by the option that the guard above let pass.
        .layer(option_layer(bearer))
        // On whose behalf? Lazy: `initialize`, `tools/list` and what is refused cost no exchange.
        .layer(option_layer(exchange.map(OboLayer::new)))
        .service(mcp_service(settings, incoming, health.clone(), calls)?);

    let router = Router::new()
        // The original's address, so that clients need not be set up anew. Other methods are 405 before authentication.
        .route("/", post_service(mcp.clone()).options_service(mcp))
        .route("/health", get(health::healthz))
        .route("/healthz", get(health::healthz));
    let router = match health {
        Some(health) => router.route("/readyz", get(move || health.readyz())),
        // Nobody's token is checked, and the first call finds out about the rest.
        None => router.route("/readyz", get(health::healthz)),
    };
    let router = match server_kit::meter::recorder(meter::describe) {
        Some(measured) => router.route("/metrics", get(async move || measured.render())),
        None => router,
    };
    let router = match &resource {
        Some(it) => it.paths().iter().fold(router, |router, path| router.route_service(path, it.service())),
        None => router,
    };
    Ok(router
        // One handler's panic is one caller's 500; that of a tool never comes so far.
        .layer(CatchPanicLayer::new())
        // Outermost, so that it sees what everybody answered.
        .layer(TraceLayer::new_for_http().make_span_with(
            |request: &Request| tracing::info_span!("request", method = %request.method(), path = request.uri().path()),
        )))
}

/// Serves the program that started this one, until it closes standard input or `stop` ends.
///
/// # Errors
/// Whatever ends the connection before its time.
pub async fn serve_stdio(settings: &Settings, stop: impl Future<Output = ()>) -> Result<(), Box<dyn Error>> {
    let calls = Calls::default();
    let tools = ToolServer(Arc::new(tools(settings, None, None, &calls)?));
    let session = tools.serve(stdio()).await?;
    let ended = tokio::select! {
        ended = session.waiting() => ended.map(drop),
        () = stop => Ok(()),
    };
    // Before anything is made of how it ended.
    calls.ended().await;
    Ok(ended?)
}

fn resource(app: &EntraApp, incoming: &Incoming) -> Result<ProtectedResource, ConfigError> {
    // In GUID form, which works whatever the App ID URI is, and which alone can be refreshed (AADSTS90009).
    ProtectedResource::new(&incoming.public_base_url, app)?.with_scopes([SCOPE])
}

fn bearer((verifier, resource): (&Verifier, &ProtectedResource), incoming: &Incoming) -> BearerLayer<JsonRpc> {
    BearerLayer::with_verifier(verifier.clone())
        .with_resource(resource)
        .require(incoming.access.clone())
        .respond_with(JsonRpc)
}

/// None where this server acts for nobody, not even by mistake.
fn exchange(settings: &Settings, incoming: &Incoming) -> Option<Exchange> {
    let (app, credentials) = incoming.app.as_ref().zip(incoming.credentials.clone())?;
    let exchange = Exchange::new(app, credentials).with_catalogue(settings.acting.catalogue.clone());
    let delegated = Service::ALL.into_iter().filter(|it| settings.acting.acting_as(*it) == ActingAs::User);
    let places = delegated.filter_map(|service| service.place(settings.cloud));
    Some(places.fold(exchange, |exchange, place| exchange.add_target(&place.target())))
}

/// Watches the credential that every call depends on.
fn watch(settings: &Settings, incoming: &Incoming, exchange: Option<&Exchange>, verifier: Verifier) -> Option<Health> {
    let credential = match (exchange, &settings.acting.hosting) {
        (Some(exchange), _) => Credential::OfApp(exchange.clone()),
        (None, Some(identity)) => {
            let target = Service::Arm.place(settings.cloud)?.target();
            Credential::OfHost { identity: identity.clone(), target }
        }
        (None, None) => return None,
    };
    Some(Health::new(verifier, credential, None, Arc::clone(incoming.app.as_ref()?.clock())))
}

fn mcp_service(
    settings: &Settings,
    incoming: &Incoming,
    health: Option<Health>,
    calls: &Calls,
) -> Result<Endpoint<AzureTools>, ConfigError> {
    let tools = tools(settings, incoming.app.as_ref(), health, calls)?;
    Ok(Endpoint::new(tools, &incoming.public_base_url, &incoming.allowed_origins))
}

fn tools(
    settings: &Settings,
    app: Option<&EntraApp>,
    health: Option<Health>,
    calls: &Calls,
) -> Result<AzureTools, ConfigError> {
    Ok(AzureTools {
        azure: azure(settings, app)?,
        acting: settings.acting.clone(),
        offer: settings.offer.clone(),
        transport: settings.transport,
        health,
        calls: calls.clone(),
    })
}

/// Makes what the tools call, through this server's own network.
pub(crate) fn azure(settings: &Settings, app: Option<&EntraApp>) -> Result<Azure, ConfigError> {
    let context = Context {
        tenant_url: app
            .map(|app| format!("{}/{}", app.authority().host(), app.authority().segment()))
            .unwrap_or_default(),
        client_id: app.map(|app| app.client_id().to_owned()).unwrap_or_default(),
        acting_as: settings.acting.strategy,
    };
    Ok(Azure::new(settings.cloud, &settings.egress, context)?
        .with_tenant(settings.tenant.clone())
        .with_subscription(settings.subscription.clone()))
}
