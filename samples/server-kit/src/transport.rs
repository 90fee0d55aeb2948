//! MCP over HTTP: who may come from where, and how requests are read.
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

/// The largest request that is read, in bytes.
const MAX_REQUEST: usize = 1 << 20;

/// Reads requests without sessions, answers each with one JSON document, and checks Host and Origin against DNS rebinding.
///
/// Sessions are off because rmcp does not bind one to its caller.
#[must_use]
pub fn config(public_base_url: &str, allowed_origins: &[String]) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_REQUEST)
        .with_allowed_hosts(hosts(public_base_url))
        .with_allowed_origins(allowed_origins.iter().map(|origin| with_port(origin)))
        .enforce_origin_validation()
}

/// The names under which a server may be reached: its public one, and this machine's.
fn hosts(public_base_url: &str) -> Vec<String> {
    let public = Url::parse(public_base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned).chain(public).collect()
}

/// Writes an origin with its port, because rmcp lets one without match any.
fn with_port(origin: &str) -> String {
    match Url::parse(origin).ok().and_then(|url| url.port_or_known_default().map(|port| (url, port))) {
        Some((url, port)) => format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default()),
        None => origin.to_owned(),
    }
}

/// Lets browsers at these origins call.
pub fn cors(allowed_origins: &[String]) -> CorsLayer {
    let origins = allowed_origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok());
    let headers = ["mcp-protocol-version", "mcp-method", "mcp-name"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers(
            [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT]
                .into_iter()
                .chain(headers)
                .collect::<Vec<_>>(),
        )
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
}

/// Says 204 to a preflight, for there is nothing in the answer; the layer for them says 200.
#[must_use]
pub fn empty_preflight<B>(mut answer: Response<B>) -> Response<B> {
    if answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_METHODS) {
        *answer.status_mut() = StatusCode::NO_CONTENT;
    }
    answer
}
