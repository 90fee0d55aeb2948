//! The two servers: the same service, alone and behind every layer that an MCP server may have.

use std::{error::Error, sync::Arc};

use axum::Router;
use entra_emulator::{API_CLIENT_ID, Emulator, TENANT_ID};
use mcp_auth_layer::{
    BearerLayer, EntraApp, bypass::BypassGuardLayer, metadata::ProtectedResource, origin::OriginLayer,
    respond::JsonRpc, session::SessionBindingLayer, tool_policy::ToolPolicyLayer,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tower::ServiceBuilder;

use crate::{fixture::Everything, tools};

/// Makes the server without the layers.
///
/// # Errors
/// When the fixture is not what MCP wants.
pub fn bare(port: u16) -> Result<Router, Box<dyn Error>> {
    Ok(Router::new().route_service("/mcp", service(port)?))
}

/// Makes the server behind the layers, for users of the tenant.
///
/// # Errors
/// When the fixture is not what MCP wants, or a layer refuses its configuration.
pub fn protected(port: u16, tenant: &Emulator) -> Result<Router, Box<dyn Error>> {
    let base = base_url(port);
    let app = EntraApp::single_tenant(TENANT_ID, API_CLIENT_ID)?.with_authority_host(&tenant.http_url())?;
    let resource = ProtectedResource::new(&format!("{base}/mcp"), &app)?.with_scopes(["access_as_user"])?;
    let mcp = ServiceBuilder::new()
        // Before anybody is asked for a token: a foreign page shall not even learn that one is wanted.
        .layer(OriginLayer::new(&base)?.respond_with(JsonRpc))
        // No hatch is open, so every request needs a token.
        .layer(BypassGuardLayer::new([]))
        .layer(BearerLayer::new(&app).with_resource(&resource).require_scope("access_as_user")?.respond_with(JsonRpc))
        // rmcp serves whoever names a session; this asks whose it is.
        .layer(SessionBindingLayer::default())
        // What is not listed is denied. The suite may use all that the fixture has.
        .layer(tools()?)
        .service(service(port)?);
    let router = Router::new().route_service("/mcp", mcp);
    Ok(resource.paths().iter().fold(router, |router, path| router.route_service(path, resource.service())))
}

/// Allows every caller all tools of the fixture, and the methods beyond those that are always open.
fn tools() -> Result<ToolPolicyLayer, Box<dyn Error>> {
    let methods = [
        "completion/complete",
        "logging/setLevel",
        "prompts/get",
        "resources/list",
        "resources/read",
        "resources/subscribe",
        "resources/templates/list",
        "resources/unsubscribe",
        "subscriptions/listen",
        "tasks/cancel",
        "tasks/get",
        "tasks/list",
        "tasks/result",
        "tasks/update",
        // The suite asks for a method that nobody has, and the server is to say so: what is not listed is 403 here.
        "unknown/method",
    ];
    let policy = methods.into_iter().fold(ToolPolicyLayer::deny_unlisted(), ToolPolicyLayer::allow_method_any_caller);
    Ok(tools::list()?.iter().fold(policy, |policy, tool| policy.allow_any_caller(&tool.name)))
}

/// Sessions and streams, as rmcp has them by default: 2025-11-25 cannot ask the client without.
fn service(port: u16) -> Result<StreamableHttpService<Everything, LocalSessionManager>, Box<dyn Error>> {
    let server = Everything::new()?;
    let config = StreamableHttpServerConfig::default()
        .with_allowed_origins(["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}")))
        .enforce_origin_validation();
    Ok(StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config))
}

fn base_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
