//! `/token`: one POST, four grants.

mod answer;
mod client_auth;
mod client_credentials;
mod on_behalf_of;
mod sign_in;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    broken,
    discovery::Tenant,
    error::{EntraError, Ids},
    fault::{Fault, RetryAfter},
    form::Form,
    place::Place,
    shared::{Base, Shared},
};

/// What every grant needs to know.
struct Request<'a> {
    shared: &'a Shared,
    base: &'a Base,
    form: &'a Form,
    headers: &'a HeaderMap,
}

/// A refusal, or trouble that is not Entra's own.
enum Failure {
    Entra(EntraError),
    Fault(Fault),
}

impl From<EntraError> for Failure {
    fn from(error: EntraError) -> Self {
        Self::Entra(error)
    }
}

const OBO: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(crate) async fn token(
    State(shared): State<Shared>,
    base: Base,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&body);
    let in_body = form.as_ref().ok().and_then(|form| form.get("client-request-id"));
    let ids = Ids::of(shared.state.clock.now(), &headers, in_body);
    let echo =
        headers.get("return-client-request-id").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    let answer = match &form {
        Err(error) => Err(error.clone().into()),
        Ok(form) => grant(&Request { shared: &shared, base: &base, form, headers: &headers }, &tenant).await,
    };
    let mut response = match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(Failure::Entra(error)) => refusal(&error, &ids),
        Err(Failure::Fault(fault)) => trouble(&fault, &ids),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert("x-ms-ests-server", HeaderValue::from_static("emulator"));
    ids.write_request_id(headers, "x-ms-request-id");
    if echo {
        ids.write_client_request_id(headers);
    }
    response
}

async fn grant(request: &Request<'_>, tenant: &str) -> Result<Value, Failure> {
    if Tenant::read(tenant).is_none_or(|tenant| tenant == Tenant::Consumers) {
        return Err(EntraError::new(90002).into());
    }
    let counting = &request.shared.state.counting;
    match request.form.need("grant_type")? {
        "authorization_code" => {
            counting.count(|counters| counters.code += 1);
            sign_in::code(request).await
        }
        "refresh_token" => {
            counting.count(|counters| counters.refresh += 1);
            sign_in::refresh(request).await
        }
        "client_credentials" => {
            counting.count(|counters| counters.client_credentials += 1);
            client_credentials::grant(request).await
        }
        OBO => on_behalf_of::grant(request).await,
        _ => Err(EntraError::new(70003).into()),
    }
}

fn refusal(error: &EntraError, ids: &Ids) -> Response {
    let mut response = (error.status(), Json(error.body(ids))).into_response();
    if let Some(value) = error.retry_after.and_then(|when| HeaderValue::try_from(when.to_string()).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

fn trouble(fault: &Fault, ids: &Ids) -> Response {
    broken::answer(fault, r#"{"token_type":"Bearer","access_tok"#)
        .unwrap_or_else(|| refusal(&EntraError::new(90012), ids))
}

/// Turns the trouble that is switched on for a user or client into what a caller sees of it.
async fn apply(request: &Request<'_>, place: Place, name: &str) -> Result<(), Failure> {
    apply_or(request, place, name, None).await
}

/// The same, with the trouble that counts where none is switched on.
async fn apply_or(request: &Request<'_>, place: Place, name: &str, own: Option<Fault>) -> Result<(), Failure> {
    let state = &request.shared.state;
    let throttled = |when| Err(EntraError::throttled(when).into());
    match state.faults.meet_or(place, name, own).await {
        None => Ok(()),
        Some(Fault::Throttled(seconds)) => throttled(RetryAfter::Seconds(seconds)),
        Some(Fault::ThrottledUntil(seconds)) => throttled(RetryAfter::Date(state.clock.now() + i64::from(seconds))),
        Some(Fault::Unavailable) => Err(EntraError::new(90012).into()),
        Some(Fault::NoConsent) => Err(EntraError::new(65001).with_suberror("consent_required").into()),
        Some(Fault::BadSecret) => Err(EntraError::new(7_000_215).into()),
        Some(Fault::Code(code)) => Err(EntraError::new(code).into()),
        Some(other) => Err(Failure::Fault(other)),
    }
}
