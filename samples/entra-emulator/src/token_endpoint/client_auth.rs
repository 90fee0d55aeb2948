//! Client authentication: a secret by post or Basic, or an assertion signed by a registered certificate.
//!
//! Every form that real MSAL libraries send is accepted: `x5t` or `x5t#S256`, padded or not, `exp` as number, fraction or
//! string, and one assertion as often as it is presented until it expires.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use axum::http::header::AUTHORIZATION;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::Request;
use crate::{
    error::EntraError,
    tenant::{App, Platform, TENANT_DOMAIN, TENANT_ID},
    token::{Confidential, part},
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client that was authenticated as far as its platform asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client<'a> {
    pub(super) app: &'a App,
    pub(super) how: Confidential,
}

/// Authenticates the client of a request that uses a redirect URI's platform.
pub(super) fn by_platform<'a>(request: &'a Request<'_>, platform: Platform) -> Result<Client<'a>, EntraError> {
    let client = authenticate(request)?;
    let cross_origin = request.headers.contains_key("origin");
    match (platform, client.how) {
        (Platform::Web, Confidential::Public) => Err(EntraError::new(7_000_218)),
        (Platform::PublicClient | Platform::Spa, Confidential::Secret | Confidential::Certificate) => {
            Err(EntraError::new(700_025))
        }
        (Platform::Spa, _) if !cross_origin => Err(EntraError::new(9_002_327)),
        _ => Ok(client),
    }
}

/// Authenticates a client that must be confidential.
pub(super) fn confidential<'a>(request: &'a Request<'_>) -> Result<Client<'a>, EntraError> {
    let client = authenticate(request)?;
    if client.how == Confidential::Public { Err(EntraError::new(7_000_218)) } else { Ok(client) }
}

fn authenticate<'a>(request: &'a Request<'_>) -> Result<Client<'a>, EntraError> {
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
    let how = match (secret, form.get("client_assertion")) {
        (Some(_), Some(_)) => return Err(EntraError::new(9_002_313)),
        (Some(secret), None) => by_secret(request, app, secret)?,
        (None, Some(assertion)) => by_assertion(request, app, assertion)?,
        (None, None) => Confidential::Public,
    };
    Ok(Client { app, how })
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

fn by_secret(request: &Request<'_>, app: &App, secret: &str) -> Result<Confidential, EntraError> {
    if app.secrets.is_empty() && app.certificates.is_empty() {
        return Err(EntraError::new(700_025));
    }
    let now = request.shared.state.clock.now();
    match app.secrets.iter().find(|(known, _)| known == secret) {
        Some((_, Some(end))) if *end <= now => Err(EntraError::new(7_000_222)),
        Some(_) => Ok(Confidential::Secret),
        None => Err(EntraError::new(7_000_215)),
    }
}

fn by_assertion(request: &Request<'_>, app: &App, assertion: &str) -> Result<Confidential, EntraError> {
    if request.form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(EntraError::new(900_144));
    }
    let unknown = || EntraError::new(700_027);
    let header = part(assertion, 0).ok_or_else(unknown)?;
    let claims = part(assertion, 1).ok_or_else(unknown)?;
    let algorithm = match header["alg"].as_str() {
        Some("PS256") => Algorithm::PS256,
        Some("RS256") => Algorithm::RS256,
        _ => return Err(unknown()),
    };
    let certificate = app.certificates.iter().find(|pem| is_named(pem, &header)).ok_or_else(unknown)?;
    let key = DecodingKey::from_rsa_pem(certificate.as_bytes()).map_err(|_| unknown())?;
    let (message, signature) = assertion.rsplit_once('.').ok_or_else(unknown)?;
    let valid = jsonwebtoken::crypto::verify(signature.trim_end_matches('='), message.as_bytes(), &key, algorithm);
    if !valid.unwrap_or(false) {
        return Err(unknown());
    }
    let of_app = |name: &str| claims[name].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&app.client_id));
    if !of_app("iss") || !of_app("sub") {
        return Err(unknown());
    }
    check_audience(request, &claims["aud"])?;
    check_times(request.shared.state.clock.now(), &claims)?;
    Ok(Confidential::Certificate)
}

/// The audience is one string: a token endpoint or issuer of this tenant.
fn check_audience(request: &Request<'_>, audience: &Value) -> Result<(), EntraError> {
    let Some(audience) = audience.as_str() else { return Err(EntraError::new(5_002_741)) };
    let good = [TENANT_ID, TENANT_DOMAIN].iter().any(|tenant| {
        let root = format!("{}/{tenant}", request.base);
        [format!("{root}/oauth2/v2.0/token"), format!("{root}/v2.0"), format!("{root}/oauth2/token")]
            .iter()
            .any(|one| one == audience)
    });
    if good { Ok(()) } else { Err(EntraError::new(700_027)) }
}

fn check_times(now: i64, claims: &Value) -> Result<(), EntraError> {
    const SKEW: i64 = 300;
    let expires = seconds(&claims["exp"]).ok_or_else(|| EntraError::new(700_024))?;
    let starts = seconds(&claims["nbf"]).unwrap_or(now);
    if now >= expires + SKEW || now + SKEW < starts { Err(EntraError::new(700_024)) } else { Ok(()) }
}

/// Reads a date as some libraries write it: whole, with a fraction, or as a string.
#[allow(clippy::cast_possible_truncation, reason = "a date in seconds is far from the ends of i64")]
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|time| time as i64)).or_else(|| value.as_str()?.parse().ok())
}

/// Tells whether the header names this certificate by either thumbprint.
fn is_named(pem: &str, header: &Value) -> bool {
    let Some(der) = der(pem) else { return false };
    let is = |name: &str, hash: &[u8]| {
        header[name].as_str().is_some_and(|given| given.trim_end_matches('=') == URL_SAFE_NO_PAD.encode(hash))
    };
    is("x5t#S256", digest(&SHA256, &der).as_ref()) || is("x5t", digest(&SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref())
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body.trim()).ok()
}
