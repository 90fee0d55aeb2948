use std::collections::HashSet;

use futures_util::FutureExt as _;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use mcp_auth_layer::redirect::RedirectAllowlist;
use serde_json::Value;

use super::*;
use crate::{proxy::client::Registration, seal::KeyRing};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn clients() -> Clients {
    Clients {
        ring: KeyRing::ephemeral(),
        allowlist: RedirectAllowlist::parse_list("default,vscode,cursor").unwrap(),
        preregistered: None,
        not_before: UnixTime::from_secs(0),
        denied: std::sync::Arc::default(),
        documents: None,
    }
}

/// Returns the status and the JSON.
fn ask(clients: &Clients, body: &str) -> (u16, Value) {
    let response = register(clients, body.as_bytes(), NOW);
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let status = response.status().as_u16();
    // The body is whole, so it needs no runtime.
    let body = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn visual_studio_code_registers_without_a_secret() {
    let clients = clients();
    let (status, answer) = ask(
        &clients,
        r#"{
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"],
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/"
            ],
            "token_endpoint_auth_method": "none",
            "application_type": "native"
        }"#,
    );
    let id = answer["client_id"].as_str().unwrap();
    let expected = json!({
        "client_id": id,
        "client_id_issued_at": 1_800_000_000,
        "client_name": "Visual Studio Code",
        "redirect_uris": [
            "https://insiders.vscode.dev/redirect",
            "https://vscode.dev/redirect",
            "http://127.0.0.1/",
            "http://127.0.0.1:33418/",
        ],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    });
    assert_eq!((status, &answer), (201, &expected));
    let client = clients.find(id).await.unwrap();
    assert_eq!(client.name(), Some("Visual Studio Code"));
    assert!(client.redirect("http://127.0.0.1:51234/").is_ok(), "the port that it found free");
    assert!(id.len() < 500, "the id stands in a URL: {} bytes", id.len());
}

#[test]
fn cursor_gets_those_of_its_three_redirect_uris_that_are_allowed() {
    let body = json!({
        "client_name": "Cursor",
        "redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback",
        ],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    let all: Vec<Value> = body["redirect_uris"].as_array().unwrap().clone();
    for (list, expected) in [("loopback,cursor", &all[..]), ("cursor", &all[..2]), ("default", &all[2..])] {
        let clients = Clients { allowlist: RedirectAllowlist::parse_list(list).unwrap(), ..clients() };
        let (status, answer) = ask(&clients, &body.to_string());
        assert_eq!((status, &answer["redirect_uris"]), (201, &json!(expected)), "{list}");
    }
}

#[test]
fn a_secret_is_for_those_who_ask_for_one_or_say_nothing() {
    let clients = clients();
    for (name, method, expected) in [
        ("none", json!("none"), "none"),
        ("Basic", json!("client_secret_basic"), "client_secret_basic"),
        ("body", json!("client_secret_post"), "client_secret_post"),
        ("null", Value::Null, "client_secret_basic"),
        ("a key, which is not supported", json!("private_key_jwt"), "none"),
        ("something else", json!("CLIENT_SECRET_BASIC"), "none"),
    ] {
        let body = json!({ "redirect_uris": ["http://127.0.0.1/"], "token_endpoint_auth_method": method });
        let (status, answer) = ask(&clients, &body.to_string());
        assert_eq!((status, answer["token_endpoint_auth_method"].as_str()), (201, Some(expected)), "{name}");
        let secret = (expected != "none").then(|| derived_secret(&clients.ring, answer["client_id"].as_str().unwrap()));
        assert_eq!(answer.get("client_secret").and_then(Value::as_str), secret.as_ref().map(|secret| secret.as_str()));
        assert_eq!(answer.get("client_secret_expires_at"), secret.is_some().then_some(&json!(0)), "{name}");
    }
    let (_, answer) = ask(&clients, r#"{"redirect_uris":["http://127.0.0.1/"]}"#);
    assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic", "omitted (RFC 7591 section 2)");
    assert_eq!(answer["client_secret"].as_str().map(str::len), Some(43));
}

#[test]
fn what_is_too_much_or_of_no_use_is_refused_by_its_reason() {
    let uri = |length: usize| format!("http://127.0.0.1/{}", "x".repeat(length - 17));
    let many = |count: usize, length: usize| -> Vec<String> {
        (0..count).map(|number| format!("{}{number:02}", uri(length - 2))).collect()
    };
    let with = |name: &str, value: Value| {
        let mut body = json!({ "redirect_uris": ["http://127.0.0.1/"] });
        body[name] = value;
        body.to_string()
    };
    let redirects = |value: Value| json!({ "redirect_uris": value }).to_string();
    let (redirect, metadata) = ((400, Some("invalid_redirect_uri")), (400, Some("invalid_client_metadata")));
    let ok = (201, None);
    for (name, body, expected) in [
        ("no list", "{}".to_owned(), redirect),
        ("an empty list", redirects(json!([])), redirect),
        (
            "none that is allowed",
            redirects(json!(["https://evil.example/", "http://127.0.0.1@evil.example/"])),
            redirect,
        ),
        ("one that is allowed", redirects(json!(["https://evil.example/", "http://127.0.0.1/"])), ok),
        ("ten", redirects(json!(many(10, 100))), ok),
        ("eleven", redirects(json!(many(11, 100))), metadata),
        ("eleven, one allowed", redirects(json!([many(10, 100), vec!["x".to_owned()]].concat())), metadata),
        ("512 bytes", redirects(json!([uri(512)])), ok),
        ("513 bytes", redirects(json!([uri(513)])), metadata),
        ("too long together", redirects(json!(many(10, 400))), metadata),
        ("no list but a text", redirects(json!("http://127.0.0.1/")), metadata),
        ("a number in the list", redirects(json!([1])), metadata),
        ("80 characters", with("client_name", json!("é".repeat(80))), ok),
        ("81 characters", with("client_name", json!("é".repeat(81))), metadata),
        ("a name that is none", with("client_name", json!({})), metadata),
        ("other grants", with("grant_types", json!(["client_credentials"])), metadata),
        ("no grants", with("grant_types", json!([])), ok),
        ("more grants", with("grant_types", json!(["authorization_code", "password"])), ok),
        ("other responses", with("response_types", json!(["token"])), metadata),
        ("unknown members", with("jwks_uri", json!({ "x": [1] })), ok),
        ("a list", "[]".to_owned(), metadata),
        ("nothing", String::new(), metadata),
        ("no JSON", "client_name=x".to_owned(), metadata),
        ("a member twice", r#"{"redirect_uris":["http://127.0.0.1/"],"redirect_uris":[]}"#.to_owned(), metadata),
        ("nested without end", format!(r#"{{"x":{}"#, "[".repeat(10_000)), metadata),
        ("16 KB", with("x", json!("x".repeat(MAX_BODY - 50))), ok),
        ("more than 16 KB", with("x", json!("x".repeat(MAX_BODY))), metadata),
    ] {
        let (status, answer) = ask(&clients(), &body);
        assert_eq!((status, answer.get("error").and_then(Value::as_str)), expected, "{name}");
        assert!(!answer.to_string().contains("evil"), "{name}: nothing of what was sent comes back");
    }
}

#[test]
fn a_redirect_uri_that_is_there_twice_is_registered_once() {
    let (_, answer) = ask(&clients(), r#"{"redirect_uris":["http://127.0.0.1/","http://127.0.0.1/"]}"#);
    assert_eq!(answer["redirect_uris"], json!(["http://127.0.0.1/"]));
}

#[test]
fn what_cannot_be_seen_in_a_name_is_not_registered() {
    let body = json!({ "redirect_uris": ["http://127.0.0.1/"], "client_name": "\u{202e}edoC\u{0}" });
    assert_eq!(ask(&clients(), &body.to_string()).1["client_name"], "edoC");
    let body = json!({ "redirect_uris": ["http://127.0.0.1/"], "client_name": " \u{200b}" });
    assert_eq!(ask(&clients(), &body.to_string()).1.get("client_name"), None);
}

/// The fields are taken apart one by one, so that a new one, in which registrations could be kept, does not compile here.
#[tokio::test]
async fn ten_thousand_registrations_are_kept_by_nobody_but_their_clients() {
    let Clients { ring, allowlist, preregistered: _, not_before, denied, documents: _ } = clients();
    let fresh = || Clients {
        ring: ring.clone(),
        allowlist: allowlist.clone(),
        preregistered: None,
        not_before,
        denied: std::sync::Arc::clone(&denied),
        documents: None,
    };
    let body = r#"{"redirect_uris":["http://127.0.0.1/"],"client_name":"x"}"#;
    let (one, mut ids) = (fresh(), HashSet::new());
    for _ in 0..10_000 {
        let (status, answer) = ask(&one, body);
        assert_eq!(status, 201);
        ids.insert(answer["client_id"].as_str().unwrap().to_owned());
    }
    drop(one);
    assert_eq!(ids.len(), 10_000);
    // A replica that has seen none of them.
    let other = fresh();
    for id in &ids {
        assert_eq!(other.find(id).await.unwrap().name(), Some("x"));
    }
}

/// Reading and sealing get no place to which they could write.
#[test]
fn registering_takes_nothing_but_what_stays_as_it_is() {
    let _: fn(Asked, &RedirectAllowlist, UnixTime) -> Result<Registration, OAuthError> = read_registration;
    let _: fn(&Registration, &KeyRing) -> Result<String, OAuthError> = Registration::seal;
}
