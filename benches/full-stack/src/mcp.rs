//! What an MCP client sends, and servers without our layers.

use std::{fs, path::Path};

use axum::{Router, extract::Request, routing::post_service};
use benches::load::Load;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use mcp_auth_layer::{BearerLayer, bypass::BypassGuardLayer, metadata::ProtectedResource, respond::JsonRpc};
use mcp_obo::{Exchange, OboLayer};
use message_center::{
    settings::Settings,
    tools::get_messages::{self, TokenArgument},
};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, Implementation, Tool},
    service::RequestContext,
};
use serde_json::{Value, json};
use server_kit::{
    endpoint::Endpoint,
    mcp::{Tools, no_such_tool},
    transport,
};
use tower::{ServiceBuilder, util::option_layer};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};

use crate::{Failure, child::Child};

/// Writes a JSON-RPC request.
pub(crate) fn request(method: &str, parameters: &Value) -> Bytes {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).to_string().into()
}

/// Asks a server's MCP endpoint over HTTP; an answer must have `expected` in it.
pub(crate) fn load(child: &Child, method: &str, parameters: &Value, expected: &str) -> Result<Load, Failure> {
    let mut load = Load::of(format!("{}/mcp", child.url).parse()?);
    load.headers = headers();
    load.body = Some(request(method, parameters));
    load.expect = Some(expected.to_owned());
    load.pids = vec![child.pid()];
    Ok(load)
}

/// Reads what the first so many callers send as `Authorization`, from the file that the tenant wrote.
pub(crate) fn authorizations(tokens: &Path, callers: usize) -> Result<Vec<HeaderValue>, Failure> {
    let tokens = fs::read_to_string(tokens)?;
    let values: Result<Vec<_>, _> =
        tokens.lines().take(callers).map(|token| HeaderValue::try_from(format!("Bearer {token}"))).collect();
    let values = values?;
    if values.is_empty() { Err("the tenant minted no token".into()) } else { Ok(values) }
}

/// Returns the headers of every request, but for `Host` and the token.
pub(crate) fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream")),
        (HeaderName::from_static("mcp-protocol-version"), HeaderValue::from_static("2025-11-25")),
    ])
}

/// What the two libraries put around a service.
#[derive(Clone)]
pub(crate) struct Layers {
    guard: BypassGuardLayer,
    bearer: BearerLayer<JsonRpc>,
    obo: OboLayer,
}

impl Layers {
    pub(crate) fn of(settings: &Settings) -> Result<Self, Failure> {
        let resource = ProtectedResource::new(&format!("{}/mcp", settings.public_base_url), &settings.app)?;
        let credentials = settings.credentials.clone().ok_or("the settings name no credential")?;
        Ok(Self {
            guard: BypassGuardLayer::new(settings.hatches.permits.clone()),
            bearer: BearerLayer::new(&settings.app)
                .with_resource(&resource)
                .require(settings.access.clone())
                .respond_with(JsonRpc),
            obo: OboLayer::new(Exchange::new(&settings.app, credentials).add_target(&settings.target)),
        })
    }
}

/// The server as it would be without the two libraries, or with nothing but their layers: all that it does beside asking who
/// calls, and in whose name.
///
/// Rate limits are left out: they count callers, whom nobody knows here.
pub(crate) fn bare(base_url: &str, layers: Option<Layers>) -> Router {
    let (guard, behind) = layers.map(|all| (all.guard, (all.bearer, all.obo))).unzip();
    let (bearer, obo) = behind.unzip();
    let mcp = ServiceBuilder::new()
        .map_response(transport::empty_preflight)
        .layer(transport::cors(&[]))
        .layer(option_layer(guard))
        .layer(option_layer(bearer))
        .layer(option_layer(obo))
        .service(service(base_url));
    let router = Router::new().route("/mcp", post_service(mcp.clone()).options_service(mcp));
    router.layer(CatchPanicLayer::new()).layer(TraceLayer::new_for_http().make_span_with(
        |request: &Request| tracing::info_span!("request", method = %request.method(), path = request.uri().path()),
    ))
}

/// The MCP service and nothing around it.
pub(crate) fn alone(base_url: &str) -> Router {
    Router::new().route("/mcp", post_service(service(base_url)))
}

/// Lists the same tool as the whole server, over the same transport, to whoever asks.
fn service(base_url: &str) -> Endpoint<Listed> {
    Endpoint::new(Listed(get_messages::tool(TokenArgument::Closed)), base_url, &[])
}

/// A tool that can only be listed.
struct Listed(Tool);

impl Tools for Listed {
    fn name(&self) -> Implementation {
        Implementation::new("message-center", env!("CARGO_PKG_VERSION")).with_title("Microsoft 365 Message Center")
    }

    fn instructions(&self) -> &'static str {
        "Reads the Microsoft 365 Message Center as the signed-in user. Call getMessages."
    }

    fn list(&self) -> Vec<Tool> {
        vec![self.0.clone()]
    }

    async fn call(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Err(no_such_tool())
    }
}
