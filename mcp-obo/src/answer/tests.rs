use mcp_auth_layer::fetch::TransportFault;
use serde_json::json;

use super::*;
use crate::{
    error::{ExchangeError, ExchangeErrorKind::*},
    testtenant::{CLAIMS, NOW, refused, status, step_up},
};

const HOUR: Duration = Duration::from_secs(3_600);

fn at(response: &Response<Bytes>) -> Result<TokenAnswer, ExchangeError> {
    read(response, UnixTime::from_secs(NOW)).map_err(ExchangeError::from)
}

fn success(members: Value) -> Result<TokenAnswer, ExchangeError> {
    at(&status(200, &[], &members.to_string()))
}

#[test]
fn a_token_is_read_from_every_form_entra_has() {
    let full = json!({"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": "t", "scope": "a b"});
    for (name, members, lifetime, scope) in [
        ("as documented", full, HOUR, Some("a b")),
        ("numbers as text", json!({"token_type": "Bearer", "expires_in": "3600", "access_token": "t"}), HOUR, None),
        ("another case", json!({"token_type": "bearer", "expires_in": 3600, "access_token": "t"}), HOUR, None),
        ("no scope", json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "t"}), HOUR, None),
        (
            "absurdly long",
            json!({"token_type": "Bearer", "expires_in": u64::MAX, "access_token": "t"}),
            28 * HOUR,
            None,
        ),
        (
            "unknown members",
            json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "t", "foci": []}),
            HOUR,
            None,
        ),
    ] {
        let answer = success(members).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(answer.access_token().expose_secret(), "t", "{name}");
        assert_eq!((answer.lifetime(), answer.scope()), (lifetime, scope), "{name}");
        assert_eq!(answer.access_token().expires_at(), UnixTime::from_secs(NOW).saturating_add(lifetime), "{name}");
    }
}

#[test]
fn a_success_that_cannot_be_used_is_an_outage() {
    for (name, body) in [
        ("empty", String::new()),
        ("cut", r#"{"token_type":"Bearer","expires_in":3600,"acc"#.to_owned()),
        ("HTML", "<html>signed in</html>".to_owned()),
        ("not an object", "[]".to_owned()),
        ("no type", json!({"expires_in": 3600, "access_token": "t"}).to_string()),
        ("bound to a key", json!({"token_type": "pop", "expires_in": 3600, "access_token": "t"}).to_string()),
        ("no token", json!({"token_type": "Bearer", "expires_in": 3600}).to_string()),
        ("empty token", json!({"token_type": "Bearer", "expires_in": 3600, "access_token": ""}).to_string()),
        ("token of a wrong type", json!({"token_type": "Bearer", "expires_in": 3600, "access_token": 1}).to_string()),
        ("line break", json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "a\r\nb: c"}).to_string()),
        ("no lifetime", json!({"token_type": "Bearer", "access_token": "t"}).to_string()),
        ("no life", json!({"token_type": "Bearer", "expires_in": 0, "access_token": "t"}).to_string()),
        ("negative", json!({"token_type": "Bearer", "expires_in": -1, "access_token": "t"}).to_string()),
        ("words", json!({"token_type": "Bearer", "expires_in": "soon", "access_token": "t"}).to_string()),
    ] {
        let error = at(&status(200, &[], &body)).expect_err(name);
        assert_eq!(error.kind(), Unavailable, "{name}");
        assert!(std::error::Error::source(&error).is_some(), "{name}: the reason is there for the log");
        assert_eq!(error.transport(), None::<TransportFault>, "{name}");
    }
}

#[test]
fn the_words_of_a_refusal_decide_before_its_number() {
    let claims = json!({"claims": CLAIMS});
    let both = |suberror: &str| json!({"suberror": suberror, "claims": CLAIMS});
    let suberror = |word: &str| json!({"suberror": word});
    let none = json!({});
    for (name, error, code, more, expected) in [
        ("MFA, documented", "interaction_required", 50_076, claims.clone(), StepUp),
        ("MFA, seen", "invalid_grant", 50_076, both("basic_action"), StepUp),
        ("MFA without claims", "invalid_grant", 50_076, none.clone(), StepUp),
        ("a device", "invalid_grant", 53_000, both("additional_action"), StepUp),
        ("an unknown number with claims", "invalid_grant", 1, claims.clone(), StepUp),
        ("an unknown number and error with claims", "new_error", 1, claims.clone(), StepUp),
        ("interaction, unknown number", "interaction_required", 1, none.clone(), StepUp),
        ("login", "login_required", 1, none.clone(), StepUp),
        ("revoked, with claims", "invalid_grant", 50_173, claims.clone(), StepUp),
        ("consent, said", "invalid_grant", 1, suberror("consent_required"), Consent),
        ("consent, by number", "invalid_grant", 65_001, none.clone(), Consent),
        ("consent, old word", "consent_required", 1, none.clone(), Consent),
        ("the app lacks the permission", "invalid_resource", 650_057, none.clone(), Consent),
        ("no such API in the tenant", "invalid_resource", 500_011, none.clone(), Consent),
        ("blocked, with claims", "invalid_grant", 53_003, both("message_only"), BlockedByPolicy),
        ("blocked, by number", "interaction_required", 53_003, claims.clone(), BlockedByPolicy),
        ("only a message", "interaction_required", 1, suberror("message_only"), BlockedByPolicy),
        ("disabled", "invalid_grant", 50_057, none.clone(), BlockedByPolicy),
        ("not assigned", "invalid_grant", 50_105, none.clone(), BlockedByPolicy),
        ("denied", "access_denied", 1, none.clone(), BlockedByPolicy),
        ("wrong audience", "invalid_grant", 500_131, none.clone(), AssertionRefused),
        ("revoked", "invalid_grant", 50_173, none.clone(), AssertionRefused),
        ("bad token", "invalid_grant", 1, suberror("bad_token"), AssertionRefused),
        ("bad token, with claims", "interaction_required", 50_173, both("bad_token"), StepUp),
        ("nothing more known", "invalid_grant", 1, none.clone(), AssertionRefused),
        ("expired", "invalid_grant", 500_133, none.clone(), AssertionExpired),
        ("expired, said", "invalid_grant", 500_133, suberror("token_expired"), AssertionExpired),
        ("an app's token", "invalid_grant", 7_000_114, none.clone(), NotAUser),
        ("wrong secret", "invalid_client", 7_000_215, none.clone(), ClientCredential),
        ("the app lacks the permission, seen", "invalid_client", 650_057, none.clone(), Consent),
        ("no such API in the tenant, seen", "invalid_client", 650_052, none.clone(), Consent),
        ("not assigned, of a client", "invalid_client", 50_105, none.clone(), BlockedByPolicy),
        ("an unknown number of a client", "invalid_client", 1, none.clone(), ClientCredential),
        ("claims do not excuse a client", "invalid_client", 7_000_222, claims.clone(), ClientCredential),
        ("no federated record", "invalid_request", 70_021, none.clone(), ClientCredential),
        ("federated subject", "invalid_client", 700_213, none.clone(), ClientCredential),
        ("app not in the tenant", "unauthorized_client", 700_016, none.clone(), Configuration),
        ("app not in the tenant, seen", "invalid_client", 700_016, none.clone(), Configuration),
        ("bad scope", "invalid_scope", 70_011, none.clone(), Configuration),
        ("malformed", "invalid_request", 900_144, none.clone(), Configuration),
        ("another client", "invalid_grant", 1, suberror("client_mismatch"), Configuration),
        ("an unknown error", "new_error", 1, none.clone(), Configuration),
        ("a loop", "invalid_grant", 50_196, none.clone(), Throttled),
        ("the whole tenant", "invalid_grant", 90_055, none.clone(), Throttled),
        ("passing", "temporarily_unavailable", 90_033, none.clone(), Unavailable),
        ("passing, by number", "invalid_request", 90_024, none.clone(), Unavailable),
    ] {
        let error = at(&refused(error, code, more.clone())).expect_err(name);
        assert_eq!(error.kind(), expected, "{name}");
        assert_eq!(error.aadsts_code(), Some(code), "{name}");
        assert_eq!(error.trace_id(), Some("aaaaaaaa-0000-0000-0000-000000000001"), "{name}");
        assert_eq!(error.correlation_id(), Some("bbbbbbbb-0000-0000-0000-000000000002"), "{name}");
        let has_claims = expected == StepUp && more.get("claims").is_some();
        assert_eq!(error.claims(), has_claims.then_some(CLAIMS), "{name}");
    }
}

#[test]
fn a_status_of_the_server_goes_before_its_words() {
    let html = "<html><h1>Service unavailable</h1></html>";
    let consent = r#"{"error":"invalid_grant","error_codes":[65001]}"#;
    let after: &[(&str, &str)] = &[("retry-after", "7")];
    for (name, response, expected, wait) in [
        ("429", status(429, after, "{}"), Throttled, Some(7)),
        ("429, HTML", status(429, after, html), Throttled, Some(7)),
        ("429 without a number", status(429, &[], html), Throttled, Some(30)),
        ("429 with words", status(429, after, consent), Throttled, Some(7)),
        ("503, HTML", status(503, &[], html), Unavailable, None),
        ("503 with a number", status(503, after, html), Unavailable, Some(7)),
        ("500 with words", status(500, &[], consent), Unavailable, None),
        ("a firewall's page", status(403, &[], html), Unavailable, None),
        ("a redirect", status(302, &[("location", "https://evil.example/")], ""), Unavailable, None),
        ("cut", status(400, &[], &consent[..20]), Unavailable, None),
        ("no error", status(400, &[], "{}"), Unavailable, None),
        ("an error of a wrong type", status(400, &[], r#"{"error":7}"#), Unavailable, None),
        ("consent has no wait", status(400, after, consent), Consent, None),
    ] {
        let error = at(&response).expect_err(name);
        assert_eq!((error.kind(), error.retry_after().map(|wait| wait.as_secs())), (expected, wait), "{name}");
    }
}

#[test]
fn one_odd_member_does_not_hide_the_others() {
    for (name, more, code, claims) in [
        ("codes as text", json!({"error_codes": "50076"}), Some(50_076), Some(CLAIMS)),
        ("no codes", json!({"error_codes": null}), Some(50_076), Some(CLAIMS)),
        ("codes out of range", json!({"error_codes": [u64::MAX]}), Some(50_076), Some(CLAIMS)),
        (
            "claims as an object",
            json!({"claims": {"access_token": {"a": 1}}}),
            Some(50_076),
            Some(r#"{"access_token":{"a":1}}"#),
        ),
        ("claims that are none", json!({"claims": "yes"}), Some(50_076), None),
        ("empty claims", json!({"claims": "{}"}), Some(50_076), None),
        ("a short id", json!({"trace_id": "aaaa"}), Some(50_076), Some(CLAIMS)),
        ("an id that is none", json!({"trace_id": "x\r\nlevel=error", "suberror": 3}), Some(50_076), Some(CLAIMS)),
    ] {
        let mut members: Value = serde_json::from_slice(step_up().body()).unwrap();
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = at(&status(400, &[], &members.to_string())).expect_err(name);
        assert_eq!((error.kind(), error.aadsts_code(), error.claims()), (StepUp, code, claims), "{name}");
        assert_eq!(error.trace_id().is_some(), !more["trace_id"].is_string(), "{name}");
    }
}
