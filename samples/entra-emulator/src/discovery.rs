//! The discovery and key documents.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    broken,
    error::{EntraError, Ids},
    place::Place,
    shared::{Base, Shared},
    tenant::{CONSUMERS, TENANT_DOMAIN, TENANT_ID},
};

/// The tenant segment of a path, as Entra understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tenant {
    Ours,
    /// `common` and `organizations`: any tenant, named by a template.
    Any,
    Consumers,
}

impl Tenant {
    pub(crate) fn read(segment: &str) -> Option<Self> {
        match segment.to_ascii_lowercase().as_str() {
            TENANT_ID | TENANT_DOMAIN => Some(Self::Ours),
            "common" | "organizations" => Some(Self::Any),
            "consumers" => Some(Self::Consumers),
            _ => None,
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Ours => TENANT_ID,
            Self::Any => "{tenantid}",
            Self::Consumers => CONSUMERS,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct InstanceQuery {
    authorization_endpoint: Option<String>,
}

/// `GET /common/discovery/instance`: which hosts are the same cloud.
pub(crate) async fn instance(base: Base, Query(query): Query<InstanceQuery>) -> Response {
    let host = base.host().to_owned();
    let asked = query.authorization_endpoint.and_then(|url| url::Url::parse(&url).ok());
    let known = asked.is_some_and(|url| {
        let authority = url.port().map_or_else(
            || url.host_str().unwrap_or_default().to_owned(),
            |port| format!("{}:{port}", url.host_str().unwrap_or_default()),
        );
        authority == host || authority == "login.microsoftonline.com"
    });
    if !known {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_instance"}))).into_response();
    }
    let metadata = match base.site() {
        None => json!({"preferred_network": host, "preferred_cache": host, "aliases": [host]}),
        Some(_) => json!({
            "preferred_network": host, "preferred_cache": "login.windows.net",
            "aliases": [host, "login.windows.net", "login.microsoft.com", "sts.windows.net"],
        }),
    };
    Json(json!({
        "tenant_discovery_endpoint": format!("{base}/{TENANT_ID}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [metadata],
    }))
    .into_response()
}

pub(crate) async fn v2(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    Path(tenant): Path<String>,
) -> Response {
    document(&shared, &base, &headers, (&tenant, "/v2.0")).await
}

pub(crate) async fn v1(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    Path(tenant): Path<String>,
) -> Response {
    document(&shared, &base, &headers, (&tenant, "")).await
}

async fn document(shared: &Shared, base: &Base, headers: &HeaderMap, (segment, generation): (&str, &str)) -> Response {
    shared.state.counting.count(|counters| counters.discovery += 1);
    if let Some(response) = fault(shared, Place::Discovery).await {
        return response;
    }
    let Some(tenant) = Tenant::read(segment) else { return no_tenant(shared, headers) };
    let id = tenant.id();
    let v2 = generation == "/v2.0";
    let endpoints = if v2 { "/oauth2/v2.0" } else { "/oauth2" };
    let keys = if v2 { "/discovery/v2.0/keys" } else { "/discovery/keys" };
    let issuer = if v2 { format!("{base}/{id}/v2.0") } else { format!("https://sts.windows.net/{id}/") };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/{segment}{endpoints}/authorize"),
        "token_endpoint": format!("{base}/{segment}{endpoints}/token"),
        "jwks_uri": format!("{base}/{segment}{keys}"),
        "device_authorization_endpoint": format!("{base}/{segment}{endpoints}/devicecode"),
        "end_session_endpoint": format!("{base}/{segment}{endpoints}/logout"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }))
    .into_response()
}

/// The documents name an unknown tenant by an `error` of their own.
fn no_tenant(shared: &Shared, headers: &HeaderMap) -> Response {
    let error = EntraError::new(90002).with_error("invalid_tenant");
    let ids = Ids::of(shared.state.clock.now(), headers, None);
    (error.status(), Json(error.body(&ids))).into_response()
}

pub(crate) async fn v2_keys(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    Path(tenant): Path<String>,
) -> Response {
    keys(&shared, &headers, &tenant, |shared| shared.state.keys.v2_document(&base.to_string(), TENANT_ID)).await
}

pub(crate) async fn v1_keys(State(shared): State<Shared>, headers: HeaderMap, Path(tenant): Path<String>) -> Response {
    keys(&shared, &headers, &tenant, |shared| shared.state.keys.v1_document()).await
}

async fn keys(shared: &Shared, headers: &HeaderMap, tenant: &str, document: impl FnOnce(&Shared) -> Value) -> Response {
    shared.state.counting.count(|counters| counters.keys += 1);
    if let Some(response) = fault(shared, Place::Keys).await {
        return response;
    }
    match Tenant::read(tenant) {
        Some(_) => Json(document(shared)).into_response(),
        None => no_tenant(shared, headers),
    }
}

async fn fault(shared: &Shared, place: Place) -> Option<Response> {
    let fault = shared.state.faults.meet(place, "").await?;
    let broken = broken::answer(&fault, r#"{"keys": [{"kty": "RS"#);
    Some(broken.unwrap_or_else(|| StatusCode::SERVICE_UNAVAILABLE.into_response()))
}
