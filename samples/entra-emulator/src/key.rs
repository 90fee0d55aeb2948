//! One RSA key of the tenant, with a certificate as Entra's keys have one.

use std::sync::Arc;

use aws_lc_rs::{
    digest::{self, Digest, SHA1_FOR_LEGACY_USE_ONLY, digest},
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::{
        KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaEncoding,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{CertificateParams, DnType, PKCS_RSA_SHA256, date_time_ymd};
use serde_json::{Value, json};

use crate::pem;

/// An RSA key and its self-signed certificate.
#[derive(Clone)]
pub(crate) struct SigningKey {
    /// The certificate's SHA-1 thumbprint, as with Entra's keys.
    pub(crate) kid: String,
    pub(crate) decoding: DecodingKey,
    pub(crate) public_pem: String,
    pub(crate) private_pem: String,
    /// The certificate's first and last day, in seconds.
    pub(crate) validity: (i64, i64),
    certificate: Vec<u8>,
    pair: Arc<KeyPair>,
    encoding: EncodingKey,
    n: String,
    e: String,
}

/// The algorithms by which a vault signs digests.
const SIGNING: [(&str, &dyn RsaEncoding, &digest::Algorithm); 6] = [
    ("PS256", &RSA_PSS_SHA256, &digest::SHA256),
    ("PS384", &RSA_PSS_SHA384, &digest::SHA384),
    ("PS512", &RSA_PSS_SHA512, &digest::SHA512),
    ("RS256", &RSA_PKCS1_SHA256, &digest::SHA256),
    ("RS384", &RSA_PKCS1_SHA384, &digest::SHA384),
    ("RS512", &RSA_PKCS1_SHA512, &digest::SHA512),
];

/// How many rounds protect a PKCS#12 file: as many as Key Vault takes.
const ROUNDS: u32 = 2_000;

impl SigningKey {
    pub(crate) fn generate() -> Self {
        Self::within(Date::constant(1975, 1, 1), Date::constant(4096, 1, 1))
    }

    /// Makes a key whose certificate is valid between two days, given by any second of them.
    pub(crate) fn valid_between(not_before: i64, not_after: i64) -> Self {
        let day = |second| {
            let time = Timestamp::from_second(second).expect("the day is in a year of four digits");
            time.to_zoned(TimeZone::UTC).date()
        };
        Self::within(day(not_before), day(not_after))
    }

    fn within(first: Date, last: Date) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("the machine can draw RSA keys");
        let public = pair.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("a fresh key can be written");
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(public).expect("a fresh key can be written");
        let certificate = certify(private.as_ref(), first, last).expect("a fresh key can sign its own certificate");
        let private_pem = pem::write("PRIVATE KEY", private.as_ref());
        Self {
            kid: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate)),
            encoding: EncodingKey::from_rsa_pem(private_pem.as_bytes()).expect("PKCS#8 is understood"),
            decoding: DecodingKey::from_rsa_components(&n, &e).expect("the components are base64url"),
            public_pem: pem::write("PUBLIC KEY", spki.as_ref()),
            private_pem,
            validity: (midnight(first), midnight(last)),
            certificate,
            pair: Arc::new(pair),
            n,
            e,
        }
    }

    pub(crate) fn certificate_pem(&self) -> String {
        pem::write("CERTIFICATE", &self.certificate)
    }

    pub(crate) fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// Writes key and certificate as a PKCS#12 file.
    pub(crate) fn pkcs12(&self, password: &str) -> Vec<u8> {
        let pkcs8 = pem::read("PRIVATE KEY", &self.private_pem).expect("this key wrote it");
        let key = PrivateKey::from_der(&pkcs8).expect("a fresh key is PKCS#8");
        self.keep(KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("1", key, [self.read()])), password)
    }

    /// Writes the certificate alone as a PKCS#12 file without a password.
    pub(crate) fn certificate_pkcs12(&self) -> Vec<u8> {
        self.keep(KeyStoreEntry::Certificate(self.read()), "")
    }

    fn read(&self) -> Certificate {
        Certificate::from_der(&self.certificate).expect("this key wrote its certificate")
    }

    fn keep(&self, entry: KeyStoreEntry, password: &str) -> Vec<u8> {
        let mut store = KeyStore::new();
        store.add_entry(&self.kid, entry);
        let file = store.writer(password).encryption_iterations(ROUNDS).mac_iterations(ROUNDS).write();
        file.expect("one entry can be written")
    }

    /// Signs a digest by an algorithm's name (RFC 7518); none for another algorithm or a digest of another size.
    pub(crate) fn sign_digest(&self, algorithm: &str, hash: &[u8]) -> Option<Vec<u8>> {
        let (_, encoding, hashing) = SIGNING.iter().find(|(name, ..)| *name == algorithm)?;
        let hash = Digest::import_less_safe(hash, hashing).ok()?;
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(*encoding, &hash, &mut signature).ok()?;
        Some(signature)
    }

    /// As Entra publishes it: without `alg`.
    pub(crate) fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "n": self.n, "e": self.e,
            "x5c": [STANDARD.encode(&self.certificate)],
        })
    }

    pub(crate) fn sign(&self, message: &str) -> String {
        jsonwebtoken::crypto::sign(message.as_bytes(), &self.encoding, Algorithm::RS256)
            .expect("an RSA key signs RS256")
    }
}

fn certify(pkcs8: &[u8], first: Date, last: Date) -> Result<Vec<u8>, rcgen::Error> {
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "entra-emulator, for tests only");
    let part = |part: i8| u8::try_from(part).unwrap_or(1);
    params.not_before = date_time_ymd(first.year().into(), part(first.month()), part(first.day()));
    params.not_after = date_time_ymd(last.year().into(), part(last.month()), part(last.day()));
    Ok(params.self_signed(&key)?.der().to_vec())
}

fn midnight(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(0, |time| time.timestamp().as_second())
}
