//! Key Vault's REST interface, as far as listing and reading secrets, reading certificates and signing need it.
//!
//! Contoso's vault answers at its own host, and on loopback at the emulator's root; its second one at its host alone.

mod access;
mod bundle;
mod list;
mod refusal;
mod sign;

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;

use self::{access::Access, bundle::Location, refusal::KeyVault};
use crate::{
    azure::{Action, Call, Denial, answer},
    shared::Shared,
    vault::{Content, VaultCertificate, Version},
};

pub(crate) fn routes() -> Router<Shared> {
    // A client that wants the current version leaves its place empty, with the slash before it or without.
    Router::new()
        .route("/secrets", get(list::secrets))
        .route("/secrets/{name}", get(secret))
        .route("/secrets/{name}/", get(secret))
        .route("/secrets/{name}/{version}", get(secret))
        .route("/certificates/{name}", get(certificate))
        .route("/certificates/{name}/", get(certificate))
        .route("/certificates/{name}/{version}", get(certificate))
        .route("/keys/{name}", get(key))
        .route("/keys/{name}/", get(key))
        .route("/keys/{name}/{version}", get(key))
        .route("/keys/{name}/sign", post(sign))
        .route("/keys/{name}//sign", post(sign))
        .route("/keys/{name}/{version}/sign", post(sign))
}

/// An object that a request names and its caller may read.
struct Found {
    name: String,
    version: Version,
}

impl Found {
    /// Finds what is named, of a caller who may read; `kind` is the noun of Key Vault's messages.
    fn of(call: &Call, access: &Access<'_>, kind: &'static str) -> Result<Self, Denial> {
        access.check(call, Action::GetSecret)?;
        let mut segments = call.segments().into_iter().skip(1).filter(|part| part != "sign");
        let name = segments.next().unwrap_or_default();
        if name.is_empty() || name.len() > 127 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(refusal::bad_parameter("The request URI contains an invalid name."));
        }
        let version = access.vault.find(&name, segments.next().as_deref());
        let version = version.ok_or_else(|| refusal::not_found(kind, &name))?;
        if version.enabled || kind == "certificate" { Ok(Self { name, version }) } else { Err(refusal::disabled(kind)) }
    }

    /// The certificate behind a name; one that is only a secret is none.
    fn certificate(&self, kind: &'static str) -> Result<&VaultCertificate, Denial> {
        match &self.version.content {
            Content::Certificate(certificate) => Ok(certificate),
            Content::Secret(_) => Err(refusal::not_found(kind, &self.name)),
        }
    }

    fn location(&self, call: &Call) -> Location {
        let (base, version) = (call.base.to_string(), self.version.id.clone());
        Location { base, name: self.name.to_ascii_lowercase(), version }
    }
}

/// Answers a caller who was let in.
async fn respond(call: &Call, body: impl FnOnce(&Access<'_>) -> Result<Value, Denial>) -> Response {
    answer::<KeyVault>(call, |caller| {
        access::check_version(call)?;
        body(&Access::of(call, caller)?).map(|body| Json(body).into_response())
    })
    .await
}

async fn secret(call: Call) -> Response {
    respond(&call, |access| {
        let found = Found::of(&call, access, "secret")?;
        call.shared.state.counting.count(|counters| counters.vault_secrets += 1);
        Ok(bundle::secret(&found.location(&call), &found.version))
    })
    .await
}

async fn certificate(call: Call) -> Response {
    respond(&call, |access| {
        let found = Found::of(&call, access, "certificate")?;
        let certificate = found.certificate("certificate")?;
        call.shared.state.counting.count(|counters| counters.vault_certificates += 1);
        Ok(bundle::certificate(&found.location(&call), &found.version, certificate))
    })
    .await
}

async fn key(call: Call) -> Response {
    respond(&call, |access| {
        let found = Found::of(&call, access, "key")?;
        let certificate = found.certificate("key")?;
        Ok(bundle::key(&found.location(&call), &found.version, certificate))
    })
    .await
}

async fn sign(call: Call) -> Response {
    respond(&call, |access| {
        let found = Found::of(&call, access, "key")?;
        let certificate = found.certificate("key")?;
        let signature = sign::sign(certificate, call.now(), &found.location(&call), &call.body)?;
        call.shared.state.counting.count(|counters| counters.vault_signatures += 1);
        Ok(signature)
    })
    .await
}
