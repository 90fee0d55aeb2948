//! The tenant's signing keys and how they are published.

use std::sync::{OnceLock, RwLock};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};

use crate::{discovery::CONSUMERS, pem};

/// One RSA key.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    pub(crate) public_pem: String,
    pub(crate) private_pem: String,
    n: String,
    e: String,
}

impl SigningKey {
    pub(crate) fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("the machine can draw RSA keys");
        let public = pair.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("a fresh key can be written");
        let spki =
            AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(public).expect("a fresh key can be written");
        let private_pem = pem::write("PRIVATE KEY", private.as_ref());
        Self {
            kid: URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes()),
            encoding: EncodingKey::from_rsa_pem(private_pem.as_bytes()).expect("PKCS#8 is understood"),
            decoding: DecodingKey::from_rsa_components(&n, &e).expect("the components are base64url"),
            public_pem: pem::write("PUBLIC KEY", spki.as_ref()),
            private_pem,
            n,
            e,
        }
    }

    /// As Entra publishes it: without `alg`.
    fn jwk(&self) -> Value {
        json!({"kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "n": self.n, "e": self.e})
    }

    pub(crate) fn sign(&self, message: &str) -> String {
        jsonwebtoken::crypto::sign(message.as_bytes(), &self.encoding, Algorithm::RS256)
            .expect("an RSA key signs RS256")
    }
}

/// The keys: the live one first, then others that are published too.
pub(crate) struct KeyRing {
    keys: RwLock<Vec<SigningKey>>,
    /// Nobody publishes this one; made when a test first wants it.
    attacker: OnceLock<SigningKey>,
}

impl KeyRing {
    pub(crate) fn generate() -> Self {
        // The third is published as the consumer tenant's: good for nobody here.
        let keys = (0..3).map(|_| SigningKey::generate()).collect();
        Self { keys: RwLock::new(keys), attacker: OnceLock::new() }
    }

    pub(crate) fn live(&self) -> SigningKey {
        self.read()[0].clone()
    }

    pub(crate) fn attacker(&self) -> SigningKey {
        // A forger names the live key; that is all that he knows of it.
        SigningKey { kid: self.live().kid, ..self.attacker.get_or_init(SigningKey::generate).clone() }
    }

    /// Finds a key that signs for this tenant.
    pub(crate) fn find(&self, kid: &str) -> Option<SigningKey> {
        self.read().iter().take(2).find(|key| key.kid == kid).cloned()
    }

    /// Makes a new live key; the oldest of the tenant's own is withdrawn.
    pub(crate) fn rotate(&self) {
        let new = SigningKey::generate();
        let mut keys = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.insert(0, new);
        keys.remove(2);
    }

    /// The v2 document: each key says whose tokens it signs.
    pub(crate) fn v2_document(&self, base: &str, tenant: &str) -> Value {
        let issuers =
            [format!("{base}/{{tenantid}}/v2.0"), format!("{base}/{tenant}/v2.0"), format!("{base}/{CONSUMERS}/v2.0")];
        let keys: Vec<_> = self
            .read()
            .iter()
            .zip(issuers)
            .map(|(key, issuer)| {
                let mut jwk = key.jwk();
                jwk["issuer"] = Value::String(issuer);
                jwk
            })
            .collect();
        json!({"keys": keys})
    }

    /// The v1 document has no `issuer` members.
    pub(crate) fn v1_document(&self) -> Value {
        json!({"keys": self.read().iter().take(2).map(SigningKey::jwk).collect::<Vec<_>>()})
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<SigningKey>> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
