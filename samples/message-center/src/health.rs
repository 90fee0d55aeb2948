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
use mcp_auth_layer::{
    clock::{Clock, UnixTime},
    keys::Readiness,
    verify::Verifier,
};
use mcp_obo::{
    Exchange, ExchangeError, ExchangeErrorKind, HostingIdentity, Target, TokenSource, credential::CredentialStatus,
};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

/// How long a refusal counts. A server that stayed unready would get no calls, and so never learn that the credential is good
/// again.
const REFUSAL: Duration = Duration::from_secs(60);

/// How long a probe waits for what is being found out.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often Entra is asked about a credential that it has not accepted yet. Each time stands in the sign-in log.
const BETWEEN_CHECKS: Duration = Duration::from_secs(30);

/// What readiness depends on.
#[derive(Clone, Debug)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    verifier: Verifier,
    credential: Credential,
    clock: Arc<dyn Clock>,
    refused: Mutex<Option<Instant>>,
    checked: Mutex<Option<Instant>>,
    proof: watch::Sender<Proof>,
}

/// Whose credential must be good.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// The app's, by which users are acted for.
    OfApp(Exchange),
    /// The hosting identity's, which calls the target itself.
    OfHost {
        /// The identity.
        identity: HostingIdentity,
        /// What it calls.
        target: Target,
    },
}

impl Credential {
    /// Asks Entra whether it accepts the credential.
    async fn check(&self) -> Result<(), ExchangeError> {
        match self {
            Self::OfApp(exchange) => exchange.check_credential().await,
            Self::OfHost { identity, target } => identity.token(target).await.map(drop),
        }
    }

    fn status(&self) -> Vec<CredentialStatus> {
        match self {
            Self::OfApp(exchange) => exchange.credentials(),
            Self::OfHost { identity, .. } => identity.credentials(),
        }
    }

    /// Tells whether the store of shared tokens answered when it was last asked; nothing where none is shared.
    fn is_store_up(&self) -> Option<bool> {
        match self {
            Self::OfApp(exchange) => exchange.is_shared_store_up(),
            Self::OfHost { .. } => None,
        }
    }

    /// Tells whether all of them have ended; what has no list, as a managed identity, has no end either.
    fn is_expired(&self, now: UnixTime) -> bool {
        let all = self.status();
        !all.is_empty() && all.iter().all(|status| status.is_expired(now))
    }
}

/// What Entra has said about the credential since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Nothing yet, or it could not be asked.
    None,
    Refused,
    Accepted,
}

impl Health {
    /// Watches the keys of this verifier and this credential.
    #[must_use]
    pub fn new(verifier: Verifier, credential: Credential, clock: Arc<dyn Clock>) -> Self {
        let proof = watch::Sender::new(Proof::None);
        Self(Arc::new(Inner {
            verifier,
            credential,
            clock,
            refused: Mutex::default(),
            checked: Mutex::default(),
            proof,
        }))
    }

    /// Notes that Entra refused our credential.
    pub fn credential_refused(&self) {
        self.note(Some(Instant::now()));
    }

    /// Notes that Entra accepted it.
    pub fn credential_accepted(&self) {
        self.note(None);
        self.0.proof.send_replace(Proof::Accepted);
    }

    fn note(&self, refused: Option<Instant>) {
        *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Says why this server should get no requests; nothing while it can serve.
    ///
    /// Loads the keys if there are none, and has the credential checked if Entra has not accepted it yet. An outage of Entra
    /// alone is no reason afterwards: replicas that still serve must not leave together.
    pub async fn reasons(&self) -> Vec<&'static str> {
        self.check_credential();
        let (keys, proof) = tokio::join!(self.0.verifier.warm(), self.proof());
        let keys = if keys == Readiness::Ready { None } else { Some(keys.as_str()) };
        keys.into_iter().chain(self.credential(proof)).collect()
    }

    async fn proof(&self) -> Proof {
        let mut proof = self.0.proof.subscribe();
        let proved = time::timeout(PATIENCE, proof.wait_for(|proof| *proof != Proof::None)).await;
        proved.ok().and_then(Result::ok).map_or(Proof::None, |proof| *proof)
    }

    fn credential(&self, proof: Proof) -> Option<&'static str> {
        let now = self.0.clock.now();
        let refused = *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match proof {
            _ if self.0.credential.is_expired(now) => Some("credential_expired"),
            _ if refused.is_some_and(|at| at.elapsed() < REFUSAL) => Some("credential_refused"),
            Proof::Accepted => None,
            Proof::Refused => Some("credential_refused"),
            Proof::None => Some("credential_unproved"),
        }
    }

    /// Asks Entra in the background, once in a while, until it has accepted the credential.
    fn check_credential(&self) {
        if *self.0.proof.borrow() == Proof::Accepted {
            return;
        }
        let mut checked = self.0.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.is_some_and(|at| at.elapsed() < BETWEEN_CHECKS) {
            return;
        }
        *checked = Some(Instant::now());
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let proof = match inner.credential.check().await {
                Ok(()) => Proof::Accepted,
                Err(error) if error.kind() == ExchangeErrorKind::ClientCredential => Proof::Refused,
                Err(_) => Proof::None,
            };
            inner.proof.send_if_modified(|known| {
                // A call may have shown meanwhile that it is good.
                let news = *known != Proof::Accepted && *known != proof;
                if news {
                    *known = proof;
                }
                news
            });
        });
    }

    /// Answers `/readyz`.
    pub async fn readyz(self) -> Response {
        let reasons = self.reasons().await;
        let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let credentials: Vec<_> = self.0.credential.status().iter().map(shown).collect();
        let mut body = json!({"ready": reasons.is_empty(), "reasons": reasons, "credentials": credentials});
        // Never a reason: without it every replica has its own cache still.
        if let Some(is_up) = self.0.credential.is_store_up() {
            body["sharedCache"] = if is_up { "up" } else { "down" }.into();
        }
        (status, Json(body)).into_response()
    }
}

/// Kind and end of a credential; the first in the list is the one in use.
fn shown(status: &CredentialStatus) -> Value {
    json!({"kind": status.kind().as_str(), "endsAt": status.ends_at().map(UnixTime::as_secs)})
}

/// Answers `/healthz`: the process lives.
pub async fn healthz() -> Response {
    Json(json!({"ok": true})).into_response()
}
