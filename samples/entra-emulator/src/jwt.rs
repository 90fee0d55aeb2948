//! Compact JWTs (RFC 7515): taking them apart, putting them together, checking who signed.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{key::SigningKey, signing::KeyRing};

/// A JWT whose parts could be read; nothing is checked yet.
#[derive(Debug)]
pub(crate) struct Jwt<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    text: &'a str,
}

impl<'a> Jwt<'a> {
    /// Takes a token apart; none when it is no JWT of three parts.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, claims, _) = (part(parts.next()?)?, part(parts.next()?)?, parts.next()?);
        parts.next().is_none().then_some(Self { header, claims, text })
    }

    /// Returns a claim that is a string; an absent one is empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_default()
    }

    /// Tells whether this is one of Graph's own tokens.
    pub(crate) fn has_nonce(&self) -> bool {
        self.header["nonce"].is_string()
    }

    /// Tells whether a key of the tenant signed it, in the ordinary way or in Graph's.
    pub(crate) fn is_signed_by(&self, keys: &KeyRing) -> bool {
        let kid = self.header["kid"].as_str().unwrap_or_default();
        self.header["alg"] == "RS256"
            && keys.have_signed(self.text, kid, |key| self.verifies(&key.decoding, Algorithm::RS256))
    }

    /// Checks the signature with one key.
    pub(crate) fn verifies(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        let Some((message, signature)) = self.text.rsplit_once('.') else { return false };
        let message = match self.header["nonce"].as_str() {
            Some(nonce) => graph_message(message, nonce),
            None => Some(message.to_owned()),
        };
        let signature = signature.trim_end_matches('=');
        message.is_some_and(|message| {
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm).unwrap_or(false)
        })
    }
}

/// Writes and signs a token.
pub(crate) fn compact(header: &Value, claims: &Map<String, Value>, sign: impl FnOnce(&str) -> String) -> String {
    let message = format!("{}.{}", encode(header), encode(&Value::Object(claims.clone())));
    let signature = sign(&message);
    format!("{message}.{signature}")
}

/// Signs claims with the live key.
pub(crate) fn sign(keys: &KeyRing, claims: &Map<String, Value>) -> String {
    sign_by(&keys.live(), claims)
}

/// Signs claims with a key.
pub(crate) fn sign_by(key: &SigningKey, claims: &Map<String, Value>) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "x5t": key.kid, "kid": key.kid});
    compact(&header, claims, |message| key.sign(message))
}

/// Signs as for Graph: a `nonce` in the header, of which the signature covers the hash.
///
/// Whoever verifies such a token the ordinary way fails, as with the real ones: it is Graph's business alone.
pub(crate) fn sign_for_graph(keys: &KeyRing, claims: &Map<String, Value>) -> String {
    let key = keys.live();
    let nonce = URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes());
    let header = json!({"typ": "JWT", "nonce": nonce, "alg": "RS256", "x5t": key.kid, "kid": key.kid});
    compact(&header, claims, |message| key.sign(&graph_message(message, &nonce).unwrap_or_default()))
}

/// The bytes that a Graph token's signature covers: its header with the nonce replaced by its SHA-256.
///
/// The other bytes of the header stay as they are, so that whoever checks needs no opinion on how JSON is written.
fn graph_message(message: &str, nonce: &str) -> Option<String> {
    let (header, claims) = message.split_once('.')?;
    let written = String::from_utf8(URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, nonce.as_bytes()));
    Some(format!("{}.{claims}", URL_SAFE_NO_PAD.encode(written.replacen(nonce, &hash, 1))))
}

/// Writes JSON as base64url, as in a JWT's parts and in `client_info`.
pub(crate) fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn part(text: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
