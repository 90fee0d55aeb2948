//! Client authentication: a secret by post or Basic, or an assertion signed by a registered certificate.
//!
//! Every form that real MSAL libraries send is accepted: `x5t` or `x5t#S256`, padded or not, `exp` as number, fraction or
//! string, and one assertion as often as it is presented until it expires.

mod assertion;
mod subject;
mod workload;

use axum::http::header::{AUTHORIZATION, ORIGIN};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Failure, Request, apply};
use crate::{
    error::EntraError,
    place::Place,
    tenant::{App, Platform},
    token::Confidential,
};

/// A client that was authenticated as far as its platform asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client<'a> {
    pub(super) app: &'a App,
    pub(super) how: Confidential,
}

impl Client<'_> {
    /// Checks that the client authenticated as the platform of its redirect URI wants it.
    pub(super) fn check_platform(&self, request: &Request<'_>, platform: Platform) -> Result<(), EntraError> {
        let cross_origin = request.headers.contains_key(ORIGIN);
        match (platform, self.how) {
            (Platform::Web, Confidential::Public) => Err(EntraError::new(7_000_218)),
            (Platform::PublicClient | Platform::Spa, Confidential::Secret | Confidential::Certificate) => {
                Err(EntraError::new(700_025))
            }
            (Platform::Spa, _) if !cross_origin => Err(EntraError::new(9_002_327)),
            (Platform::Web | Platform::PublicClient, _) if cross_origin => Err(EntraError::new(9_002_326)),
            _ => Ok(()),
        }
    }
}

/// Authenticates a client that must be confidential.
pub(super) async fn confidential<'a>(request: &'a Request<'_>) -> Result<Client<'a>, Failure> {
    let client = authenticate(request).await?;
    if client.how == Confidential::Public { Err(EntraError::new(7_000_218).into()) } else { Ok(client) }
}

/// Judges the credential that a request presents; presenting none is the public client's way.
pub(super) async fn authenticate<'a>(request: &'a Request<'_>) -> Result<Client<'a>, Failure> {
    let (app, place) = judge(request)?;
    let Some(place) = place else { return Ok(Client { app, how: Confidential::Public }) };
    request.shared.state.counting.count(|counters| counters.authenticated(place));
    apply(request, place, &app.client_id).await?;
    let how = if place == Place::ClientSecret { Confidential::Secret } else { Confidential::Certificate };
    Ok(Client { app, how })
}

/// Finds the client, and the kind of its credential when that is good.
fn judge<'a>(request: &'a Request<'_>) -> Result<(&'a App, Option<Place>), EntraError> {
    let basic = basic(request)?;
    let form = request.form;
    let client_id = match (&basic, form.get("client_id")) {
        (Some((id, _)), Some(other)) if id != other => return Err(EntraError::new(9_002_313)),
        (Some((id, _)), _) => id.as_str(),
        (None, Some(id)) => id,
        (None, None) => return Err(EntraError::new(900_144)),
    };
    let app = request.shared.state.app(client_id).ok_or_else(|| EntraError::new(700_016))?;
    let secret = basic.as_ref().map(|(_, secret)| secret.as_str()).or_else(|| form.get("client_secret"));
    let place = match (secret, form.get("client_assertion")) {
        (Some(_), Some(_)) => return Err(EntraError::new(9_002_313)),
        (Some(secret), None) => Some(by_secret(request, app, secret)?),
        (None, Some(assertion)) => Some(assertion::check(request, app, assertion)?),
        (None, None) => None,
    };
    Ok((app, place))
}

/// Reads `Authorization: Basic`, both parts form-encoded (RFC 6749 section 2.3.1).
fn basic(request: &Request<'_>) -> Result<Option<(String, String)>, EntraError> {
    let Some(value) = request.headers.get(AUTHORIZATION) else { return Ok(None) };
    let malformed = || EntraError::new(9_002_313);
    let text = value.to_str().ok().and_then(|text| text.strip_prefix("Basic ")).ok_or_else(malformed)?;
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(malformed)?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let decode =
        |part: &str| percent_encoding::percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    Ok(Some((decode(id), decode(secret))).filter(|(_, secret)| !secret.is_empty()))
}

fn by_secret(request: &Request<'_>, app: &App, secret: &str) -> Result<Place, EntraError> {
    if app.is_public() {
        return Err(EntraError::new(700_025));
    }
    let now = request.shared.state.clock.now();
    match app.secrets.iter().find(|(known, _)| known == secret) {
        Some((_, Some(end))) if *end <= now => Err(EntraError::new(7_000_222)),
        Some(_) => Ok(Place::ClientSecret),
        None => Err(EntraError::new(7_000_215)),
    }
}
