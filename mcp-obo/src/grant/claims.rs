//! The `claims` parameter: what a challenge asks for, and what this client says it can do.

use serde_json::{Map, Value, json};

use crate::www_authenticate::ClaimsRequest;

/// Merges a request with the client's capabilities (`xms_cc`); nothing when there is neither.
pub(super) fn parameter(request: Option<&ClaimsRequest>, capabilities: &[Box<str>]) -> Option<String> {
    let request = request.map(ClaimsRequest::as_str);
    if capabilities.is_empty() {
        return request.map(ToOwned::to_owned);
    }
    let mut claims: Map<String, Value> =
        request.and_then(|request| serde_json::from_str(request).ok()).unwrap_or_default();
    let access_token = claims.entry("access_token").or_insert_with(|| json!({}));
    if !access_token.is_object() {
        *access_token = json!({});
    }
    access_token["xms_cc"] = json!({ "values": capabilities });
    Some(Value::Object(claims).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

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
