//! Signatures over digests, with keys that stay in the vault.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use super::{
    bundle::{self, Location},
    refusal,
};
use crate::{azure::Denial, vault::VaultCertificate};

#[derive(Deserialize)]
struct SignRequest {
    alg: String,
    /// The digest, base64url.
    value: String,
}

pub(super) fn sign(
    certificate: &VaultCertificate,
    now: i64,
    location: &Location,
    body: &[u8],
) -> Result<Value, Denial> {
    let (first, last) = certificate.key().validity;
    if now < first || now >= last {
        return Err(refusal::denied("KeyExpired", "The key is outside its validity, so it cannot sign."));
    }
    let bad = |text: &str| refusal::bad_parameter(text);
    let request: SignRequest = serde_json::from_slice(body).map_err(|_| bad("The request body is malformed."))?;
    let value = request.value.trim_end_matches('=');
    let digest = URL_SAFE_NO_PAD.decode(value).map_err(|_| bad("The property value is not base64url."))?;
    let signature = certificate.key().sign_digest(&request.alg, &digest);
    let signature =
        signature.ok_or_else(|| bad("The algorithm is not supported, or the digest is of another size."))?;
    Ok(bundle::signature(location, &signature))
}
