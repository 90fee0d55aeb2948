//! The control plane over HTTP, for scripts in other languages.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    azure::AzureRole,
    certificate::ClientCertificate,
    control::Control,
    fault::Fault,
    gateway::NetworkFault,
    lifetime::Lifetime,
    pem,
    place::Place,
    shared::{Base, Shared},
    spec::TokenSpec,
    user::User,
    vault::{CertificateFormat, VaultCertificate, VaultSecret},
};

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
        .route("/_emulator/outbox", get(|State(shared): State<Shared>| async move { Json(shared.state.outbox.all()) }))
        .route(
            "/_emulator/counters/reset",
            post(|State(shared): State<Shared>| async move { shared.state.counting.reset() }),
        )
        .route("/_emulator/faults", post(faults))
        .route("/_emulator/roles", post(assign).delete(unassign))
        .route("/_emulator/network", post(network))
        .route("/_emulator/keys/rotate", post(|State(shared): State<Shared>| async move { shared.state.keys.rotate() }))
        .route("/_emulator/lifetimes", post(lifetimes))
        .route("/_emulator/clock", post(clock))
        .route("/_emulator/revoke", post(revoke))
        .route("/_emulator/token", get(user_token).post(token))
        .route("/_emulator/identity", get(identity))
        .route("/_emulator/workload-token", post(workload_token))
        .route("/_emulator/vault/secrets/{name}", post(put_secret))
        .route("/_emulator/vault/certificates/{name}", post(put_certificate))
        .route("/_emulator/vault/disable", post(disable))
        .route("/_emulator/certificates", post(add_certificate))
        .route("/_emulator/ca.pem", get(|State(shared): State<Shared>| async move { shared.ca_pem.to_string() }))
}

async fn counters(State(shared): State<Shared>) -> Response {
    Json(shared.state.counting.snapshot()).into_response()
}

async fn faults(State(shared): State<Shared>, Json(change): Json<FaultChange>) -> StatusCode {
    shared.state.faults.set(change.place, &change.user, change.fault);
    StatusCode::NO_CONTENT
}

/// A role at Azure; taking one away needs no scope.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assignment {
    principal: String,
    role: AzureRole,
    #[serde(default)]
    scope: String,
}

async fn assign(State(shared): State<Shared>, Json(it): Json<Assignment>) -> StatusCode {
    Control(shared).assign_azure_role(&it.principal, it.role, &it.scope);
    StatusCode::NO_CONTENT
}

async fn unassign(State(shared): State<Shared>, Json(it): Json<Assignment>) -> StatusCode {
    Control(shared).remove_azure_role(&it.principal, it.role);
    StatusCode::NO_CONTENT
}

/// A change of the network's faults; without `fault` it switches off.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkChange {
    #[serde(default)]
    host: String,
    fault: Option<NetworkFault>,
}

async fn network(State(shared): State<Shared>, Json(change): Json<NetworkChange>) -> StatusCode {
    shared.state.network.set(&change.host, change.fault);
    StatusCode::NO_CONTENT
}

/// A change of lifetimes; without `lifetime` it is as without a setting again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LifetimeChange {
    place: Place,
    #[serde(default)]
    user: String,
    lifetime: Option<Lifetime>,
}

async fn lifetimes(State(shared): State<Shared>, Json(change): Json<LifetimeChange>) -> StatusCode {
    shared.state.lifetimes.set(change.place, &change.user, change.lifetime);
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

/// What a process finds in its environment on a host with managed identities.
async fn identity(State(shared): State<Shared>, base: Base) -> Response {
    let header = &shared.state.identity_header;
    Json(json!({"endpoint": format!("{base}/msi/token"), "header": header})).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workload {
    subject: String,
    #[serde(default = "hour")]
    lifetime_seconds: i64,
    audience: Option<String>,
}

const fn hour() -> i64 {
    3_600
}

async fn workload_token(State(shared): State<Shared>, Json(workload): Json<Workload>) -> String {
    let Workload { subject, lifetime_seconds, audience } = workload;
    shared.state.workload_token(&subject, audience.as_deref(), lifetime_seconds)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSecret {
    value: String,
    content_type: Option<String>,
}

async fn put_secret(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(NewSecret { value, content_type }): Json<NewSecret>,
) -> Response {
    let version = Control(shared).put_secret(&name, VaultSecret { value, content_type });
    Json(json!({"version": version})).into_response()
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewCertificate {
    format: CertificateFormat,
    exportable: bool,
}

impl Default for NewCertificate {
    fn default() -> Self {
        Self { format: CertificateFormat::Pem, exportable: true }
    }
}

async fn put_certificate(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(new): Json<NewCertificate>,
) -> Response {
    let made = ClientCertificate::generate();
    let pem = made.certificate_pem().to_owned();
    let certificate = VaultCertificate::new(made, new.format);
    let certificate = if new.exportable { certificate } else { certificate.not_exportable() };
    let version = Control(shared).put_certificate(&name, certificate);
    Json(json!({"version": version, "certificate": pem})).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disabling {
    name: String,
    version: String,
}

async fn disable(State(shared): State<Shared>, Json(Disabling { name, version }): Json<Disabling>) -> StatusCode {
    if Control(shared).disable_version(&name, &version) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Registers a certificate, as PEM in the body, with which the API app may prove itself from now on.
async fn add_certificate(State(shared): State<Shared>, pem: String) -> StatusCode {
    if pem::read("CERTIFICATE", &pem).is_none() {
        return StatusCode::BAD_REQUEST;
    }
    shared.state.add_certificate(&pem);
    StatusCode::NO_CONTENT
}
