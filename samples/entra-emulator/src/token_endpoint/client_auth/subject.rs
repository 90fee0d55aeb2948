//! Subject name and issuer: a certificate that nobody registered, trusted for who issued it and to whom.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
};

use crate::{
    pem,
    tenant::{App, TrustedSubject},
};

/// Returns the certificate that an assertion brings along, PEM, if the app trusts its subject and issuer.
pub(super) fn certificate(app: &App, header: &Value) -> Option<String> {
    // msal for Python breaks it into lines.
    let text: String = header["x5c"].get(0)?.as_str()?.split_whitespace().collect();
    let der = STANDARD.decode(text).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    app.subjects.iter().any(|trusted| is_of(&certificate, trusted)).then(|| pem::write("CERTIFICATE", &der))
}

/// Tells whether the authority has signed a certificate for this subject. Times are not looked at.
fn is_of(certificate: &Certificate, trusted: &TrustedSubject) -> bool {
    let inner = certificate.tbs_certificate();
    let authority = pem::read("CERTIFICATE", &trusted.authority);
    let Some(authority) = authority.and_then(|der| Certificate::from_der(&der).ok()) else { return false };
    let authority = authority.tbs_certificate();
    let key = authority.subject_public_key_info().subject_public_key.raw_bytes();
    let is_signed = |message: Vec<u8>| {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(&message, certificate.signature().raw_bytes()).is_ok()
    };
    inner.subject().to_string() == trusted.name
        && inner.issuer() == authority.subject()
        && inner.to_der().is_ok_and(is_signed)
}
