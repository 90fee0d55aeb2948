//! What a service's answer says about a refusal, as far as it may be told: words, and no text of anybody's.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorCode {
    /// The innermost code, which says most.
    pub(crate) word: Option<String>,
    /// Whether the text speaks of the network. It is read for this alone.
    pub(crate) of_network: bool,
}

impl ErrorCode {
    /// Reads an answer: Storage says its code in a header, App Configuration by a URL, all others in JSON.
    pub(crate) fn of(answer: &Response<Bytes>) -> Self {
        let header = answer.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok());
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let error = if body["error"].is_object() { &body["error"] } else { &body };
        let inner = ["innererror", "innerError"].iter().find_map(|name| error[*name]["code"].as_str());
        let by_url = error["type"].as_str().and_then(|url| url.rsplit('/').next());
        let code = inner.or(header).or_else(|| error["code"].as_str()).or(by_url);
        let word = code.filter(|code| is_word(code)).map(str::to_owned);
        let text = ["message", "detail", "title"].iter().filter_map(|name| error[*name].as_str());
        let of_network = word.as_deref().is_some_and(|word| is_any(word, &NETWORK_CODES))
            || text.into_iter().any(|text| NETWORK_WORDS.iter().any(|word| text.to_ascii_lowercase().contains(word)));
        Self { word, of_network }
    }
}

/// Codes by which services refuse the network that a call comes from, and not whoever calls.
const NETWORK_CODES: [&str; 8] = [
    "ForbiddenByFirewall",
    "ForbiddenByConnection",
    // Storage: a missing role is AuthorizationPermissionMismatch.
    "AuthorizationFailure",
    "PublicNetworkAccessDisabled",
    "PublicNetworkAccessNotAllowed",
    "NetworkAccessDenied",
    "IpAddressRejected",
    "ip-address-rejected",
];

const NETWORK_WORDS: [&str; 5] =
    ["firewall", "public network access", "public internet", "client address is not authorized", "private endpoint"];

fn is_any(word: &str, codes: &[&str]) -> bool {
    codes.iter().any(|code| code.eq_ignore_ascii_case(word))
}

fn is_word(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= 64
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str =
        r#"{"error":{"code":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","message":"no"}}"#;

    #[test]
    fn every_word_for_a_refused_network_is_known() {
        for (code, text) in [
            ("ForbiddenByConnection", ""),
            ("PublicNetworkAccessDisabled", ""),
            ("PublicNetworkAccessNotAllowed", ""),
            ("NetworkAccessDenied", ""),
            ("IpAddressRejected", ""),
            ("Forbidden", "Blocked by the firewall."),
            ("Forbidden", "Public network access is disabled."),
            ("Forbidden", "It came through public internet."),
            ("Forbidden", "Client address is not authorized and caller is not a trusted service."),
            ("Forbidden", "Connect through a private endpoint."),
        ] {
            let body = serde_json::json!({"error": {"code": code, "message": text}}).to_string();
            assert!(ErrorCode::of(&Response::new(body.into())).of_network, "{code}: {text}");
        }
    }

    #[test]
    fn each_service_says_its_code_in_its_own_way() {
        for (name, header, body, word, of_network) in [
            (
                "resource manager",
                None,
                r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#,
                Some("AuthorizationFailed"),
                false,
            ),
            (
                "key vault, the role",
                None,
                r#"{"error":{"code":"Forbidden","message":"Caller is not authorized","innererror":{"code":"ForbiddenByRbac"}}}"#,
                Some("ForbiddenByRbac"),
                false,
            ),
            (
                "key vault, the firewall",
                None,
                r#"{"error":{"code":"Forbidden","message":"x","innererror":{"code":"ForbiddenByFirewall"}}}"#,
                Some("ForbiddenByFirewall"),
                true,
            ),
            (
                "storage, the role",
                Some("AuthorizationPermissionMismatch"),
                "<?xml?>",
                Some("AuthorizationPermissionMismatch"),
                false,
            ),
            ("storage, the firewall", Some("AuthorizationFailure"), "<?xml?>", Some("AuthorizationFailure"), true),
            (
                "cosmos, the role",
                None,
                r#"{"code":"Forbidden","message":"Request is blocked because principal [x] does not have required RBAC permissions"}"#,
                Some("Forbidden"),
                false,
            ),
            (
                "cosmos, the firewall",
                None,
                r#"{"code":"Forbidden","message":"Request originated from IP 10.0.0.1 through public internet. This is blocked by your Cosmos DB account firewall settings."}"#,
                Some("Forbidden"),
                true,
            ),
            (
                "app configuration, the network",
                None,
                r#"{"type":"https://azconfig.io/errors/ip-address-rejected","title":"no"}"#,
                Some("ip-address-rejected"),
                true,
            ),
            ("a code with a text in it", None, r#"{"error":{"code":"see <b>me</b>"}}"#, None, false),
            ("a page", None, "<html>", None, false),
            ("a code without end", None, LONG, None, false),
        ] {
            let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
            if let Some(code) = header {
                answer.headers_mut().insert("x-ms-error-code", code.parse().unwrap());
            }
            let expected = ErrorCode { word: word.map(str::to_owned), of_network };
            assert_eq!(ErrorCode::of(&answer), expected, "{name}");
        }
    }
}
