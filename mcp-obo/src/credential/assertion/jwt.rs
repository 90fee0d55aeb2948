//! The text of an assertion: Entra's "certificate credentials" page says what it needs.

use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ClientContext;

/// Entra advises five to ten minutes.
pub(super) const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How assertions are signed (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Algorithm {
    #[default]
    Ps256,
    Rs256,
}

impl Algorithm {
    pub(in super::super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

/// What the header says about the key (RFC 7515 section 4.1).
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Header<'a> {
    pub(in super::super) algorithm: Algorithm,
    pub(in super::super) sha256: Option<&'a [u8]>,
    pub(in super::super) sha1: Option<&'a [u8]>,
    /// The certificate and those that signed it, DER; empty for none.
    pub(in super::super) chain: &'a [Vec<u8>],
}

impl Header<'_> {
    /// Returns the header as it stands in the token.
    pub(super) fn encoded(&self) -> String {
        let mut header = Map::new();
        header.insert("alg".into(), self.algorithm.as_str().into());
        header.insert("typ".into(), "JWT".into());
        for (name, hash) in [("x5t#S256", self.sha256), ("x5t", self.sha1)] {
            if let Some(hash) = hash {
                header.insert(name.into(), URL_SAFE_NO_PAD.encode(hash).into());
            }
        }
        if !self.chain.is_empty() {
            // RFC 7515 section 4.1.6: the ordinary alphabet here, with padding, and no line breaks.
            header.insert("x5c".into(), self.chain.iter().map(|der| STANDARD.encode(der)).collect());
        }
        URL_SAFE_NO_PAD.encode(Value::Object(header).to_string())
    }
}

/// Returns the claims as they stand in the token.
///
/// `aud` is one string: Entra refuses an array (AADSTS5002741).
pub(super) fn claims(client: &ClientContext<'_>) -> String {
    let now = client.now();
    let claims = json!({
        "aud": client.token_endpoint().to_string(),
        "iss": client.client_id(),
        "sub": client.client_id(),
        "jti": Uuid::new_v4().to_string(),
        "iat": now.as_secs(),
        "nbf": now.as_secs(),
        "exp": now.saturating_add(LIFETIME).as_secs(),
    });
    URL_SAFE_NO_PAD.encode(claims.to_string())
}

/// Puts the signature behind what was signed.
pub(super) fn signed(message: String, signature: &[u8]) -> SecretString {
    let mut jwt = message;
    // In one allocation, so that no half of a token stays behind in memory.
    jwt.reserve_exact(1 + signature.len().div_ceil(3) * 4);
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    SecretString::from(jwt)
}
