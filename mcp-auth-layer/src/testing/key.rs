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
pub(crate) struct SigningKey(KeyPair);

impl SigningKey {
    /// Returns the key of all tenants of this process: making one takes a while.
    pub(crate) fn shared() -> Arc<Self> {
        static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
        Arc::clone(KEY.get_or_init(|| Arc::new(Self::generate())))
    }

    /// Returns a key that no tenant publishes.
    pub(super) fn foreign() -> Arc<Self> {
        static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
        Arc::clone(KEY.get_or_init(|| Arc::new(Self::generate())))
    }

    pub(crate) fn generate() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("the operating system's random source works"))
    }

    /// Returns the public half as Entra publishes it: without `alg`.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let public = self.0.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e})
    }

    /// Returns the public key as DER, the "secret" of the HS256 confusion attack.
    #[cfg(test)]
    pub(crate) fn public_der(&self) -> Vec<u8> {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        AsDer::<PublicKeyX509Der<'_>>::as_der(self.0.public_key()).unwrap().as_ref().to_vec()
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.expect("the buffer has the size of the modulus");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
