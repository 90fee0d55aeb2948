//! Confidential Ledger: entries that are appended and read back, and the identity by which a ledger shows itself.
//!
//! As in reality a ledger's host has a certificate of the ledger's own authority and of no public one: a client first asks
//! the identity service, which has an ordinary certificate, and trusts what it is told there.

mod book;
mod identity;
mod refusal;

use axum::{
    Json, Router,
    http::{HeaderName, HeaderValue, Method},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use self::{book::Book, identity::routes as identity_routes};
use self::{book::State, refusal::Ledger};
use super::{Action, Call, Caller, Denial, answer};
use crate::shared::Shared;

/// The collection of entries that name none.
const DEFAULT: &str = "subledger:0";

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<Ledger>(&call, |caller| {
        check_version(&call)?;
        let segments = call.segments();
        match (&call.method, segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
            (&Method::POST, ["app", "transactions"]) => {
                check_role(&call, caller, Action::AppendToLedger)?;
                append(&call)
            }
            (&Method::GET, ["app", "transactions", id]) => {
                check_role(&call, caller, Action::ReadLedger)?;
                entry(&call, id).map(|body| Json(body).into_response())
            }
            (&Method::GET, ["app", "transactions", id, "status"]) => {
                check_role(&call, caller, Action::ReadLedger)?;
                status(&call, id).map(|body| Json(body).into_response())
            }
            _ => Err(refusal::not_found()),
        }
    })
    .await
}

fn check_version(call: &Call) -> Result<(), Denial> {
    let version = call.parameter("api-version").unwrap_or_default();
    let day = version.strip_suffix("-preview").unwrap_or(version);
    let known = day.parse::<jiff::civil::Date>().is_ok() && day >= "2022-05-13";
    if known { Ok(()) } else { Err(refusal::version()) }
}

fn check_role(call: &Call, caller: &Caller, action: Action) -> Result<(), Denial> {
    let ledger = call.resource().map_err(|_| refusal::not_found())?;
    let permitted = call.shared.state.azure.permits(caller, action, &ledger.id());
    if permitted { Ok(()) } else { Err(refusal::forbidden(caller)) }
}

#[derive(Deserialize)]
struct Entry {
    contents: String,
}

fn append(call: &Call) -> Result<Response, Denial> {
    let Entry { contents } = serde_json::from_slice(&call.body).map_err(|_| refusal::malformed())?;
    let collection = call.parameter("collectionId").unwrap_or(DEFAULT);
    let id = call.shared.state.ledger.append(collection, &contents);
    let mut response = Json(json!({"collectionId": collection})).into_response();
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HeaderName::from_static("x-ms-ccf-transaction-id"), value);
    }
    Ok(response)
}

/// The enclave has to fetch an entry first; the client is told to ask again.
fn entry(call: &Call, id: &str) -> Result<Value, Denial> {
    let collection = call.parameter("collectionId").unwrap_or(DEFAULT);
    match call.shared.state.ledger.read(check_id(id)?, collection) {
        State::Unknown => Err(refusal::no_transaction(id)),
        State::Loading => Ok(json!({"state": "Loading"})),
        State::Ready(contents) => {
            let entry = json!({"contents": contents, "collectionId": collection, "transactionId": id});
            Ok(json!({"state": "Ready", "entry": entry}))
        }
    }
}

fn status(call: &Call, id: &str) -> Result<Value, Denial> {
    let committed = call.shared.state.ledger.is_committed(check_id(id)?);
    let state = if committed { "Committed" } else { "Pending" };
    Ok(json!({"state": state, "transactionId": id}))
}

/// A view and a number in it.
fn check_id(id: &str) -> Result<&str, Denial> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let good = id.split_once('.').is_some_and(|(view, number)| is_number(view) && is_number(number));
    if good { Ok(id) } else { Err(refusal::id(id)) }
}
