//! The keys by which callers' tokens are judged.

use base64::prelude::*;
use http::StatusCode;
use mcp_auth_layer::{keys::Readiness, verify::Verifier};
use serde_json::Value;
use x509_cert::{Certificate, der::Decode};

use super::{
    super::{
        check::{Check, Finding},
        patient::Service,
    },
    discovery,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "keys";

const DAY: u64 = 86_400;

pub(in super::super) async fn check(service: &Service, verifier: &Verifier, jwks_uri: &str) -> Check {
    let answer = match discovery::get(service.app.http(), jwks_uri).await {
        Ok(answer) => answer,
        Err(error) => return discovery::unreachable(ID, "the tenant's key set", &error),
    };
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let keys = body["keys"].as_array().map_or(&[][..], Vec::as_slice);
    // Not what we count, but what the server takes.
    let mut readiness = verifier.warm().await;
    if readiness != Readiness::Ready {
        // A slow answer is on its way, and this waits for the same.
        readiness = verifier.warm().await;
    }
    if answer.status() != StatusCode::OK || keys.is_empty() || readiness != Readiness::Ready {
        let finding = Finding::new(
            "Without the tenant's keys no caller's token can be judged, so that every call is refused.",
            "Check AZURE_AUTHORITY_HOST, and what a proxy makes of the answer.",
            Who::Operator,
            &["jwks", readiness.as_str()],
        );
        let seen = format!("{} keys with status {}, {}", keys.len(), answer.status().as_u16(), readiness.as_str());
        return Check::fail(ID, seen, finding);
    }
    let now = service.app.clock().now().as_secs();
    let ages: Vec<u64> = keys.iter().filter_map(begun).map(|begun| now.saturating_sub(begun) / DAY).collect();
    let ages = match (ages.iter().min(), ages.iter().max()) {
        (Some(youngest), Some(oldest)) => format!("certificates {youngest} to {oldest} days old"),
        _ => "without certificates, so that their age is not known".to_owned(),
    };
    Check::ok(ID, format!("{} keys, {ages}", keys.len()))
}

/// When the certificate of a key begins.
fn begun(key: &Value) -> Option<u64> {
    let der = BASE64_STANDARD.decode(key["x5c"][0].as_str()?).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    Some(certificate.tbs_certificate().validity().not_before.to_unix_duration().as_secs())
}
