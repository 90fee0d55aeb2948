//! Liveness and readiness.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mcp_auth_layer::{keys::Readiness, verify::Verifier};
use serde_json::json;
use tokio::time::Instant;

/// How long a refusal counts. A server that stayed unready would get no calls, and so never learn that the credential is good
/// again.
const REFUSAL: Duration = Duration::from_secs(60);

/// What readiness depends on.
#[derive(Clone, Debug)]
pub struct Health {
    verifier: Verifier,
    refused: Arc<Mutex<Option<Instant>>>,
}

impl Health {
    /// Watches the keys of this verifier.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, refused: Arc::default() }
    }

    /// Notes that Entra refused our credential.
    pub fn credential_refused(&self) {
        self.note(Some(Instant::now()));
    }

    /// Notes that Entra accepted it.
    pub fn credential_accepted(&self) {
        self.note(None);
    }

    fn note(&self, refused: Option<Instant>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Says why this server should get no requests; nothing while it can serve.
    ///
    /// Loads the keys if there are none. An outage of Entra alone is no reason while the keys are fresh enough: replicas that
    /// still serve must not leave together.
    pub async fn reasons(&self) -> Vec<&'static str> {
        let keys = match self.verifier.warm().await {
            Readiness::Ready => None,
            other => Some(other.as_str()),
        };
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let credential = refused.filter(|at| at.elapsed() < REFUSAL).map(|_| "credential_refused");
        keys.into_iter().chain(credential).collect()
    }

    /// Answers `/readyz`.
    pub async fn readyz(self) -> Response {
        let reasons = self.reasons().await;
        let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({"ready": reasons.is_empty(), "reasons": reasons}))).into_response()
    }
}

/// Answers `/healthz`: the process lives.
pub async fn healthz() -> Response {
    Json(json!({"ok": true})).into_response()
}
