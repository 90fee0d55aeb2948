//! One RSA key of the tenant, with a certificate as Entra's keys have one.

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use rcgen::{CertificateParams, DnType, PKCS_RSA_SHA256};
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
    certificate: Vec<u8>,
    encoding: EncodingKey,
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
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(public).expect("a fresh key can be written");
        let certificate = certify(private.as_ref()).expect("a fresh key can sign its own certificate");
        let private_pem = pem::write("PRIVATE KEY", private.as_ref());
        Self {
            kid: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate)),
            encoding: EncodingKey::from_rsa_pem(private_pem.as_bytes()).expect("PKCS#8 is understood"),
            decoding: DecodingKey::from_rsa_components(&n, &e).expect("the components are base64url"),
            public_pem: pem::write("PUBLIC KEY", spki.as_ref()),
            private_pem,
            certificate,
            n,
            e,
        }
    }

    pub(crate) fn certificate_pem(&self) -> String {
        pem::write("CERTIFICATE", &self.certificate)
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

fn certify(pkcs8: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "entra-emulator, for tests only");
    Ok(params.self_signed(&key)?.der().to_vec())
}
