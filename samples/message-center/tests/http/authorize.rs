//! `GET /authorize`: what is passed on to the tenant, what goes back to the client, and what goes nowhere.

use std::time::Duration;

use entra_emulator::{API_CLIENT_ID, CLIENT_ID};
use url::{Url, form_urlencoded};

use crate::support::{Answer, Fixture, skip};

const REDIRECT: &str = "http://localhost:8400/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A good request with some parameters changed; an empty value leaves one out.
fn query(changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("client_id", CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("state", "of the client"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

async fn ask(server: &Fixture, query: &str) -> Answer {
    ask_at(server, "/authorize", query).await
}

/// Asks when it may: ten times a minute.
async fn ask_at(server: &Fixture, path: &str, query: &str) -> Answer {
    skip(Duration::from_secs(6)).await;
    server.get(&format!("{path}?{query}")).await
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut values = url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    let first = values.next();
    assert_eq!(values.next(), None, "{name} comes twice in {url}");
    first
}

/// Returns where the browser is sent.
fn location(answer: &Answer) -> Url {
    assert_eq!(answer.status, 302, "{answer:?}");
    for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        assert_eq!(answer.header(name), Some(value), "{answer:?}");
    }
    Url::parse(answer.header("location").unwrap()).unwrap()
}

#[tokio::test]
async fn good_requests_go_to_the_tenant_with_our_scopes_and_without_resource() {
    let server = Fixture::start().await;
    let (mcp, guid, uri) = (
        server.url("/mcp"),
        format!("{API_CLIENT_ID}/access_as_user"),
        format!("openid api://{API_CLIENT_ID}/access_as_user offline_access"),
    );
    for (name, changes) in [
        ("nothing more", vec![]),
        ("our resource", vec![("resource", &*mcp)]),
        ("our origin as the resource", vec![("resource", &*server.base)]),
        ("a bare scope", vec![("scope", "access_as_user")]),
        ("a scope in GUID form", vec![("scope", &*guid)]),
        ("a scope under the App ID URI, with OpenID's", vec![("scope", &*uri)]),
        ("the client id in capitals", vec![("client_id", "C1E7D6F0-93AA-4E59-8F0E-2A4F7B1D3E02")]),
        ("an unknown parameter", vec![("x", "y"), ("response_mode", "form_post"), ("claims", "{}")]),
        ("another loopback port", vec![("redirect_uri", "http://127.0.0.1:49152/callback")]),
    ] {
        let url = location(&ask(&server, &query(&changes)).await);
        assert!(url.as_str().starts_with(&server.emulator.http_url()), "{name}: {url}");
        let redirect = changes.iter().find(|(known, _)| *known == "redirect_uri").map_or(REDIRECT, |(_, value)| *value);
        for (parameter_name, value) in [
            ("client_id", CLIENT_ID),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", redirect),
            ("state", "of the client"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", &format!("{API_CLIENT_ID}/access_as_user offline_access")),
        ] {
            assert_eq!(parameter(&url, parameter_name).as_deref(), Some(value), "{name}: {parameter_name}");
        }
        for dropped in ["resource", "x", "claims"] {
            assert_eq!(parameter(&url, dropped), None, "{name}");
        }
        // The tenant, which refuses what Entra refuses, takes it.
        let back = Answer::of(server.http.get(url).send().await.unwrap()).await;
        let back = Url::parse(back.header("location").unwrap_or_else(|| panic!("{name}: {back:?}"))).unwrap();
        assert!(parameter(&back, "code").is_some(), "{name}: {back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("of the client"), "{name}");
    }
}

#[tokio::test]
async fn a_prompt_goes_on_where_entra_lets_users_answer_it() {
    let server = Fixture::start().await;
    for (prompt, passed) in [
        ("login", true),
        ("select_account", true),
        ("none", true),
        ("consent", false),
        ("admin_consent", false),
        ("x", false),
    ] {
        let url = location(&ask(&server, &query(&[("prompt", prompt), ("login_hint", "bob")])).await);
        assert_eq!(parameter(&url, "prompt").is_some(), passed, "{prompt}");
        assert_eq!(parameter(&url, "login_hint").as_deref(), Some("bob"), "{prompt}");
    }
}

#[tokio::test]
async fn a_known_client_is_told_what_is_wrong() {
    let server = Fixture::start().await;
    let long = "s".repeat(1_501);
    for (name, changes, error) in [
        ("no response type", ("response_type", ""), "unsupported_response_type"),
        ("a token at once", ("response_type", "token"), "unsupported_response_type"),
        ("no state", ("state", ""), "invalid_request"),
        ("a long state", ("state", &*long), "invalid_request"),
        ("no challenge", ("code_challenge", ""), "invalid_request"),
        ("a short challenge", ("code_challenge", "abc"), "invalid_request"),
        (
            "a challenge of other characters",
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
            "invalid_request",
        ),
        ("no method", ("code_challenge_method", ""), "invalid_request"),
        ("a plain challenge", ("code_challenge_method", "plain"), "invalid_request"),
        ("Graph's scope", ("scope", "https://graph.microsoft.com/.default"), "invalid_scope"),
        ("a scope that is not ours", ("scope", "access_as_user Mail.Read"), "invalid_scope"),
        ("a scope of nobody's", ("scope", "api://other/access_as_user"), "invalid_scope"),
        ("another resource", ("resource", "https://graph.microsoft.com"), "invalid_target"),
        ("a resource that begins like ours", ("resource", "http://127.0.0.1.evil.example/mcp"), "invalid_target"),
    ] {
        let url = location(&ask(&server, &query(&[changes])).await);
        assert!(url.as_str().starts_with(&format!("{REDIRECT}?")), "{name}: {url}");
        assert_eq!(parameter(&url, "error").as_deref(), Some(error), "{name}: {url}");
        let state = (changes.0 != "state").then_some("of the client");
        assert_eq!(parameter(&url, "state").as_deref(), state, "{name}: {url}");
    }
    assert_eq!(server.emulator.counters().authorize, 0);
}

#[tokio::test]
async fn a_request_that_proves_neither_client_nor_redirect_ends_in_a_page() {
    let server = Fixture::start().await;
    let redirect = |uri: &str| query(&[("redirect_uri", uri)]);
    let twice = |name: &str, value: &str| {
        let more = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        (format!("{}&{more}", query(&[])), format!("{more}&{}", query(&[])))
    };
    let mut rows = vec![
        ("no query", String::new()),
        ("no client", query(&[("client_id", "")])),
        ("an unknown client", query(&[("client_id", API_CLIENT_ID)])),
        ("no redirect", redirect("")),
        ("a redirect elsewhere", redirect("https://evil.example/callback")),
        ("a redirect that begins like loopback", redirect("http://localhost.evil.example/callback")),
        ("a redirect with a user", redirect("http://localhost@evil.example/callback")),
        ("a redirect with a fragment", redirect("http://localhost:8400/callback#x")),
        ("a redirect with a line break", redirect("http://localhost:8400/\r\nlocation: https://evil.example")),
        ("a redirect to a script", redirect("javascript:alert(1)")),
        (
            "Teams' redirect with more behind it",
            redirect("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect/x"),
        ),
    ];
    for (name, value) in [
        ("redirect_uri", "https://evil.example/"),
        ("client_id", API_CLIENT_ID),
        ("state", "other"),
        ("code_challenge", CHALLENGE),
    ] {
        let (last, first) = twice(name, value);
        rows.extend([("a parameter twice", last), ("a parameter twice, the other first", first)]);
    }
    rows.push(("the resource twice", format!("{}&resource={}&resource=x", query(&[]), server.url("/mcp"))));
    for (name, query) in rows {
        for path in ["/authorize", "/oauth2/v2.0/authorize"] {
            let answer = ask_at(&server, path, &query).await;
            assert_eq!((answer.status, answer.header("location")), (400, None), "{name}: {query}: {answer:?}");
            assert!(!answer.text.contains("evil"), "{name}: the page repeats it: {answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}: {answer:?}");
            assert!(answer.header("content-security-policy").is_some(), "{name}: {answer:?}");
        }
    }
    assert_eq!(server.emulator.counters().authorize, 0);
}

#[tokio::test]
async fn only_get_asks_for_authorization() {
    let server = Fixture::start().await;
    let answer = server.http.post(server.url(&format!("/authorize?{}", query(&[])))).send().await.unwrap();
    assert_eq!(answer.status(), 405);
}
