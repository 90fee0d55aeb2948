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
use mcp_obo::proxy::Proxy;
use mcp_obo::{
    Exchange, ExchangeError, ExchangeErrorKind, HostingIdentity, Target, TokenSource, credential::CredentialStatus,
};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

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
    front_door: Option<Proxy>,
    clock: Arc<dyn Clock>,
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
    /// Watches the keys of this verifier, this credential, and what sign-ins depend on.
    #[must_use]
    pub fn new(verifier: Verifier, credential: Credential, front_door: Option<Proxy>, clock: Arc<dyn Clock>) -> Self {
        let proof = watch::Sender::new(Proof::None);
        Self(Arc::new(Inner { verifier, credential, front_door, clock, checked: Mutex::default(), proof }))
    }

    /// Notes that Entra refused our credential.
    pub fn credential_refused(&self) {
        self.learn(Proof::Refused);
    }

    /// What was accepted once is proved.
    fn learn(&self, proof: Proof) {
        self.0.proof.send_if_modified(|known| {
            let is_news = *known != Proof::Accepted && *known != proof;
            if is_news {
                *known = proof;
            }
            is_news
        });
    }

    /// Says why this server should get no requests; nothing while it can serve.
    ///
    /// Loads the keys if there are none, and has the credential checked if Entra has not accepted it yet. What Entra does
    /// afterwards, an outage or a refusal, is no reason: all replicas would leave together, and those who have tokens in the
    /// cache would be served no more.
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
        match proof {
            _ if self.0.credential.is_expired(self.0.clock.now()) => Some("credential_expired"),
            Proof::Accepted => None,
            Proof::Refused => Some("credential_refused"),
            Proof::None => Some("credential_unproved"),
        }
    }

    /// Says what an operator must look at although requests may come.
    ///
    /// Whoever is signed in is served, so that trouble with sign-ins is among these and no reason.
    fn warnings(&self, credentials: &[CredentialStatus]) -> Vec<&'static str> {
        let front_door = self.0.front_door.as_ref();
        let is_own_refused = is_refused(credentials);
        // Most sign people in with this app's own credential; that is said once.
        let is_theirs_refused = !is_own_refused && front_door.is_some_and(|door| is_refused(&door.credentials()));
        [
            is_own_refused.then_some("credential_refused"),
            is_theirs_refused.then_some("sign_in_credential_refused"),
            front_door.is_some_and(|door| door.is_store_up() == Some(false)).then_some("sign_in_store_down"),
        ]
        .into_iter()
        .flatten()
        .collect()
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
        let health = self.clone();
        tokio::spawn(async move {
            match health.0.credential.check().await {
                Ok(()) => health.learn(Proof::Accepted),
                Err(error) if error.kind() == ExchangeErrorKind::ClientCredential => health.learn(Proof::Refused),
                Err(_) => {}
            }
        });
    }

    /// Answers `/readyz`.
    pub async fn readyz(self) -> Response {
        let reasons = self.reasons().await;
        let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let credentials = self.0.credential.status();
        let warnings = self.warnings(&credentials);
        let credentials: Vec<_> = credentials.iter().map(shown).collect();
        let mut body =
            json!({"ready": reasons.is_empty(), "reasons": reasons, "warnings": warnings, "credentials": credentials});
        // Never a reason: without it every replica has its own cache still.
        if let Some(is_up) = self.0.credential.is_store_up() {
            body["sharedCache"] = if is_up { "up" } else { "down" }.into();
        }
        (status, Json(body)).into_response()
    }
}

/// Those that are good come first.
fn is_refused(credentials: &[CredentialStatus]) -> bool {
    credentials.first().is_some_and(CredentialStatus::is_set_back)
}

/// A credential; the first in the list is the one in use.
fn shown(status: &CredentialStatus) -> Value {
    json!({"kind": status.kind().as_str(), "endsAt": status.ends_at().map(UnixTime::as_secs), "setBack": status.is_set_back()})
}

/// Answers `/healthz`: the process lives.
pub async fn healthz() -> Response {
    Json(json!({"ok": true})).into_response()
}
