//! A token endpoint without a network, which counts.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use mcp_auth_layer::fetch::HttpClient;
use serde_json::json;

/// How long the downstream tokens are: about what Entra writes for Graph and a handful of scopes.
pub const DOWNSTREAM_TOKEN: usize = 1_800;

/// The least length that tells tokens apart.
const NUMBER: usize = 20;

/// What the endpoint answers, and how often it was asked.
#[derive(Debug)]
pub(super) struct Endpoint {
    asked: AtomicU64,
    length: AtomicUsize,
    turns: AtomicUsize,
    refuses: AtomicBool,
}

impl Endpoint {
    pub(super) fn new() -> Self {
        // One turn of the scheduler, as any real answer takes at least.
        let (length, turns) = (AtomicUsize::new(DOWNSTREAM_TOKEN), AtomicUsize::new(1));
        Self { asked: AtomicU64::new(0), length, turns, refuses: AtomicBool::new(false) }
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Relaxed)
    }

    pub(super) fn give(&self, length: usize) {
        self.length.store(length.max(NUMBER), Relaxed);
    }

    pub(super) fn wait(&self, turns: usize) {
        self.turns.store(turns, Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.refuses.store(true, Relaxed);
    }

    pub(super) fn client(self: Arc<Self>) -> HttpClient {
        HttpClient::new(tower::service_fn(move |_: Request<Bytes>| {
            let endpoint = Arc::clone(&self);
            async move { Ok::<_, Infallible>(endpoint.answer().await) }
        }))
    }

    async fn answer(&self) -> Response<Bytes> {
        let number = self.asked.fetch_add(1, Relaxed);
        for _ in 0..self.turns.load(Relaxed) {
            tokio::task::yield_now().await;
        }
        if self.refuses.load(Relaxed) {
            let refusal = json!({
                "error": "invalid_grant", "error_codes": [65_001],
                "error_description": "AADSTS65001: The user or administrator has not consented to use the application.",
            });
            let mut response = Response::new(Bytes::from(refusal.to_string()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return response;
        }
        let token = format!("{number:0NUMBER$}{}", "t".repeat(self.length.load(Relaxed) - NUMBER));
        let answer = json!({"token_type": "Bearer", "expires_in": 4_500, "scope": ".default", "access_token": token});
        Response::new(Bytes::from(answer.to_string()))
    }
}
