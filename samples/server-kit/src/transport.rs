//! MCP over HTTP: browsers at which origins may call.

use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

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
