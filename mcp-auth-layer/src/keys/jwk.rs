//! Reads a JWK set (RFC 7517) one key at a time, so that an odd key harms only itself.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

use super::{KeyIssuer, VerifyingKey};
use crate::present::present;

/// The usable keys of a set, by `kid`.
pub(super) type Keys = HashMap<Box<str>, Arc<VerifyingKey>>;

/// More keys than any issuer publishes; a larger set is somebody's mistake.
const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// One entry: jsonwebtoken reads the standard members, Entra's `issuer` stands beside them.
#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "present")]
    issuer: Option<String>,
    #[serde(flatten)]
    jwk: Jwk,
}

/// Reads a set; `None` when it is not one, or has no usable key.
pub(super) fn read(document: &[u8]) -> Option<Keys> {
    let document: Document = serde_json::from_slice(document).ok()?;
    if document.keys.len() > MAX_KEYS {
        return None;
    }
    let mut keys = Keys::new();
    let mut repeated = Vec::new();
    for value in document.keys {
        let Some((kid, key)) = read_one(value) else { continue };
        if keys.insert(kid.clone(), Arc::new(key)).is_some() {
            repeated.push(kid);
        }
    }
    // Which of two keys with one name is meant cannot be known, so neither is.
    for kid in repeated {
        keys.remove(&kid);
    }
    (!keys.is_empty()).then_some(keys)
}

/// Reads one RSA signing key; anything else (`oct` above all) is not a key for us.
fn read_one(value: Value) -> Option<(Box<str>, VerifyingKey)> {
    let Entry { issuer, jwk } = serde_json::from_value(value).ok()?;
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return None };
    let for_signing = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let for_verifying = jwk.common.key_operations.as_ref().is_none_or(|ops| ops.contains(&KeyOperations::Verify));
    // Entra's keys have no `alg`; a key that has one keeps its word.
    let for_rs256 = matches!(jwk.common.key_algorithm, None | Some(KeyAlgorithm::RS256));
    if !(for_signing && for_verifying && for_rs256) {
        return None;
    }
    let kid = jwk.common.key_id.as_deref().filter(|kid| !kid.is_empty())?;
    let issuer = issuer.map_or(KeyIssuer::Unrestricted, |issuer| KeyIssuer::Named(issuer.into()));
    let (n, e) = (decode(&rsa.n)?, decode(&rsa.e)?);
    Some((kid.into(), rsa_key(&n, &e, issuer)?))
}

fn rsa_key(n: &[u8], e: &[u8], issuer: KeyIssuer) -> Option<VerifyingKey> {
    // The library checks the size at each verification; a key of the wrong size is better not in the set at all.
    let spare = n.first()?.leading_zeros() as usize;
    if !(2_048..=8_192).contains(&(n.len() * 8 - spare)) {
        return None;
    }
    // An exponent of 1 makes every padded message its own signature, and the library takes it (RFC 8017 section 3.1).
    if n.last()? % 2 == 0 || e.last()? % 2 == 0 || e == [1] {
        return None;
    }
    let components = RsaPublicKeyComponents { n, e };
    let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
    Some(VerifyingKey { key, issuer })
}

/// Decodes a big-endian number, without the leading zeros that some issuers write.
fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkey::TestKey;
    use serde_json::json;

    /// A modulus of 256 bytes that starts with this one.
    fn with_top_byte(top: u8) -> Vec<u8> {
        let mut modulus = vec![0xff; 256];
        modulus[0] = top;
        modulus
    }

    #[test]
    fn odd_keys_harm_only_themselves() {
        let good = TestKey::shared().jwk("good");
        let with = |kid: &str, name: &str, value: Value| {
            let mut jwk = TestKey::shared().jwk(kid);
            jwk[name] = value;
            jwk
        };
        let document = json!({"keys": [
            {"kty": 7}, 5, {"kty": "martian", "kid": "a"}, {"kty": "oct", "kid": "b", "k": "c2VjcmV0"},
            with("enc", "use", json!("enc")), with("ops", "key_ops", json!(["encrypt"])), with("alg", "alg", json!("PS256")),
            with("no issuer named", "issuer", Value::Null), with("e is one", "e", json!("AQ")), with("e is even", "e", json!("Ag")),
            with("e is zero", "e", json!("AA")), with("n is even", "n", json!(URL_SAFE_NO_PAD.encode([0xfe; 256]))),
            with("8200 bits", "n", json!(URL_SAFE_NO_PAD.encode([0xff; 1_025]))),
            with("short behind zeros", "n", json!(URL_SAFE_NO_PAD.encode([[0; 200].as_slice(), &[0xff; 128]].concat()))),
            with("2041 bits", "n", json!(URL_SAFE_NO_PAD.encode(with_top_byte(0x01)))),
            with("2047 bits", "n", json!(URL_SAFE_NO_PAD.encode(with_top_byte(0x7f)))),
            with("short", "n", json!(URL_SAFE_NO_PAD.encode([0xff; 128]))), with("bad", "n", json!("***")),
            with("", "use", json!("sig")), with("chain", "x5c", json!("not a list")),
            TestKey::shared().jwk("twice"), TestKey::shared().jwk("twice"), good,
            with("verify", "key_ops", json!(["verify"])), with("rs256", "alg", json!("RS256")),
        ]});
        let keys = read(document.to_string().as_bytes()).unwrap();
        let mut names: Vec<_> = keys.keys().map(|kid| &**kid).collect();
        names.sort_unstable();
        assert_eq!(names, ["good", "rs256", "verify"]);
    }

    #[test]
    fn a_set_has_a_hundred_keys_at_most() {
        for (count, readable) in [(100, true), (101, false)] {
            let keys: Vec<_> = (0..count).map(|number| TestKey::shared().jwk(&number.to_string())).collect();
            assert_eq!(read(json!({"keys": keys}).to_string().as_bytes()).is_some(), readable, "{count}");
        }
    }

    #[test]
    fn a_set_without_a_usable_key_is_no_set() {
        for document in ["", "{}", "<html>", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[{"kty":"RSA"}]}"#] {
            assert!(read(document.as_bytes()).is_none(), "{document}");
        }
    }
}
