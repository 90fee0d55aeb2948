//! What cannot be had for less: the check of the signature itself, the digest, one reading of the claims, one look into a
//! cache.

use std::{hint::black_box, io, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey},
    signature::ParsedPublicKey,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{claims::Claims, issuer::Issuer};

/// A good token, taken apart before the clock runs.
#[derive(Debug)]
pub struct Limit {
    key: ParsedPublicKey,
    digest: LessSafeKey,
    token: String,
    signed: usize,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Limit {
    /// Signs a token and takes it apart.
    ///
    /// # Errors
    /// When the token is none.
    pub fn new(issuer: &Issuer) -> io::Result<Self> {
        let token = issuer.sign(&issuer.claims(0))?;
        let mut parts = token.split('.').skip(1);
        let mut part = || URL_SAFE_NO_PAD.decode(parts.next().unwrap_or_default()).map_err(io::Error::other);
        let (payload, signature) = (part()?, part()?);
        let signed = token.rfind('.').unwrap_or_default();
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret).map_err(io::Error::other)?;
        let digest = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).map_err(io::Error::other)?);
        Ok(Self { key: issuer.public_key()?, digest, token, signed, payload, signature })
    }

    /// Checks the signature.
    ///
    /// # Panics
    /// When it is bad.
    pub fn verify(&self) {
        let good = self.key.verify_sig(&self.token.as_bytes()[..self.signed], &self.signature);
        good.expect("the signature is good");
    }

    /// Makes the digest that the caches know the token by, as our layer does.
    ///
    /// # Panics
    /// When AES-GCM cannot seal nothing.
    pub fn digest(&self) -> Tag {
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let token = Aad::from(self.token.as_bytes());
        self.digest.seal_in_place_separate_tag(nonce, token, &mut []).expect("nothing can be sealed")
    }

    /// Reads the claims.
    ///
    /// # Panics
    /// When they are none.
    #[must_use]
    pub fn claims(&self) -> Claims {
        serde_json::from_slice(&self.payload).expect("the payload is claims")
    }

    /// Does all three.
    ///
    /// # Panics
    /// As the three do.
    pub fn all(&self) {
        drop(black_box(self.digest()));
        drop(black_box(self.claims()));
        self.verify();
    }
}

/// Returns a cache with one entry, and its key.
#[must_use]
pub fn cache_of_one(claims: Claims) -> (moka::sync::Cache<[u8; 32], Arc<Claims>>, [u8; 32]) {
    let (cache, key) = (moka::sync::Cache::new(10_000), [7; 32]);
    cache.insert(key, Arc::new(claims));
    (cache, key)
}
