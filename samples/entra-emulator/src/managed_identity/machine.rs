//! The form of a virtual machine's metadata service (IMDS), which AKS nodes have too.

use axum::{
    Json,
    extract::{Query as UrlQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::{Issued, Query, Refusal, choice, issue, need, trouble};
use crate::shared::{Base, Shared};

/// The first version that serves identities; versions are days.
const FIRST_VERSION: &str = "2018-02-01";

pub(super) async fn token(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    shared.state.counting.count(|counters| counters.managed_identity += 1);
    // Both are against requests that a server was tricked into: those have no header of their own, or came by a proxy.
    if headers.get("metadata").is_none_or(|value| value != "true") {
        return refusal(StatusCode::BAD_REQUEST, "bad_request_102", "Required metadata header not specified");
    }
    if headers.contains_key("x-forwarded-for") {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "X-Forwarded-For is not allowed");
    }
    match answer(&shared, &base, &query).await {
        Ok(issued) => success(&issued),
        Err(Refusal::Missing(name)) => {
            let text = format!("Required query variable '{name}' is missing");
            refusal(StatusCode::BAD_REQUEST, "invalid_request", &text)
        }
        Err(Refusal::UnknownIdentity) => refusal(StatusCode::BAD_REQUEST, "invalid_request", "Identity not found"),
        Err(Refusal::UnknownResource) => refusal(
            StatusCode::BAD_REQUEST,
            "invalid_resource",
            "AADSTS500011: The resource principal was not found in the tenant.",
        ),
        Err(Refusal::Fault(fault)) => trouble(&fault, shared.state.clock.now(), |status| {
            refusal(status, "service_unavailable", "An error was switched on.")
        }),
    }
}

async fn answer(shared: &Shared, base: &Base, query: &Query) -> Result<Issued, Refusal> {
    if need(query, "api-version")? < FIRST_VERSION {
        return Err(Refusal::Missing("api-version"));
    }
    let identities = &shared.state.identities;
    // A machine without an identity of its own means the only one that is assigned to it.
    let identity = match choice(query) {
        Some(choice) => identities.find(choice),
        None => identities.system_assigned().or_else(|| identities.user_assigned()),
    };
    issue(shared, base, identity.ok_or(Refusal::UnknownIdentity)?, query).await
}

fn success(issued: &Issued) -> Response {
    let life = (issued.expires - issued.issued).to_string();
    Json(json!({
        "access_token": issued.access_token, "client_id": issued.client_id, "expires_in": life,
        "expires_on": issued.expires.to_string(), "ext_expires_in": life, "not_before": issued.issued.to_string(),
        "resource": issued.resource, "token_type": "Bearer",
    }))
    .into_response()
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": description}))).into_response()
}
