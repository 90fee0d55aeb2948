//! Health models of Azure Monitor: an entity's health over time, where microsoft/mcp asks for it.
//!
//! The data plane's reference is not public. The path is that of microsoft/mcp, the body that of the management plane's
//! operation of the same name.

mod refusal;

use axum::{
    Json, Router,
    http::Method,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use self::refusal::HealthModels;
use super::{Action, Call, Denial, answer};
use crate::shared::Shared;

/// The entities of the model, each with the states that it went through.
const ENTITIES: [(&str, &[&str]); 3] = [
    ("shop", &["Healthy", "Degraded", "Healthy"]),
    ("orders-api", &["Healthy", "Degraded", "Unhealthy", "Degraded"]),
    ("payments", &["Healthy"]),
];

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<HealthModels>(&call, |caller| {
        let model = call.resource().map_err(|_| refusal::not_found("model"))?;
        if !call.shared.state.azure.permits(caller, Action::ReadHealth, &model.id()) {
            return Err(refusal::forbidden(caller));
        }
        let segments = call.segments();
        match (&call.method, segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
            (&Method::GET, ["api", "entities", entity, "history"]) => history(entity),
            _ => Err(refusal::not_found("resource")),
        }
        .map(|body| Json(body).into_response())
    })
    .await
}

fn history(entity: &str) -> Result<Value, Denial> {
    let found = ENTITIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(entity));
    let (name, states) = found.ok_or_else(|| refusal::not_found("entity"))?;
    let steps = states.iter().zip(states.iter().skip(1)).zip(6..);
    let transitions: Vec<_> = steps
        .map(|((before, after), hour)| {
            json!({"previousState": before, "newState": after, "occurredAt": format!("2026-02-03T{hour:02}:15:00Z")})
        })
        .collect();
    Ok(json!({"entityName": name, "transitions": transitions}))
}
