//! Certificates made for the crate's own tests.

use std::sync::OnceLock;

use aws_lc_rs::{
    digest::{Digest, SHA256},
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PSS_SHA256},
};
use rcgen::{CertificateParams, DnType, PKCS_RSA_SHA256, date_time_ymd};

/// A day: year, month, day of the month.
pub(crate) type Day = (i32, u8, u8);

/// A key, PKCS#8 PEM, and certificates for it.
pub(crate) struct TestKey {
    signing: KeyPair,
    pair: rcgen::KeyPair,
}

impl TestKey {
    /// Returns one of two keys that all tests share: drawing one takes a while.
    pub(crate) fn first() -> &'static Self {
        static KEY: OnceLock<TestKey> = OnceLock::new();
        KEY.get_or_init(Self::draw)
    }

    pub(crate) fn second() -> &'static Self {
        static KEY: OnceLock<TestKey> = OnceLock::new();
        KEY.get_or_init(Self::draw)
    }

    fn draw() -> Self {
        let signing = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&signing).unwrap();
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.as_ref().into(), &PKCS_RSA_SHA256).unwrap();
        Self { signing, pair }
    }

    /// Returns the private key.
    pub(crate) fn pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// Returns a certificate, PEM, good from one midnight to another.
    pub(crate) fn certificate(&self, from: Day, to: Day) -> String {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "mcp-obo, for tests only");
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        params.self_signed(&self.pair).unwrap().pem()
    }

    /// Returns a file with a certificate of many years and its key.
    pub(crate) fn file(&self) -> String {
        self.certificate((2020, 1, 1), (2120, 1, 1)) + &self.pem()
    }

    /// Signs a SHA-256 hash as a vault does: PS256.
    pub(crate) fn sign(&self, hash: &[u8]) -> Vec<u8> {
        let hash = Digest::import_less_safe(hash, &SHA256).unwrap();
        let mut signature = vec![0; self.signing.public_modulus_len()];
        self.signing.sign_digest(&RSA_PSS_SHA256, &hash, &mut signature).unwrap();
        signature
    }

    /// Returns the public key, as other libraries read it.
    pub(crate) fn public(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }
}
