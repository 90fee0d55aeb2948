//! The control plane: counters, faults, keys, time and tokens, from Rust and over HTTP.

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    fault::{Fault, Place},
    shared::{Base, Shared},
    spec::TokenSpec,
    user::User,
};

/// Switches of a running emulator.
#[derive(Clone)]
pub struct Control(pub(crate) Shared);

impl Control {
    /// Makes a new signing key live and withdraws the oldest.
    pub fn rotate_keys(&self) {
        self.0.state.keys.rotate();
    }

    /// Switches trouble on for one user, by name, or with an empty name for everybody.
    pub fn set_fault(&self, place: Place, user: &str, fault: Fault) {
        self.0.state.faults.set(place, user, Some(fault));
    }

    /// Switches it off again.
    pub fn clear_fault(&self, place: Place, user: &str) {
        self.0.state.faults.set(place, user, None);
    }

    /// Moves the tenant's clock, by seconds.
    pub fn advance_clock(&self, seconds: i64) {
        self.0.state.clock.advance(seconds);
    }

    /// Revokes a user's sessions: what was obtained until now is refused, a later sign-in is good.
    pub fn revoke_user(&self, name: &str) {
        if let Some(user) = User::find(name) {
            self.0.state.revoke(user);
        }
    }

    /// Sets all counters to zero.
    pub fn reset_counters(&self) {
        self.0.state.counting.reset();
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Control(..)")
    }
}

/// A change of faults over HTTP; without `fault` it switches off.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultChange {
    place: Place,
    #[serde(default)]
    user: String,
    fault: Option<Fault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    advance_seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    user: String,
}

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_emulator/counters", get(counters))
        .route(
            "/_emulator/counters/reset",
            post(|State(shared): State<Shared>| async move { shared.state.counting.reset() }),
        )
        .route("/_emulator/faults", post(faults))
        .route("/_emulator/keys/rotate", post(|State(shared): State<Shared>| async move { shared.state.keys.rotate() }))
        .route("/_emulator/clock", post(clock))
        .route("/_emulator/revoke", post(revoke))
        .route("/_emulator/token", get(user_token).post(token))
        .route("/_emulator/ca.pem", get(|State(shared): State<Shared>| async move { shared.ca_pem.to_string() }))
}

async fn counters(State(shared): State<Shared>) -> Response {
    Json(shared.state.counting.snapshot()).into_response()
}

async fn faults(State(shared): State<Shared>, Json(change): Json<FaultChange>) -> StatusCode {
    shared.state.faults.set(change.place, &change.user, change.fault);
    StatusCode::NO_CONTENT
}

async fn clock(State(shared): State<Shared>, Json(change): Json<ClockChange>) -> StatusCode {
    shared.state.clock.advance(change.advance_seconds);
    StatusCode::NO_CONTENT
}

async fn revoke(State(shared): State<Shared>, Json(revocation): Json<Revocation>) -> StatusCode {
    let Some(user) = User::find(&revocation.user) else { return StatusCode::NOT_FOUND };
    shared.state.revoke(user);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct UserQuery {
    user: String,
}

/// A user's token as plain text, for a shell's command substitution.
async fn user_token(State(shared): State<Shared>, base: Base, Query(query): Query<UserQuery>) -> Response {
    match shared.state.mint(&TokenSpec::user(&query.user), &base.to_string()) {
        Some(token) => token.into_response(),
        None => (StatusCode::BAD_REQUEST, "no such user").into_response(),
    }
}

async fn token(State(shared): State<Shared>, base: Base, Json(spec): Json<TokenSpec>) -> Response {
    match shared.state.mint(&spec, &base.to_string()) {
        Some(token) => Json(json!({"access_token": token})).into_response(),
        None => (StatusCode::BAD_REQUEST, "no such user, and no app_roles").into_response(),
    }
}
