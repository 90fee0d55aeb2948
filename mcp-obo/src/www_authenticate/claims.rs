//! A claims request (OpenID Connect Core section 5.5), in each form that it travels in.
//!
//! Entra's claims-challenge guide: base64 in a header, JSON in a form and in Entra's own answers.

use std::{fmt, sync::Arc};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Map, Value};

/// What a sign-in must satisfy: a JSON object, in its shortest form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClaimsRequest(Arc<str>);

/// A claims request that is not a JSON object of at most 8 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims request is not a JSON object")]
pub struct InvalidClaims;

/// Far more than Entra writes; the text comes from a downstream response.
const MAX: usize = 8 * 1024;

impl ClaimsRequest {
    /// Reads a request as it stands in a header, or as JSON.
    ///
    /// In a `WWW-Authenticate` header it is base64 of either alphabet, padded or not.
    ///
    /// # Errors
    /// [`InvalidClaims`] for anything else, and for more than 8 KiB.
    pub fn read(text: &str) -> Result<Self, InvalidClaims> {
        let text = text.trim();
        if text.len() > MAX {
            return Err(InvalidClaims);
        }
        let json = if text.starts_with('{') { text.as_bytes().to_vec() } else { decode(text)? };
        let object: Map<String, Value> = serde_json::from_slice(&json).map_err(|_| InvalidClaims)?;
        Ok(Self(Value::Object(object).to_string().into()))
    }

    /// Returns the JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Prints nothing of it: it says what a user must prove, and where from.
impl fmt::Debug for ClaimsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimsRequest(..)")
    }
}

fn decode(text: &str) -> Result<Vec<u8>, InvalidClaims> {
    // Both alphabets and both paddings are seen; translating is shorter than four decoders.
    let standard = text.replace('-', "+").replace('_', "/");
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, config).decode(standard).map_err(|_| InvalidClaims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    const CHALLENGE: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

    #[test]
    fn a_challenge_is_read_in_every_form_it_travels_in() {
        let odd = r#"{"access_token":{"x":"??>>~~"}}"#;
        for (name, text, expected) in [
            ("json", CHALLENGE.to_owned(), Some(CHALLENGE)),
            ("json with spaces", format!("  {} ", CHALLENGE.replace(':', " : ")), Some(CHALLENGE)),
            ("base64", STANDARD.encode(CHALLENGE), Some(CHALLENGE)),
            ("base64 without padding", STANDARD.encode(CHALLENGE).trim_end_matches('=').to_owned(), Some(CHALLENGE)),
            ("base64url", URL_SAFE_NO_PAD.encode(odd), Some(odd)),
            ("empty", String::new(), None),
            ("not an object", "[1]".to_owned(), None),
            ("base64 of no object", STANDARD.encode("[1]"), None),
            ("not base64", "!!!".to_owned(), None),
            ("cut", CHALLENGE[..20].to_owned(), None),
            ("too large", format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX)), None),
        ] {
            assert_eq!(ClaimsRequest::read(&text).ok().as_ref().map(|claims| &*claims.0), expected, "{name}");
        }
    }
}
