//! The `claims` parameter: what a challenge asks for, and what this client says it can do.
//!
//! Entra's claims-challenge guide: a challenge travels as base64 in a header, as JSON in a form.

use std::sync::Arc;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Map, Value, json};

/// A claims request: a JSON object, in its shortest form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClaimsRequest(Arc<str>);

/// A claims challenge that is not a JSON object of bearable size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims challenge is not a JSON object")]
pub struct InvalidClaims;

/// Far more than Entra writes; the text comes from a downstream response.
const MAX: usize = 8 * 1024;

impl ClaimsRequest {
    /// Reads a challenge as it stands in a `WWW-Authenticate` header (base64 of either alphabet) or as JSON.
    pub(crate) fn read(challenge: &str) -> Result<Self, InvalidClaims> {
        let challenge = challenge.trim();
        if challenge.len() > MAX {
            return Err(InvalidClaims);
        }
        let json = if challenge.starts_with('{') { challenge.as_bytes().to_vec() } else { decode(challenge)? };
        let object: Map<String, Value> = serde_json::from_slice(&json).map_err(|_| InvalidClaims)?;
        Ok(Self(Value::Object(object).to_string().into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Merges a request with the client's capabilities (`xms_cc`); nothing when there is neither.
pub(super) fn parameter(request: Option<&ClaimsRequest>, capabilities: &[Box<str>]) -> Option<String> {
    if capabilities.is_empty() {
        return request.map(|request| (*request.0).to_owned());
    }
    let mut claims: Map<String, Value> =
        request.and_then(|request| serde_json::from_str(&request.0).ok()).unwrap_or_default();
    let access_token = claims.entry("access_token").or_insert_with(|| json!({}));
    if !access_token.is_object() {
        *access_token = json!({});
    }
    access_token["xms_cc"] = json!({ "values": capabilities });
    Some(Value::Object(claims).to_string())
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

    #[test]
    fn capabilities_join_the_request() {
        let cp1 = ["cp1".into()];
        let request = |text: &str| ClaimsRequest::read(text).unwrap();
        for (name, claims, capabilities, expected) in [
            ("neither", None, &[][..], None),
            ("capabilities alone", None, &cp1, Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)),
            ("request alone", Some(request(CHALLENGE)), &[], Some(CHALLENGE)),
            (
                "both",
                Some(request(CHALLENGE)),
                &cp1,
                Some(r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"xms_cc":{"values":["cp1"]}}}"#),
            ),
            (
                "a challenge cannot take a capability away",
                Some(request(r#"{"access_token":{"xms_cc":{"values":[]}}}"#)),
                &cp1,
                Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#),
            ),
            (
                "an odd member is replaced",
                Some(request(r#"{"access_token":7}"#)),
                &cp1,
                Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#),
            ),
        ] {
            assert_eq!(parameter(claims.as_ref(), capabilities).as_deref(), expected, "{name}");
        }
    }
}
