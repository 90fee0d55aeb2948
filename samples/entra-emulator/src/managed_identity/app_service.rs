//! App Service's form, which Functions and Container Apps share.

use axum::{
    Json,
    extract::{Query as UrlQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::{Issued, Query, Refusal, choice, issue, need, trouble};
use crate::shared::{Base, Shared};

/// The newest version that is documented; its answers name their times as strings.
const API_VERSION: &str = "2019-08-01";

pub(super) async fn token(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    shared.state.counting.count(|counters| counters.managed_identity += 1);
    let presented = headers.get("x-identity-header").and_then(|value| value.to_str().ok());
    if presented != Some(shared.state.identity_header.as_str()) {
        return refusal(StatusCode::UNAUTHORIZED, "Missing or invalid X-IDENTITY-HEADER.");
    }
    match answer(&shared, &base, &query).await {
        Ok(issued) => success(&issued),
        Err(Refusal::Missing(name)) => {
            refusal(StatusCode::BAD_REQUEST, &format!("The parameter {name} is missing or not supported."))
        }
        Err(Refusal::UnknownIdentity) if choice(&query).is_some() => refusal(
            StatusCode::BAD_REQUEST,
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        ),
        Err(Refusal::UnknownIdentity) => refusal(StatusCode::BAD_REQUEST, "No Managed Identity found."),
        Err(Refusal::UnknownResource) => {
            refusal(StatusCode::BAD_REQUEST, "AADSTS500011: The resource principal was not found in the tenant.")
        }
        Err(Refusal::Fault(fault)) => {
            trouble(&fault, shared.state.clock.now(), |status| refusal(status, "An error was switched on."))
        }
    }
}

async fn answer(shared: &Shared, base: &Base, query: &Query) -> Result<Issued, Refusal> {
    if need(query, "api-version")? != API_VERSION {
        return Err(Refusal::Missing("api-version"));
    }
    let identities = &shared.state.identities;
    // Without a choice only the system-assigned identity is meant, however few others there are.
    let identity = match choice(query) {
        Some(choice) => identities.find(choice),
        None => identities.system_assigned(),
    };
    issue(shared, base, identity.ok_or(Refusal::UnknownIdentity)?, query).await
}

fn success(issued: &Issued) -> Response {
    Json(json!({
        "access_token": issued.access_token, "client_id": issued.client_id, "expires_on": issued.expires.to_string(),
        "resource": issued.resource, "token_type": "Bearer",
    }))
    .into_response()
}

fn refusal(status: StatusCode, message: &str) -> Response {
    let body = json!({"statusCode": status.as_u16(), "message": message, "correlationId": Uuid::new_v4().to_string()});
    (status, Json(body)).into_response()
}
