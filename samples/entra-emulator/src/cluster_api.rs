//! The cluster's discovery and key documents.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};

use crate::shared::Shared;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/cluster/.well-known/openid-configuration", get(document))
        .route("/cluster/openid/v1/jwks", get(keys))
}

async fn document(State(shared): State<Shared>) -> impl IntoResponse {
    Json(shared.state.cluster.document())
}

async fn keys(State(shared): State<Shared>) -> impl IntoResponse {
    Json(shared.state.cluster.keys())
}
