//! Keys that sign texts of any content, one kind for each algorithm.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A key and the algorithm that it signs by.
pub(crate) struct Signer {
    alg: &'static str,
    key: Key,
}

enum Key {
    Rsa(&'static dyn RsaEncoding, &'static rsa::KeyPair),
    Ecdsa(&'static str, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// Makes one of each algorithm; those of RSA share a key, so that only the algorithm tells them apart.
    pub(crate) fn all() -> Vec<Self> {
        let mut all: Vec<_> = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(Self::rsa).into();
        all.push(Self::es256());
        all.push(Self::ecdsa("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING));
        all.push(Self::ecdsa("ES512", "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING));
        all.push(Self { alg: "EdDSA", key: Key::Ed25519(Ed25519KeyPair::generate().unwrap()) });
        all
    }

    pub(crate) fn rsa(alg: &'static str) -> Self {
        static KEY: std::sync::OnceLock<rsa::KeyPair> = std::sync::OnceLock::new();
        let encoding: &'static dyn RsaEncoding = match alg {
            "RS256" => &RSA_PKCS1_SHA256,
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            "PS512" => &RSA_PSS_SHA512,
            other => panic!("{other} is not an algorithm of RSA"),
        };
        Self { alg, key: Key::Rsa(encoding, KEY.get_or_init(|| rsa::KeyPair::generate(KeySize::Rsa2048).unwrap())) }
    }

    pub(crate) fn es256() -> Self {
        Self::ecdsa("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    fn ecdsa(alg: &'static str, curve: &'static str, parameters: &'static EcdsaSigningAlgorithm) -> Self {
        Self { alg, key: Key::Ecdsa(curve, EcdsaKeyPair::generate(parameters).unwrap()) }
    }

    pub(crate) fn alg(&self) -> &'static str {
        self.alg
    }

    /// Returns the public half; it does not say what algorithm it is for.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.key {
            Key::Rsa(_, key) => {
                let public = key.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                json!({"kty": "RSA", "kid": kid, "n": n, "e": e})
            }
            Key::Ecdsa(curve, key) => {
                // Uncompressed: one byte, then both coordinates.
                let (x, y) = key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
                json!({"kty": "EC", "kid": kid, "crv": curve, "x": encode(x), "y": encode(y)})
            }
            Key::Ed25519(key) => {
                json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": encode(key.public_key().as_ref())})
            }
        }
    }

    /// Signs by this key's algorithm, whatever the header says.
    pub(crate) fn sign(&self, header: &Value, payload: &str) -> String {
        let message = message(header, payload);
        let signature = match &self.key {
            Key::Rsa(encoding, key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Key::Ecdsa(_, key) => key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Signs with what everybody knows as the secret.
pub(crate) fn hmac(secret: &[u8], header: &Value) -> String {
    let message = message(header, "anything");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn message(header: &Value, payload: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload))
}
