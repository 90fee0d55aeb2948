//! Reads a JWK set (RFC 7517) one key at a time, so that an odd key harms only itself.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk, KeyOperations, OctetKeyPairParameters,
    PublicKeyUse, RSAKeyParameters,
};
use serde::Deserialize;
use serde_json::Value;

use super::{VerifyingKey, roca, small_order};
use crate::{
    algorithm::{Algorithm, Algorithms, Kind},
    present::present,
};

/// What only private keys have (RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2): with any one of these everybody who reads
/// the document can sign.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// The usable keys of a set, by `kid`.
pub(super) type Keys = HashMap<Box<str>, Arc<VerifyingKey>>;

/// More keys than any issuer publishes; a larger set is somebody's mistake.
const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// One entry: jsonwebtoken reads the standard members; Entra's `issuer` stands beside them, and `alg` is read here because
/// only here all its values are known.
#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "present")]
    issuer: Option<String>,
    #[serde(default, deserialize_with = "present")]
    alg: Option<String>,
    #[serde(flatten)]
    jwk: Jwk,
}

/// Reads a set; `None` when it is not one, or has no usable key.
pub(super) fn read(document: &[u8], allowed: Algorithms) -> Option<Keys> {
    let document: Document = serde_json::from_slice(document).ok()?;
    if document.keys.len() > MAX_KEYS {
        return None;
    }
    let mut keys = Keys::new();
    let mut repeated = Vec::new();
    for value in document.keys {
        let Some((Some(kid), key)) = read_one(value, allowed) else { continue };
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

/// Reads one signing key, with its name if it has one; anything else (`oct` above all) is not a key for us.
pub(super) fn read_one(value: Value, allowed: Algorithms) -> Option<(Option<Box<str>>, VerifyingKey)> {
    if PRIVATE.iter().any(|member| value.get(member).is_some()) {
        tracing::warn!(
            "a key set holds a private key, which is not used: everybody who reads the set can sign with it"
        );
        return None;
    }
    let Entry { issuer, alg, jwk } = serde_json::from_value(value).ok()?;
    let for_signing = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let for_verifying = jwk.common.key_operations.as_ref().is_none_or(|ops| ops.contains(&KeyOperations::Verify));
    let kid = jwk.common.key_id.as_deref();
    if !for_signing || !for_verifying || kid == Some("") {
        return None;
    }
    // Entra's keys have no `alg`; a key that has one keeps its word.
    let meant = |algorithm: &Algorithm| alg.as_deref().is_none_or(|alg| alg == algorithm.name());
    let parse = parser(&jwk.algorithm)?;
    let forms: Vec<_> =
        allowed.iter().filter(meant).filter_map(|algorithm| Some((algorithm, parse(algorithm)?))).collect();
    (!forms.is_empty()).then(|| (kid.map(Into::into), VerifyingKey::new(forms, issuer.as_deref())))
}

type Parser = Box<dyn Fn(Algorithm) -> Option<ParsedPublicKey>>;

/// Returns what makes the key's form for an algorithm; nothing for keys that sign nothing.
fn parser(parameters: &AlgorithmParameters) -> Option<Parser> {
    match parameters {
        AlgorithmParameters::RSA(rsa) => of_rsa(rsa),
        AlgorithmParameters::EllipticCurve(point) => of_point(point),
        AlgorithmParameters::OctetKeyPair(pair) => of_pair(pair),
        _ => None,
    }
}

fn of_rsa(RSAKeyParameters { n, e, .. }: &RSAKeyParameters) -> Option<Parser> {
    let (n, e) = (number(n)?, number(e)?);
    // The library checks the size at each verification; a key of the wrong size is better not in the set at all.
    let spare = n.first()?.leading_zeros() as usize;
    if !(2_048..=8_192).contains(&(n.len() * 8 - spare)) {
        return None;
    }
    // An exponent of 1 makes every padded message its own signature, and the library takes it (RFC 8017 section 3.1).
    if n.last()? % 2 == 0 || e.last()? % 2 == 0 || e == [1] || roca::has_fingerprint(&n) {
        return None;
    }
    Some(Box::new(move |algorithm| match algorithm.kind() {
        Kind::Rsa(parameters) => RsaPublicKeyComponents { n: &n, e: &e }.to_parsed_public_key(parameters).ok(),
        Kind::Curve(_) => None,
    }))
}

/// RFC 7518 section 6.2.1: the coordinates have the field's full size.
fn of_point(EllipticCurveKeyParameters { curve, x, y, .. }: &EllipticCurveKeyParameters) -> Option<Parser> {
    let (meant, size) = match curve {
        EllipticCurve::P256 => (Algorithm::Es256, 32),
        EllipticCurve::P384 => (Algorithm::Es384, 48),
        EllipticCurve::P521 => (Algorithm::Es512, 66),
        _ => return None,
    };
    let (x, y) = (decode(x)?, decode(y)?);
    let point = [&[4], &*x, &*y].concat(); // uncompressed (SEC 1 section 2.3.3)
    (x.len() == size && y.len() == size).then(|| on_curve(meant, point))
}

/// RFC 8037 section 2.
fn of_pair(OctetKeyPairParameters { curve, x, .. }: &OctetKeyPairParameters) -> Option<Parser> {
    let x = decode(x)?;
    let sound = *curve == EllipticCurve::Ed25519 && x.len() == 32 && !small_order::is_of_small_order(&x);
    sound.then(|| on_curve(Algorithm::EdDsa, x))
}

fn on_curve(meant: Algorithm, bytes: Vec<u8>) -> Parser {
    Box::new(move |algorithm| match algorithm.kind() {
        Kind::Curve(parameters) if algorithm == meant => ParsedPublicKey::new(parameters, &bytes).ok(),
        Kind::Curve(_) | Kind::Rsa(_) => None,
    })
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes a big-endian number, without the leading zeros that some issuers write.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = decode(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::key::SigningKey as TestKey;
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
            with("private half", "d", json!("AQAB")), with("private half, odd", "d", Value::Null),
            with("", "use", json!("sig")), with("chain", "x5c", json!("not a list")),
            TestKey::shared().jwk("twice"), TestKey::shared().jwk("twice"), good,
            with("verify", "key_ops", json!(["verify"])), with("rs256", "alg", json!("RS256")),
        ]});
        let keys = read(document.to_string().as_bytes(), Algorithms::RS256).unwrap();
        let mut names: Vec<_> = keys.keys().map(|kid| &**kid).collect();
        names.sort_unstable();
        assert_eq!(names, ["good", "rs256", "verify"]);
    }

    #[test]
    fn a_set_has_a_hundred_keys_at_most() {
        for (count, readable) in [(100, true), (101, false)] {
            let keys: Vec<_> = (0..count).map(|number| TestKey::shared().jwk(&number.to_string())).collect();
            assert_eq!(
                read(json!({"keys": keys}).to_string().as_bytes(), Algorithms::RS256).is_some(),
                readable,
                "{count}"
            );
        }
    }

    #[test]
    fn a_set_without_a_usable_key_is_no_set() {
        for document in ["", "{}", "<html>", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[{"kty":"RSA"}]}"#] {
            assert!(read(document.as_bytes(), Algorithms::RS256).is_none(), "{document}");
        }
    }
}
