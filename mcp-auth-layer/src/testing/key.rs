//! A signing key that only this process trusts.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// An RSA key of 2,048 bits.
#[derive(Debug)]
pub(super) struct SigningKey(KeyPair);

impl SigningKey {
    /// Returns the key of all tenants of this process: making one takes a while.
    pub(super) fn shared() -> Arc<Self> {
        static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
        Arc::clone(KEY.get_or_init(|| Arc::new(Self::generate())))
    }

    /// Returns a key that no tenant publishes.
    pub(super) fn foreign() -> Arc<Self> {
        static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
        Arc::clone(KEY.get_or_init(|| Arc::new(Self::generate())))
    }

    fn generate() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("the operating system's random source works"))
    }

    /// Returns the public half as Entra publishes it: without `alg`, with the issuer whose tokens it may sign.
    pub(super) fn jwk(&self, kid: &str, issuer: &str) -> Value {
        let public = self.0.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e, "issuer": issuer})
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.expect("the buffer has the size of the modulus");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
