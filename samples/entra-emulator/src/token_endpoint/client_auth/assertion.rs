//! Client assertions (RFC 7523 section 2.2): signed by a registered certificate, or by a trusted workload's issuer.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::{super::Request, subject, workload};
use crate::{
    error::EntraError,
    jwt::Jwt,
    pem,
    place::Place,
    tenant::{App, TENANT_DOMAIN, TENANT_ID},
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Checks an assertion and tells its kind; whether the app itself issued it decides that.
pub(super) fn check(request: &Request<'_>, app: &App, assertion: &str) -> Result<Place, EntraError> {
    if request.form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(EntraError::new(900_144));
    }
    if app.is_public() {
        return Err(EntraError::new(700_025));
    }
    let token = Jwt::read(assertion).ok_or_else(|| EntraError::new(700_027))?;
    let state = &request.shared.state;
    let place = if token.text("iss").eq_ignore_ascii_case(&app.client_id) {
        by_certificate(request, app, &token)?;
        Place::ClientCertificate
    } else {
        workload::check(state, app, &token)?;
        Place::FederatedToken
    };
    check_times(state.clock.now(), &token.claims)?;
    Ok(place)
}

fn by_certificate(request: &Request<'_>, app: &App, token: &Jwt<'_>) -> Result<(), EntraError> {
    let unknown = || EntraError::new(700_027);
    let algorithm = match token.header["alg"].as_str() {
        Some("PS256") => Algorithm::PS256,
        Some("RS256") => Algorithm::RS256,
        _ => return Err(unknown()),
    };
    let mut trusted = request.shared.state.certificates(app);
    trusted.extend(subject::certificate(app, &token.header));
    let certificate = trusted.iter().find(|pem| is_named(pem, &token.header)).ok_or_else(unknown)?;
    let key = DecodingKey::from_rsa_pem(certificate.as_bytes()).map_err(|_| unknown())?;
    if !token.verifies(&key, algorithm) {
        return Err(unknown());
    }
    if !token.text("sub").eq_ignore_ascii_case(&app.client_id) {
        return Err(EntraError::new(700_021));
    }
    check_audience(request, &token.claims["aud"])
}

/// The audience is one string: a token endpoint or issuer of this tenant, at the host that was called.
fn check_audience(request: &Request<'_>, audience: &Value) -> Result<(), EntraError> {
    let Some(audience) = audience.as_str() else { return Err(EntraError::new(5_002_741)) };
    let bases = request.base.names();
    let of_tenant = [TENANT_ID, TENANT_DOMAIN];
    let good = bases
        .iter()
        .flat_map(|base| of_tenant.map(|tenant| format!("{base}/{tenant}/")))
        .any(|start| matches!(audience.strip_prefix(&start), Some("oauth2/v2.0/token" | "oauth2/token" | "v2.0")));
    if good { Ok(()) } else { Err(EntraError::new(700_023)) }
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

/// Tells whether the header names this certificate by either thumbprint, in either base64 alphabet.
fn is_named(certificate: &str, header: &Value) -> bool {
    let Some(der) = pem::read("CERTIFICATE", certificate) else { return false };
    let is = |name: &str, hash: &[u8]| {
        let given = header[name].as_str().map(|text| text.trim_end_matches('=').replace('+', "-").replace('/', "_"));
        given.is_some_and(|given| given == URL_SAFE_NO_PAD.encode(hash))
    };
    is("x5t#S256", digest(&SHA256, &der).as_ref()) || is("x5t", digest(&SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref())
}
