//! What the vault says of its objects.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::{
    azure::Call,
    vault::{Content, VaultCertificate, Version},
};

/// Where a version is.
pub(super) struct Location {
    pub(super) base: String,
    pub(super) name: String,
    pub(super) version: String,
}

impl Location {
    pub(super) fn of(&self, collection: &str) -> String {
        let Self { base, name, version } = self;
        format!("{base}/{collection}/{name}/{version}")
    }
}

pub(super) fn secret(location: &Location, version: &Version) -> Value {
    let mut bundle = json!({"id": location.of("secrets"), "attributes": attributes(version)});
    match &version.content {
        Content::Secret(secret) => {
            bundle["value"] = json!(secret.value);
            if let Some(content_type) = &secret.content_type {
                bundle["contentType"] = json!(content_type);
            }
        }
        Content::Certificate(certificate) => {
            bundle["value"] = json!(certificate.secret());
            bundle["contentType"] = json!(certificate.format().content_type());
            bundle["kid"] = json!(location.of("keys"));
            bundle["managed"] = json!(true);
        }
    }
    bundle
}

/// What the list says of a secret.
pub(super) fn item(call: &Call, name: &str, version: &Version) -> Value {
    let mut item = json!({"id": format!("{}/secrets/{name}", call.base), "attributes": attributes(version)});
    match &version.content {
        Content::Secret(secret) => {
            if let Some(content_type) = &secret.content_type {
                item["contentType"] = json!(content_type);
            }
        }
        Content::Certificate(certificate) => {
            item["contentType"] = json!(certificate.format().content_type());
            item["managed"] = json!(true);
        }
    }
    item
}

pub(super) fn certificate(location: &Location, version: &Version, certificate: &VaultCertificate) -> Value {
    let key = certificate.key();
    let Location { base, name, .. } = location;
    let (first, last) = key.validity;
    json!({
        "id": location.of("certificates"), "kid": location.of("keys"), "sid": location.of("secrets"),
        "x5t": key.kid, "cer": STANDARD.encode(key.certificate_der()), "attributes": attributes(version),
        "policy": {
            "id": format!("{base}/certificates/{name}/policy"),
            "key_props": {
                "exportable": certificate.is_exportable(), "kty": "RSA", "key_size": 2048, "reuse_key": false,
            },
            "secret_props": {"contentType": certificate.format().content_type()},
            "x509_props": {
                "subject": "CN=entra-emulator, for tests only", "validity_months": (last - first) / (30 * 24 * 3600),
            },
            "issuer": {"name": "Self"},
        },
    })
}

pub(super) fn key(location: &Location, version: &Version, certificate: &VaultCertificate) -> Value {
    let jwk = certificate.key().jwk();
    json!({
        "key": {
            "kid": location.of("keys"), "kty": "RSA", "n": jwk["n"], "e": jwk["e"],
            "key_ops": ["sign", "verify", "wrapKey", "unwrapKey", "encrypt", "decrypt"],
        },
        "attributes": attributes(version), "managed": true,
    })
}

pub(super) fn signature(location: &Location, signature: &[u8]) -> Value {
    json!({"kid": location.of("keys"), "value": URL_SAFE_NO_PAD.encode(signature)})
}

fn attributes(version: &Version) -> Value {
    let mut attributes = json!({
        "enabled": version.enabled, "created": version.created, "updated": version.created,
        "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90,
    });
    if let Content::Certificate(certificate) = &version.content {
        let (first, last) = certificate.key().validity;
        attributes["nbf"] = json!(first);
        attributes["exp"] = json!(last);
    }
    attributes
}
