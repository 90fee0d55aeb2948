//! Who is turned away, how it is said to the caller, and how to the auditor.

use std::time::Duration;

use entra_emulator::{CLIENT_ID, Config, Emulator, Fault, Place, Signer, TENANT_ID, TokenSpec};
use serde_json::{Value, json};

use crate::support::{Answer, Era, Fixture, skip};

/// A refusal: its name, the `Authorization` headers that cause it, status, error word and audited reason.
type Row = (&'static str, Vec<String>, u16, &'static str, &'static str);

const OTHER_TENANT: &str = "9d0f3a52-1111-4222-8333-444455556666";

fn rows(emulator: &Emulator) -> Vec<Row> {
    let alice = || TokenSpec::user("alice");
    let bearer = |spec: TokenSpec| vec![format!("Bearer {}", emulator.mint(spec))];
    let good = bearer(alice()).remove(0);
    let signature = |token: &str| token.rsplit('.').next().unwrap_or_default().to_owned();
    let swapped = good.replace(&signature(&good), &signature(&bearer(alice()).remove(0)));
    let issuer = |tenant: &str| format!("{}/{tenant}/v2.0", emulator.http_url());
    let other = alice().claim("tid", OTHER_TENANT).claim("iss", issuer(OTHER_TENANT));
    let id_token = alice().claim("scp", Value::Null).claim("nonce", "n").claim("preferred_username", "a@b");
    vec![
        ("no credential", vec![], 401, "unauthorized", "no_credentials"),
        ("another scheme", vec!["Basic YTpi".to_owned()], 401, "unauthorized", "no_credentials"),
        ("not a token", vec!["Bearer a b".to_owned()], 401, "invalid_token", "malformed_credentials"),
        ("not a JWT", vec!["Bearer abc".to_owned()], 401, "invalid_token", "malformed_token"),
        ("two credentials", vec![good.clone(), good], 400, "invalid_request", "several_credentials"),
        ("forged", bearer(alice().signed_by(Signer::Attacker)), 401, "invalid_token", "signature"),
        ("another token's signature", vec![swapped], 401, "invalid_token", "signature"),
        ("a key nobody has", bearer(alice().header("kid", "nobody")), 401, "invalid_token", "unknown_key"),
        ("alg none", bearer(alice().signed_by(Signer::Nobody)), 401, "invalid_token", "algorithm"),
        (
            "HS256 with the public key",
            bearer(alice().signed_by(Signer::PublicKeyAsSecret)),
            401,
            "invalid_token",
            "algorithm",
        ),
        ("expired", bearer(alice().expires_in(-3_600)), 401, "invalid_token", "expired"),
        ("not yet valid", bearer(alice().claim("nbf", in_an_hour())), 401, "invalid_token", "not_yet_valid"),
        ("other tenant", bearer(other), 401, "invalid_token", "wrong_issuer"),
        ("tid of another than iss", bearer(alice().claim("tid", OTHER_TENANT)), 401, "invalid_token", "wrong_tenant"),
        (
            "iss of another than tid",
            bearer(alice().claim("iss", issuer(OTHER_TENANT))),
            401,
            "invalid_token",
            "wrong_issuer",
        ),
        ("other audience", bearer(alice().claim("aud", "api://somebody-else")), 401, "invalid_token", "wrong_audience"),
        (
            "Graph's audience",
            bearer(alice().claim("aud", "https://graph.microsoft.com")),
            401,
            "invalid_token",
            "known_resource",
        ),
        ("an ID token", bearer(id_token), 401, "invalid_token", "not_an_access_token"),
        ("an application", bearer(TokenSpec::app(&["Messages.Read"])), 403, "insufficient_scope", "app_only"),
        ("without the scope", bearer(alice().scopes("other.scope")), 403, "insufficient_scope", "scope"),
    ]
}

fn in_an_hour() -> i64 {
    jiff::Timestamp::now().as_second() + 3_600
}

async fn send(server: &Fixture, era: Era, credentials: &[String]) -> Answer {
    let request = server.request(era, "tools/call", json!({"name": "getMessages", "arguments": {}}));
    let request = credentials.iter().fold(request, |request, one| request.header("authorization", one));
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_refusal_has_its_status_challenge_body_and_audited_reason() {
    let server = Fixture::start().await;
    for era in Era::BOTH {
        for (name, credentials, status, error, reason) in rows(&server.emulator) {
            let answer = send(&server, era, &credentials).await;
            assert_eq!(answer.status, status, "{name}: {answer:?}");
            let challenge = answer.header("www-authenticate").unwrap_or_else(|| panic!("{name}: {answer:?}"));
            assert!(challenge.starts_with("Bearer "), "{name}: {challenge}");
            for part in [
                "scope=\"access_as_user\"".to_owned(),
                format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"", server.base),
            ] {
                assert!(challenge.contains(&part), "{name}: {challenge}");
            }
            // RFC 6750 section 3.1: who sent nothing is told no error.
            let told = challenge.contains(&format!("error=\"{error}\""));
            assert_eq!(told, error != "unauthorized", "{name}: {challenge}");
            let body = answer.json();
            assert_eq!(body["jsonrpc"], "2.0", "{name}");
            assert_eq!(body.get("id"), None, "{name}");
            assert_eq!(
                (&body["error"]["code"], &body["error"]["data"]["error"]),
                (&json!(-32600), &json!(error)),
                "{name}"
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
            let audited = server.log.last_audit();
            assert_eq!((&*audited["decision"], &*audited["reason"]), ("refused", reason), "{name}");
            assert_eq!(audited["status"], status.to_string(), "{name}");
        }
    }
    let counters = server.emulator.counters();
    assert_eq!((counters.obo, counters.graph_messages), (0, 0));
}

#[tokio::test]
async fn a_token_meant_for_graph_is_called_that() {
    let server = Fixture::start().await;
    for audience in
        ["https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000"]
    {
        let token = server.emulator.mint(TokenSpec::user("alice").claim("aud", audience));
        let answer = server.call(Some(&token), json!({})).await;
        let text = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(text.contains("another API") && answer.status == 401, "{audience}: {text}");
        assert!(server.log.last_audit()["detail"].contains("Microsoft Graph"), "{:?}", server.log.last_audit());
    }
}

#[tokio::test]
async fn the_trail_names_whom_entra_vouched_for_and_nobody_else() {
    let server = Fixture::start().await;
    let forged = server.emulator.mint(TokenSpec::user("bob").signed_by(Signer::Attacker));
    assert_eq!(server.call(Some(&forged), json!({})).await.status, 401);
    assert!(!server.log.last_audit().contains_key("oid"), "whoever forged it chose the name");

    server.call_as("alice").await.result();
    let audited = server.log.last_audit();
    let who = (&*audited["decision"], &*audited["tid"], &*audited["oid"], &*audited["azp"]);
    assert_eq!(who, ("admitted", TENANT_ID, "a1a1a1a1-0000-4000-8000-000000000001", CLIENT_ID));
}

#[tokio::test]
async fn a_token_anywhere_but_in_the_header_is_no_credential() {
    let server = Fixture::start().await;
    let token = server.token("alice");
    for (path, status, reason) in
        [("/mcp".to_owned(), 401, "no_credentials"), (format!("/mcp?access_token={token}"), 400, "token_in_query")]
    {
        let request = server.http.post(server.url(&path));
        let request = request.header("cookie", format!("access_token={token}")).body(format!("access_token={token}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{reason}");
        assert_eq!(server.log.last_audit()["reason"], reason);
    }
    assert!(!server.log.everything().contains(&token), "a query was logged");
}

#[tokio::test]
async fn without_keys_nobody_is_judged_until_they_come() {
    for place in [Place::Keys, Place::Discovery] {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        emulator.control().set_fault(place, "", Fault::Unavailable);
        let server = Fixture::over(emulator, &[]).await;
        for _ in 0..2 {
            let answer = server.call_as("alice").await;
            assert_eq!(answer.status, 503, "{place:?}: {answer:?}");
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=5).contains(&wait), "{place:?}: {wait}");
            // Nothing is wrong with the token, and a challenge would send the user to sign in again.
            assert_eq!(answer.header("www-authenticate"), None);
            assert_eq!(answer.json()["error"]["data"]["error"], "temporarily_unavailable");
            assert_eq!(server.log.last_audit()["reason"], "unavailable");
        }
        server.emulator.control().clear_fault(place, "");
        assert_eq!(server.call_as("alice").await.status, 503, "{place:?}: the pause is not over");
        skip(Duration::from_secs(6)).await;
        server.call_as("alice").await.result();
    }
}

#[tokio::test]
async fn an_outage_after_the_start_keeps_nobody_out() {
    let server = Fixture::start().await;
    server.call_as("alice").await.result();
    for place in [Place::Keys, Place::Discovery] {
        server.emulator.control().set_fault(place, "", Fault::Unavailable);
    }
    skip(Duration::from_secs(2 * 3_600)).await;
    server.call_as("bob").await.result();
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn keys_that_rotate_let_new_tokens_in_and_withdrawn_ones_out() {
    let server = Fixture::start().await;
    let old = server.token("alice");
    server.call(Some(&old), json!({"top": 1})).await.result();
    server.emulator.control().rotate_keys();
    // The pause after a fetch, which a flood of invented key ids cannot shorten.
    skip(Duration::from_secs(31)).await;
    server.call_as("bob").await.result();
    server.emulator.control().rotate_keys();
    skip(Duration::from_secs(31)).await;
    server.call_as("bob").await.result();
    let answer = server.call(Some(&old), json!({"top": 1})).await;
    assert_eq!((answer.status, &*server.log.last_audit()["reason"]), (401, "unknown_key"));
}

#[tokio::test]
async fn a_v1_token_passes_with_keys_that_carry_v2_issuers() {
    let emulator = Emulator::start(Config::default().with_default_token_version()).await.unwrap();
    let server = Fixture::over(emulator, &[]).await;
    let token = server.token("alice");
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["ver"], &claims["iss"]),
        (&json!("1.0"), &json!(format!("https://sts.windows.net/{TENANT_ID}/")))
    );
    server.call(Some(&token), json!({"top": 1})).await.result();

    let forged = server.emulator.mint(TokenSpec::user("alice").signed_by(Signer::Attacker));
    assert_eq!(server.call(Some(&forged), json!({})).await.status, 401);
}

#[tokio::test]
async fn other_methods_are_refused_before_anybody_asks_who_calls() {
    let server = Fixture::start().await;
    for method in ["GET", "DELETE", "PUT", "PATCH", "HEAD"] {
        let request = server.http.request(method.parse().unwrap(), server.url("/mcp"));
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.header("allow").unwrap().contains("POST"), "{method}: {answer:?}");
    }
    assert!(server.log.audit().is_empty());
}

#[tokio::test]
async fn hosts_and_origins_are_checked_against_dns_rebinding() {
    let server = Fixture::with(&[("MCP_ALLOWED_ORIGINS", "https://app.example,http://localhost:6274")]).await;
    let token = server.token("alice");
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    for (name, headers, status) in [
        ("neither", vec![], 200),
        ("this machine by another name", vec![("host", format!("localhost:{port}"))], 200),
        ("another host", vec![("host", "evil.example".to_owned())], 403),
        ("another host with our port", vec![("host", format!("evil.example:{port}"))], 403),
        ("a host that begins like ours", vec![("host", format!("127.0.0.1.evil.example:{port}"))], 403),
        ("an allowed origin", vec![("origin", "https://app.example".to_owned())], 200),
        ("an allowed origin with a port", vec![("origin", "http://localhost:6274".to_owned())], 200),
        ("another origin", vec![("origin", "https://evil.example".to_owned())], 403),
        ("an allowed origin over http", vec![("origin", "http://app.example".to_owned())], 403),
        ("an allowed origin's other port", vec![("origin", "https://app.example:8443".to_owned())], 403),
        ("a sandboxed page", vec![("origin", "null".to_owned())], 403),
    ] {
        for era in Era::BOTH {
            let request = server.request(era, "tools/list", json!({})).bearer_auth(&token);
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.status, status, "{name}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_preflight_needs_no_credential_and_names_allowed_origins_only() {
    let server = Fixture::with(&[("MCP_ALLOWED_ORIGINS", "https://app.example")]).await;
    for (origin, allowed) in [("https://app.example", true), ("https://evil.example", false)] {
        let request = server
            .http
            .request(reqwest::Method::OPTIONS, server.url("/mcp"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,mcp-method");
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
        if allowed {
            let headers = answer.header("access-control-allow-headers").unwrap();
            for name in ["authorization", "content-type", "mcp-method", "mcp-name", "mcp-protocol-version"] {
                assert!(headers.contains(name), "{headers}");
            }
        }
    }
    // The refusal of a request is readable to the page, challenge included.
    let request = server.request(Era::Modern, "tools/list", json!({})).header("origin", "https://app.example");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (401, Some("https://app.example")));
    assert_eq!(answer.header("access-control-expose-headers"), Some("www-authenticate,retry-after"));
    assert_eq!(server.log.audit().len(), 1, "a preflight is nobody's call");
}
