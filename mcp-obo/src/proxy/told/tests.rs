use std::future::ready;

use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::*;
use crate::{
    ClientSecret,
    proxy::{api_scopes::ApiScopes, pkce::Verifier, registration::Platform, upstream::Upstream},
    testlog,
    testtenant::{CLIENT, SECRET, Tenant, refused, status},
};

const CALLBACK: &str = "https://mcp.contoso.com/oauth/callback";
const REGISTERED: &str = "redirect URI https://mcp.contoso.com/oauth/callback, platform";
const TRACE: &str = "aaaaaaaa-0000-0000-0000-000000000001";
const CORRELATION: &str = "bbbbbbbb-0000-0000-0000-000000000002";

/// Redeems a code at an Entra that answers so.
async fn redeemed(platform: Platform, answer: Response<Bytes>) -> OAuthError {
    let tenant = Tenant::answering(move |_| Box::pin(ready(answer.clone())));
    let scopes = ApiScopes::new(&tenant.app, ["access_as_user"]).unwrap();
    let registration = Registration::new(CALLBACK, platform, CLIENT);
    let upstream = Upstream::new(&tenant.app, ClientSecret::new(SECRET), scopes, registration);
    testlog::begin();
    upstream.redeem("entra-code", &Verifier::random(), ["access_as_user"]).await.unwrap_err()
}

/// Returns the reference, and the one line that it leads to.
fn line_of(error: &OAuthError) -> (String, String) {
    let (_, reference) = error.description.split_once("; reference ").unwrap();
    let log = testlog::logged();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(reference)).collect();
    let [line] = lines[..] else { panic!("{reference} stands in {} lines: {log}", lines.len()) };
    (reference.to_owned(), line.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_entra_refuses_at_the_token_endpoint_is_told_in_words_of_oauth() {
    use OAuthCode::{InvalidGrant, ServerError, TemporarilyUnavailable};
    let basic = json!({"suberror": "basic_action"});
    for (name, error, number, more, expected, level) in [
        ("a code twice", "invalid_grant", 54_005, json!({}), InvalidGrant, "WARN"),
        ("a code that is over", "invalid_grant", 70_008, json!({}), InvalidGrant, "WARN"),
        ("another verifier", "invalid_grant", 501_481, json!({}), InvalidGrant, "WARN"),
        ("a refresh token that is over", "invalid_grant", 700_082, json!({}), InvalidGrant, "WARN"),
        ("a session that was revoked", "invalid_grant", 50_173, json!({}), InvalidGrant, "WARN"),
        ("a sign-in that is too old", "invalid_grant", 70_043, json!({}), InvalidGrant, "WARN"),
        ("a number that nobody knows", "invalid_grant", 99_999, json!({}), InvalidGrant, "WARN"),
        ("a code that is none", "invalid_grant", 9_002_313, json!({}), InvalidGrant, "WARN"),
        ("MFA", "invalid_grant", 50_076, basic.clone(), InvalidGrant, "WARN"),
        ("MFA by another name", "interaction_required", 50_079, json!({}), InvalidGrant, "WARN"),
        ("a device", "interaction_required", 53_000, json!({}), InvalidGrant, "WARN"),
        ("consent", "invalid_grant", 65_001, json!({"suberror": "consent_required"}), InvalidGrant, "WARN"),
        ("an administrator's consent", "invalid_grant", 90_094, json!({}), InvalidGrant, "WARN"),
        ("a policy", "invalid_grant", 53_003, basic, InvalidGrant, "WARN"),
        ("not assigned", "invalid_grant", 50_105, json!({}), InvalidGrant, "WARN"),
        ("disabled", "invalid_grant", 50_057, json!({}), InvalidGrant, "WARN"),
        ("a loop", "invalid_grant", 50_196, json!({}), TemporarilyUnavailable, "WARN"),
        ("the tenant is throttled", "invalid_request", 90_055, json!({}), TemporarilyUnavailable, "WARN"),
        ("a passing fault", "temporarily_unavailable", 90_033, json!({}), TemporarilyUnavailable, "WARN"),
        ("the callback", "invalid_client", 50_011, json!({}), ServerError, "ERROR"),
        ("no callback at all", "invalid_request", 500_113, json!({}), ServerError, "ERROR"),
        ("a public platform", "invalid_client", 700_025, json!({}), ServerError, "ERROR"),
        ("the platform Web", "invalid_client", 7_000_218, json!({}), ServerError, "ERROR"),
        ("a single-page application", "invalid_request", 9_002_327, json!({}), ServerError, "ERROR"),
        ("no such app", "unauthorized_client", 700_016, json!({}), ServerError, "ERROR"),
        ("a wrong secret", "invalid_client", 7_000_215, json!({}), ServerError, "ERROR"),
        ("an old secret", "invalid_client", 7_000_222, json!({}), ServerError, "ERROR"),
        ("a certificate", "invalid_client", 700_027, json!({}), ServerError, "ERROR"),
        ("an API that the tenant does not have", "invalid_resource", 500_011, json!({}), ServerError, "ERROR"),
        ("a permission that nobody asked for", "invalid_client", 650_056, json!({}), ServerError, "ERROR"),
        ("a scope", "invalid_scope", 70_011, json!({}), ServerError, "ERROR"),
        ("two resources", "invalid_grant", 28_003, json!({}), ServerError, "ERROR"),
    ] {
        let told = redeemed(Platform::Web, refused(error, number, more)).await;
        assert_eq!(told.code, expected, "{name}");
        let words = told.description.to_string();
        assert!(!words.contains("AADSTS") && !words.contains("words."), "{name}: {words}");
        let (_, line) = line_of(&told);
        for part in [level, &format!("aadsts={number}"), TRACE, CORRELATION] {
            assert!(line.contains(part), "{name}: {part} is not in {line}");
        }
        assert_eq!(line.contains(REGISTERED), level == "ERROR", "{name}: {line}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_says_when_to_come_back_and_has_a_reference_too() {
    for (name, answer) in [
        ("an outage", status(503, &[("retry-after", "7")], "")),
        ("throttled", status(429, &[("retry-after", "7")], "")),
        ("a gateway's page", status(200, &[], "<html>")),
    ] {
        let told = redeemed(Platform::Web, answer).await;
        assert_eq!((told.code, told.code.status().as_u16()), (OAuthCode::TemporarilyUnavailable, 503), "{name}");
        assert_eq!(told.retry_after.map(|wait| wait.as_secs()), (name != "a gateway's page").then_some(7), "{name}");
        let (_, line) = line_of(&told);
        let cure = if name == "throttled" { "cure=\"wait" } else { "cure=\"try again; check the network" };
        assert!(line.contains("cannot answer") && line.contains(cure), "{name}: {line}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_says_what_to_register_and_how() {
    for (own, number, platform, cure) in [
        (Platform::Web, 50_011, "platform Web, app", "adds the redirect URI"),
        (Platform::Web, 700_025, "platform Web, app", "removes the redirect URI from its present platform"),
        (
            Platform::MobileAndDesktop,
            7_000_218,
            "platform Mobile and desktop applications, app",
            "removes the redirect URI",
        ),
        (
            Platform::MobileAndDesktop,
            9_002_327,
            "platform Mobile and desktop applications, app",
            "removes the redirect URI",
        ),
        (Platform::Web, 700_016, "platform Web, app", "corrects the app's id or the tenant"),
        (Platform::Web, 7_000_215, "platform Web, app", "renews the app's client secret"),
    ] {
        let told = redeemed(own, refused("invalid_client", number, json!({}))).await;
        let (_, line) = line_of(&told);
        for part in [REGISTERED, platform, CLIENT, cure] {
            assert!(line.contains(part), "{number}: {part} is not in {line}");
        }
        // No page comes of it, so the client has it, and may show it.
        let is_told = [REGISTERED, platform, CLIENT].iter().all(|part| told.description.contains(part));
        assert_eq!(is_told, number != 7_000_215, "{number}: {}", told.description);
    }
}

#[test]
fn what_the_sign_in_page_says_is_told_in_words_of_oauth() {
    use OAuthCode::{AccessDenied, InteractionRequired, LoginRequired, ServerError, TemporarilyUnavailable};
    for (error, number, expected, says) in [
        ("access_denied", None, AccessDenied, "cancelled"),
        ("access_denied", Some(65_004), AccessDenied, "cancelled"),
        ("access_denied", Some(65_001), AccessDenied, "administrator"),
        ("access_denied", Some(90_094), AccessDenied, "administrator"),
        ("access_denied", Some(90_095), AccessDenied, "administrator"),
        ("consent_required", Some(65_001), AccessDenied, "administrator"),
        ("consent_required", None, AccessDenied, "administrator"),
        ("access_denied", Some(53_003), AccessDenied, "rule"),
        ("access_denied", Some(50_105), AccessDenied, "rule"),
        ("access_denied", Some(530_032), AccessDenied, "rule"),
        ("login_required", Some(50_058), LoginRequired, "sign in"),
        ("login_required", None, LoginRequired, "sign in"),
        ("interaction_required", Some(50_076), InteractionRequired, "sign in"),
        ("interaction_required", Some(16_000), InteractionRequired, "sign in"),
        ("temporarily_unavailable", None, TemporarilyUnavailable, "try again"),
        ("server_error", Some(90_033), TemporarilyUnavailable, "try again"),
        ("server_error", None, TemporarilyUnavailable, "try again"),
        ("invalid_client", Some(650_056), ServerError, "log"),
        ("invalid_resource", Some(500_011), ServerError, "log"),
        ("unauthorized_client", Some(700_016), ServerError, "log"),
        ("invalid_request", Some(50_011), ServerError, "log"),
        ("invalid_scope", Some(70_011), ServerError, "log"),
        ("<script>", None, ServerError, "log"),
        ("", None, ServerError, "log"),
    ] {
        let description = number.map(|number| format!("AADSTS{number}: words about alice@contoso.com"));
        let told = Told::at_sign_in(error, description.as_deref());
        let error = told.by_redirect();
        let name = format!("{error:?} {number:?}");
        assert!(error.code == expected && error.description.contains(says), "{name}");
        let reference = told.reference().to_string();
        assert!(error.description.ends_with(&reference) && !error.description.contains("alice"), "{name}");
        assert!(error.description.bytes().all(|byte| matches!(byte, b' '..=b'~' if byte != b'"' && byte != b'\\')));
    }
}

#[test]
fn the_log_has_entras_ids_of_a_sign_in_and_none_of_its_words() {
    let registration = Registration::new(CALLBACK, Platform::Web, CLIENT);
    let said = format!(
        "AADSTS65004: alice@contoso.com declined.\r\nTrace ID: {TRACE} Correlation ID: {CORRELATION} Timestamp: 2026"
    );
    for (name, description, ids) in [
        ("whole", said.as_str(), true),
        ("ids that are none", "AADSTS65004: x Trace ID: alice-alice-alice-alice-alice-alice-alice", false),
        ("cut", "AADSTS65004: x Trace ID: aaaa", false),
        ("in the middle of a character", "AADSTS65004: Trace ID: aaaaaaaa-0000-0000-0000-00000000000é", false),
    ] {
        testlog::begin();
        let told = Told::at_sign_in("access_denied", Some(description));
        told.log(&registration);
        let (_, line) = line_of(&told.by_redirect());
        assert!(line.contains("aadsts=65004") && !line.contains("alice"), "{name}: {line}");
        assert_eq!(line.contains(TRACE) && line.contains(CORRELATION), ids, "{name}: {line}");
    }
}
