//! The endpoints at which a host's managed identities get tokens, in the form of App Service and in that of a machine.

mod app_service;
mod machine;

use std::collections::BTreeMap;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;

use crate::{
    broken,
    fault::{Fault, RetryAfter},
    identity::{Choice, Identity},
    lifetime::Lifetime,
    place::Place,
    service::{Principal, Service, ServiceOrder},
    shared::{Base, Shared},
    token::Confidential,
};

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/msi/token", get(app_service::token))
        .route("/metadata/identity/oauth2/token", get(machine::token))
}

/// The parameters of a request; of one that is repeated the last counts.
type Query = BTreeMap<String, String>;

/// A token and what both forms say of it.
struct Issued {
    access_token: String,
    resource: String,
    client_id: &'static str,
    issued: i64,
    expires: i64,
}

/// Why there is no token; each form says it in its own way.
enum Refusal {
    /// The parameter is not there.
    Missing(&'static str),
    UnknownIdentity,
    UnknownResource,
    Fault(Fault),
}

/// Reads which identity a request chooses, by any of the names that either form has for it.
fn choice(query: &Query) -> Option<Choice<'_>> {
    query.iter().filter(|(_, value)| !value.is_empty()).find_map(|(name, value)| match name.as_str() {
        "client_id" => Some(Choice::Client(value)),
        "object_id" | "principal_id" => Some(Choice::Object(value)),
        "msi_res_id" | "mi_res_id" => Some(Choice::Resource(value)),
        _ => None,
    })
}

fn need<'a>(query: &'a Query, name: &'static str) -> Result<&'a str, Refusal> {
    query.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(Refusal::Missing(name))
}

/// Makes a token for an identity.
async fn issue(shared: &Shared, base: &Base, identity: Identity, query: &Query) -> Result<Issued, Refusal> {
    let state = &shared.state;
    let resource = need(query, "resource")?;
    let service = Service::find(resource).ok_or(Refusal::UnknownResource)?;
    let (id, place) = (identity.client_id, Place::ManagedIdentity);
    if let Some(fault) = state.faults.meet(place, id).await {
        return Err(Refusal::Fault(fault));
    }
    let lifetime = state.lifetimes.get(place, id).unwrap_or(Lifetime::MANAGED_IDENTITY);
    let now = state.clock.now();
    let order = ServiceOrder {
        service,
        resource,
        client: id,
        principal: Principal::App { object_id: identity.object_id, roles: state.app_roles(service, id) },
        // The platform holds a certificate for each identity.
        confidential: Confidential::Certificate,
        base: &base.to_string(),
        now,
        lifetime: lifetime.seconds,
    };
    state.counting.count(|counters| *counters.managed_identity_tokens.entry(id.to_owned()).or_default() += 1);
    Ok(Issued {
        access_token: order.sign(&state.keys),
        resource: resource.to_owned(),
        client_id: id,
        issued: now,
        expires: now + lifetime.seconds,
    })
}

/// Answers with trouble; the form's own `body` serves where the trouble has a status alone.
fn trouble(fault: &Fault, now: i64, body: impl FnOnce(StatusCode) -> Response) -> Response {
    if let Some(response) = broken::answer(fault, r#"{"access_token":"eyJ0"#) {
        return response;
    }
    let retry_after = match fault {
        Fault::Throttled(seconds) => Some(RetryAfter::Seconds(*seconds)),
        Fault::ThrottledUntil(seconds) => Some(RetryAfter::Date(now + i64::from(*seconds))),
        _ => None,
    };
    match (retry_after, fault) {
        (Some(when), _) => ([("retry-after", when.to_string())], body(StatusCode::TOO_MANY_REQUESTS)).into_response(),
        (None, Fault::BadRequest) => body(StatusCode::BAD_REQUEST),
        (None, Fault::Unauthorized) => body(StatusCode::UNAUTHORIZED),
        (None, Fault::Forbidden) => body(StatusCode::FORBIDDEN),
        (None, _) => body(StatusCode::SERVICE_UNAVAILABLE),
    }
}
