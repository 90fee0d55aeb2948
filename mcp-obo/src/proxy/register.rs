//! `POST /register`: dynamic client registration (RFC 7591).
//!
//! Whoever asks may register, so a registration proves nothing, and costs this server nothing: all of it goes back to the client
//! in its id. The other members of a request are ignored, as section 2 wants it.

use http::StatusCode;
use mcp_auth_layer::clock::UnixTime;
use serde_json::json;

use super::{
    client::{Asked, Clients, Method, derived_secret, read_registration},
    error::{OAuthCode, OAuthError},
    respond::{self, Answer},
};

/// Real requests have some 600 bytes.
pub(super) const MAX_BODY: usize = 16 << 10;

/// Answers a registration.
pub(super) fn register(clients: &Clients, body: &[u8], now: UnixTime) -> Answer {
    answer(clients, body, now).unwrap_or_else(|error| {
        error.log();
        respond::error(&error)
    })
}

fn answer(clients: &Clients, body: &[u8], now: UnixTime) -> Result<Answer, OAuthError> {
    let registration = read_registration(read(body)?, &clients.allowlist, now)?;
    let id = registration.seal(&clients.ring)?;
    // The one place where its name and what stands for it elsewhere in the log are known together.
    tracing::info!(
        target: "mcp_obo::proxy", client = %clients.digest_of(&id), name = registration.name.as_deref(), "a client registers"
    );
    let mut answer = json!({
        "client_id": id,
        "client_id_issued_at": registration.issued,
        "redirect_uris": registration.redirects,
        "token_endpoint_auth_method": registration.method,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    });
    if let Some(name) = &registration.name {
        answer["client_name"] = json!(name);
    }
    if registration.method != Method::None {
        answer["client_secret"] = json!(*derived_secret(&clients.ring, &id));
        answer["client_secret_expires_at"] = json!(0);
    }
    Ok(respond::json(StatusCode::CREATED, &answer))
}

fn read(body: &[u8]) -> Result<Asked, OAuthError> {
    let refuse = |description| OAuthError::new(OAuthCode::InvalidClientMetadata, description);
    if body.len() > MAX_BODY {
        return Err(refuse("the request is too long"));
    }
    // The parser's error would quote what was sent.
    serde_json::from_slice(body).map_err(|_| refuse("the request is not the JSON of a registration"))
}

#[cfg(test)]
mod tests;
