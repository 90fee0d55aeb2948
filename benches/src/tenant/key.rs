//! The key with which the tenant signs.

use std::io;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::EncodingKey;
use serde_json::json;

/// An RSA-2048 key, which can be handed to another process.
pub(super) struct Key(KeyPair);

impl Key {
    /// Draws a new key.
    pub(super) fn draw() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("RSA keys can be drawn"))
    }

    pub(super) fn read(der: &[u8]) -> io::Result<Self> {
        KeyPair::from_pkcs8(der).map(Self).map_err(|rejected| io::Error::other(rejected.to_string()))
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.0).expect("the key can be written");
        der.as_ref().to_vec()
    }

    pub(super) fn signer(&self) -> EncodingKey {
        let text = STANDARD.encode(self.der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        EncodingKey::from_rsa_pem(pem.as_bytes()).expect("PKCS#8 is understood")
    }

    pub(super) fn public(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Returns the public half as the tenant publishes it.
    pub(super) fn jwks(&self) -> String {
        let public = self.0.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        json!({"keys": [{"kty": "RSA", "use": "sig", "kid": super::KID, "n": n, "e": e}]}).to_string()
    }
}
