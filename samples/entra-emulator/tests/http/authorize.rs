use entra_emulator::{API_CLIENT_ID, CLIENT_ID, Config, Platform, Redirect, TENANT_ID};

use super::tenant::{Parameters, Tenant};

fn config() -> Config {
    Config::default()
        .with_client_redirect(Redirect::new(Platform::Spa, "http://localhost/spa"))
        .with_client_redirect(Redirect::new(Platform::Web, "http://[::1]/web"))
        .with_client_redirect(Redirect::new(Platform::Web, "http://app.example/web"))
        .with_api_redirect(Redirect::new(Platform::Web, "http://localhost/api"))
}

#[tokio::test]
async fn a_refusal_before_client_and_redirect_are_known_is_a_page() {
    let tenant = Tenant::with(config()).await;
    let long = "s".repeat(2_048);
    let cases: [(&str, Parameters<'_>, u32); 13] = [
        ("no client", &[("client_id", "")], 900_144),
        ("an unknown client", &[("client_id", TENANT_ID)], 700_016),
        ("no redirect", &[("redirect_uri", "")], 900_144),
        ("another host", &[("redirect_uri", "https://evil.example/callback")], 50011),
        ("a host that begins alike", &[("redirect_uri", "http://localhost.evil.example/callback")], 50011),
        ("a path in other case", &[("redirect_uri", "http://localhost:8400/Callback")], 50011),
        ("https on loopback", &[("redirect_uri", "https://localhost:8400/callback")], 50011),
        ("IPv6 loopback", &[("redirect_uri", "http://[::1]:8400/callback")], 50011),
        ("IPv6 loopback that a config lists", &[("redirect_uri", "http://[::1]/web")], 50011),
        ("http elsewhere that a config lists", &[("redirect_uri", "http://app.example/web")], 50011),
        ("a redirect of the other app", &[("redirect_uri", "http://localhost/api")], 50011),
        ("a state that makes the query too long", &[("state", &long)], 90015),
        ("a user who does not exist", &[("login_hint", "alice@fabrikam.example")], 50034),
    ];
    for (name, changes, code) in cases {
        let answer = tenant.authorize(changes).await;
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.headers.get("location").is_none(), "{name}: nothing goes to the client");
        assert!(answer.text.contains(&format!("AADSTS{code}:")), "{name}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{name}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_known_client_goes_to_its_redirect() {
    let tenant = Tenant::with(config()).await;
    let two = format!("api://{API_CLIENT_ID}/access_as_user https://graph.microsoft.com/User.Read");
    let cases: [(&str, Parameters<'_>, &str, u32); 17] = [
        ("no scope", &[("scope", "")], "invalid_request", 900_144),
        ("a bare name is Graph's", &[("scope", "access_as_user")], "invalid_client", 650_053),
        ("a resource without a scope", &[("scope", "https://graph.microsoft.com")], "invalid_scope", 70011),
        ("a resource that does not exist", &[("scope", "api://nobody/x")], "invalid_resource", 500_011),
        ("two resources", &[("scope", &two)], "invalid_request", 28000),
        ("resource of an MCP server", &[("resource", "https://mcp.example/mcp")], "invalid_target", 9_010_010),
        ("resource of another app", &[("resource", CLIENT_ID)], "invalid_target", 9_010_010),
        ("prompt unknown", &[("prompt", "maybe")], "invalid_request", 90023),
        ("prompt=consent for a non-administrator", &[("prompt", "consent")], "access_denied", 90094),
        ("prompt=admin_consent for one", &[("prompt", "admin_consent")], "access_denied", 90094),
        ("prompt=none, nobody signed in", &[("prompt", "none"), ("login_hint", "x")], "login_required", 50058),
        ("a token instead of a code", &[("response_type", "token")], "unsupported_response_type", 70005),
        ("no response type", &[("response_type", "")], "invalid_request", 900_144),
        ("a response mode of its own", &[("response_mode", "carrier_pigeon")], "invalid_request", 70007),
        ("plain PKCE", &[("code_challenge_method", "plain")], "invalid_request", 501_491),
        ("a short challenge", &[("code_challenge", "short")], "invalid_request", 501_491),
        (
            "a single-page application without PKCE",
            &[("redirect_uri", "http://localhost/spa"), ("code_challenge", ""), ("code_challenge_method", "")],
            "invalid_request",
            9_002_325,
        ),
    ];
    for (name, changes, error, code) in cases {
        let answer = tenant.authorize(changes).await;
        assert_eq!(answer.status, 302, "{name}: {}", answer.text);
        let sent = answer.redirected();
        assert_eq!(sent["error"], error, "{name}");
        assert!(sent["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{code}: ")), "{name}");
        assert_eq!(sent["state"], "s1", "{name}");
        assert!(!sent.contains_key("code"), "{name}");
    }
}

#[tokio::test]
async fn good_requests_get_a_code_in_the_mode_that_they_ask_for() {
    let tenant = Tenant::start().await;
    let api = format!("api://{API_CLIENT_ID}");
    let cases: [(&str, Parameters<'_>, &str); 8] = [
        ("query by default", &[], "http://localhost:8400/callback?code="),
        ("a fragment", &[("response_mode", "fragment")], "http://localhost:8400/callback#code="),
        ("another port", &[("redirect_uri", "http://localhost:1/callback")], "http://localhost:1/callback?code="),
        ("the number", &[("redirect_uri", "http://127.0.0.1:9/callback")], "http://127.0.0.1:9/callback?code="),
        ("no path gets a slash", &[("redirect_uri", "http://localhost:7")], "http://localhost:7/?code="),
        ("resource of the same app", &[("resource", &api)], "http://localhost:8400/callback?code="),
        ("a user by name", &[("login_hint", "bob")], "http://localhost:8400/callback?code="),
        ("a user by UPN", &[("login_hint", "Bob@contoso.onmicrosoft.com")], "http://localhost:8400/callback?code="),
    ];
    for (name, changes, start) in cases {
        let answer = tenant.authorize(changes).await;
        let location = answer.header("location");
        assert!(location.starts_with(start), "{name}: {location}");
        assert!(location.contains("state=s1"), "{name}");
    }
    for prompt in ["login", "select_account", "none"] {
        assert!(tenant.authorize(&[("prompt", prompt)]).await.redirected().contains_key("code"), "{prompt}");
    }
    assert_eq!(tenant.emulator.counters().authorize, 11);
}

#[tokio::test]
async fn a_form_post_carries_code_and_state_escaped() {
    let tenant = Tenant::start().await;
    let answer = tenant.authorize(&[("response_mode", "form_post"), ("state", "\"><script>")]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("action=\"http://localhost:8400/callback\""));
    assert!(answer.text.contains("name=\"code\""));
    assert!(answer.text.contains("&quot;&gt;&lt;script&gt;") && !answer.text.contains("<script>"));
}

#[tokio::test]
async fn a_long_state_passes_in_a_body() {
    let tenant = Tenant::start().await;
    let (long, scope) = ("s".repeat(4_000), format!("api://{API_CLIENT_ID}/access_as_user"));
    let form = [
        ("client_id", CLIENT_ID),
        ("redirect_uri", "http://localhost/callback"),
        ("response_type", "code"),
        ("scope", &scope),
        ("state", &long),
    ];
    let url = tenant.url(&format!("/{TENANT_ID}/oauth2/v2.0/authorize"));
    let answer = super::tenant::Answer::read(tenant.http.post(url).form(&form).send().await.unwrap()).await;
    assert_eq!(answer.redirected()["state"], long);
}
