//! The identity service: which authority a ledger's host shows. It asks for no token.

use axum::{
    Json, Router,
    extract::Path,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::{
    azure::{Call, Kind},
    shared::Shared,
};

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/ledgerIdentity/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, call: Call) -> Response {
    call.shared.state.counting.count(|counters| counters.ledger_identity += 1);
    let known = call.shared.state.azure.resources.iter().any(|it| it.kind == Kind::Ledger && it.name == name);
    if !known || call.method != Method::GET {
        let error = json!({"error": {"code": "LedgerNotFound", "message": "The ledger was not found."}});
        return (StatusCode::NOT_FOUND, Json(error)).into_response();
    }
    // The service's answer really ends with a line feed and a NUL.
    let pem = format!("{}\n\0", call.shared.state.ledger_authority.get().pem().trim_end());
    Json(json!({"ledgerId": name, "ledgerTlsCertificate": pem})).into_response()
}
