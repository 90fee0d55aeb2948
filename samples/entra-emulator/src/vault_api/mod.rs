//! Key Vault's REST interface, as far as reading secrets and certificates and signing needs it.
//!
//! The vault is the emulator's own root: its name would be a host of its own at Azure.

mod access;
mod bundle;
mod error;
mod sign;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequestParts, Path, Query},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL, request::Parts};
use serde_json::Value;
use uuid::Uuid;

use self::{bundle::Location, error::VaultRefusal};
use crate::{
    broken,
    shared::{Base, Shared},
    vault::{Content, VaultCertificate, Version},
};

pub(crate) fn routes() -> Router<Shared> {
    // A client that wants the current version leaves its place empty, with the slash before it or without.
    Router::new()
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

type Names = BTreeMap<String, String>;

/// One request: what it names, and how it came.
struct Request {
    shared: Shared,
    base: Base,
    headers: HeaderMap,
    names: Names,
    query: Names,
}

impl FromRequestParts<Shared> for Request {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        let base = Base::from_request_parts(parts, shared).await.map_err(IntoResponse::into_response)?;
        let Path(names) = Path::from_request_parts(parts, shared).await.map_err(IntoResponse::into_response)?;
        let Query(query) = Query::from_request_parts(parts, shared).await.map_err(IntoResponse::into_response)?;
        Ok(Self { shared: shared.clone(), base, headers: parts.headers.clone(), names, query })
    }
}

impl Request {
    fn name(&self) -> &str {
        self.names.get("name").map_or("", String::as_str)
    }

    /// Finds what is named, of the caller whom it lets in; `kind` is the noun of Key Vault's messages.
    async fn find(&self, kind: &'static str) -> Result<Version, VaultRefusal> {
        access::check(self).await?;
        let name = self.name();
        if name.is_empty() || name.len() > 127 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(VaultRefusal::bad_parameter("The request URI contains an invalid name."));
        }
        let version = self.names.get("version").filter(|id| !id.is_empty());
        let found = self.shared.state.vault.find(name, version.map(String::as_str));
        let found = found.ok_or_else(|| VaultRefusal::not_found(kind, name))?;
        if found.enabled || kind == "certificate" { Ok(found) } else { Err(VaultRefusal::disabled(kind)) }
    }

    fn location(&self, version: &Version) -> Location {
        Location { base: self.base.to_string(), name: self.name().to_ascii_lowercase(), version: version.id.clone() }
    }
}

/// Answers a request, or says in Key Vault's form why not.
fn respond(answer: Result<Value, VaultRefusal>) -> Response {
    let mut response = match answer {
        Ok(body) => Json(body).into_response(),
        Err(VaultRefusal::Fault(fault)) => {
            broken::answer(&fault, r#"{"value":"-----BEG"#).unwrap_or_else(|| VaultRefusal::of_fault(&fault).respond())
        }
        Err(refusal) => refusal.respond(),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(id) = HeaderValue::try_from(Uuid::new_v4().to_string()) {
        headers.insert("x-ms-request-id", id);
    }
    response
}

/// The certificate behind a name; one that is only a secret is none.
fn certificate_of<'a>(
    request: &Request,
    version: &'a Version,
    kind: &'static str,
) -> Result<&'a VaultCertificate, VaultRefusal> {
    match &version.content {
        Content::Certificate(certificate) => Ok(certificate),
        Content::Secret(_) => Err(VaultRefusal::not_found(kind, request.name())),
    }
}

async fn secret(request: Request) -> Response {
    let answer = request.find("secret").await.map(|version| {
        request.shared.state.counting.count(|counters| counters.vault_secrets += 1);
        bundle::secret(&request.location(&version), &version)
    });
    respond(answer)
}

async fn certificate(request: Request) -> Response {
    let answer = request.find("certificate").await.and_then(|version| {
        let certificate = certificate_of(&request, &version, "certificate")?;
        request.shared.state.counting.count(|counters| counters.vault_certificates += 1);
        Ok(bundle::certificate(&request.location(&version), &version, certificate))
    });
    respond(answer)
}

async fn key(request: Request) -> Response {
    let answer = request.find("key").await.and_then(|version| {
        let certificate = certificate_of(&request, &version, "key")?;
        Ok(bundle::key(&request.location(&version), &version, certificate))
    });
    respond(answer)
}

async fn sign(request: Request, body: Bytes) -> Response {
    let answer = request.find("key").await.and_then(|version| {
        let certificate = certificate_of(&request, &version, "key")?;
        let now = request.shared.state.clock.now();
        let signature = sign::sign(certificate, now, &request.location(&version), &body)?;
        request.shared.state.counting.count(|counters| counters.vault_signatures += 1);
        Ok(signature)
    });
    respond(answer)
}
