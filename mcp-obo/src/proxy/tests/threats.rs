//! What attackers try at the whole of it; the rows are those of the threat table for an OAuth proxy.

use std::{error::Error, fmt};

use http_body_util::{LengthLimitError, Limited};

use super::*;
use crate::testlog;

/// Whatever a caller sends, the token endpoint of the tenant sees these and no others.
const TO_THE_TOKEN_ENDPOINT: [&str; 7] =
    ["client_id", "client_info", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri"];

/// Goes from registration to the browser's way back, and returns the client and its code.
async fn signed_in(scene: &mut Scene) -> (String, String) {
    let client = scene.register().await;
    let page = scene.authorize(&client).await;
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    let away = query(&scene.post("/authorize/consent", &answer).await.location());
    let back = scene.get(&format!("/oauth/callback?code=entra-code&state={}", away["state"])).await.location();
    (client, query(&back)["code"].clone())
}

#[tokio::test(start_paused = true)]
async fn p1_the_servers_credential_is_lent_to_no_other_grant() {
    let mut scene = Scene::new();
    for path in ["/token", "/oauth2/v2.0/token"] {
        for (grant, expected) in [
            ("client_credentials", "unsupported_grant_type"),
            ("password", "unsupported_grant_type"),
            ("device_code", "unsupported_grant_type"),
            ("urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"),
            ("urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type"),
            ("urn:ietf:params:oauth:grant-type:token-exchange", "unsupported_grant_type"),
            ("urn:ietf:params:oauth:grant-type:saml2-bearer", "unsupported_grant_type"),
            ("authorization_code client_credentials", "unsupported_grant_type"),
            ("AUTHORIZATION_CODE", "unsupported_grant_type"),
            (" refresh_token", "unsupported_grant_type"),
            ("", "invalid_request"),
        ] {
            let more = [("assertion", "eyJ"), ("username", "a"), ("password", "b"), ("scope", ".default")];
            let asked = [("client_id", CLIENT), ("grant_type", grant)];
            let seen = scene.post(path, &[&asked[..], &more].concat()).await;
            assert_eq!((seen.status, &seen.json()["error"]), (400, &json!(expected)), "{path}: {grant}");
        }
    }
    let twice = [("client_id", CLIENT), ("grant_type", "refresh_token"), ("grant_type", "client_credentials")];
    assert_eq!(scene.post("/token", &twice).await.json()["error"], "invalid_request");
    assert_eq!(scene.tenant.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn p4_what_a_caller_adds_reaches_entra_neither_by_the_browser_nor_by_the_token_endpoint() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    let hostile = [
        ("tenant", "evil.example"),
        ("authority", "https://evil.example"),
        ("audience", "https://graph.microsoft.com"),
        ("redirect_url", "https://evil.example"),
        ("response_type_hint", "token"),
        ("nonce", "n"),
        ("client_secret", "s"),
        ("client_assertion_type_hint", "x"),
        ("code_verifier_hint", "v"),
        ("instance_aware", "true"),
        ("sso_reload", "true"),
        ("domain_hint", "contoso.com"),
    ];
    let asked = [
        ("client_id", &*client),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let page = scene.get(&format!("/authorize?{}", form(&[&asked[..], &hostile].concat()))).await;
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    let away = scene.post("/authorize/consent", &answer).await.location();
    assert_eq!(away.host_str(), Some("login.microsoftonline.com"));
    assert!(away.path().contains(crate::testtenant::TENANT), "{away}");
    let mut names: Vec<_> = away.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort_unstable();
    let expected = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "domain_hint",
        "redirect_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    ];
    assert_eq!(names, expected);
    assert_eq!(query(&away)["client_id"], CLIENT, "the app at Entra, whoever asked");

    let (client, code) = signed_in(&mut scene).await;
    let graph = [("scope", "https://graph.microsoft.com/.default"), ("tenant", "evil.example"), ("claims", "{}")];
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client),
        ("code", &*code),
        ("code_verifier", VERIFIER),
        ("requested_token_use", "on_behalf_of"),
    ];
    let granted = scene.post("/token", &[&redeem[..], &graph].concat()).await.json();
    let refresh = granted["refresh_token"].as_str().unwrap();
    let refresh = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    assert_eq!(scene.post("/token", &[&refresh[..], &graph].concat()).await.status, 200);
    for call in scene.tenant.calls() {
        assert!(call.uri.path().contains(crate::testtenant::TENANT), "{}", call.uri);
        assert_eq!(call.form["scope"], format!("{CLIENT}/access_as_user offline_access"));
        let known = |name: &str| TO_THE_TOKEN_ENDPOINT.contains(&name) || matches!(name, "scope" | "refresh_token");
        assert!(call.form.keys().all(|name| known(name)), "{:?}", call.form.keys());
    }
}

#[tokio::test(start_paused = true)]
async fn p6_a_parameter_that_comes_twice_is_refused_at_every_door() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    let page = scene.authorize(&client).await;
    let asked = form(&[("client_id", &client), ("redirect_uri", REDIRECT), ("response_type", "code")]);
    for again in ["&redirect_uri=https%3A%2F%2Fevil.example", "&client_id=x", "&scope=a&scope=b", "&s%63ope=a&scope=b"]
    {
        let seen = scene.get(&format!("/authorize?{asked}{again}")).await;
        assert!(seen.status == 400 && !seen.headers.contains_key(LOCATION), "{again}");
    }
    for request in ["request=eyJ", "request_uri=https%3A%2F%2Fevil.example"] {
        let back = query(&scene.get(&format!("/authorize?{asked}&{request}")).await.location());
        assert_eq!(back["error"], "invalid_request", "{request}");
    }
    let answer = [("ticket", ticket(&page.text)), ("answer", "cancel"), ("answer", "approve")];
    assert_eq!(scene.post("/authorize/consent", &answer).await.status, 400);
    assert_eq!(scene.post("/authorize/forget", &[("ticket", "a"), ("ticket", "b")]).await.status, 400);
    assert_eq!(scene.get("/oauth/callback?code=a&code=b&state=x").await.status, 400);
    let token = [("client_id", &*client), ("client_id", CLIENT), ("grant_type", "refresh_token")];
    assert_eq!(scene.post("/token", &token).await.json()["error"], "invalid_request");
    assert_eq!(scene.tenant.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn p7_nothing_is_kept_on_the_way_and_no_page_reads_with_a_persons_cookies() {
    let mut scene = Scene::new();
    let paths: Vec<_> = scene.proxy.endpoints().map(|(_, path)| path.to_owned()).collect();
    for path in &paths {
        for method in ["GET", "POST", "OPTIONS", "PUT"] {
            let seen = scene.send(method, path, "", String::new()).await;
            for (name, value) in [
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
                ("x-content-type-options", "nosniff"),
            ] {
                let found = seen.headers.get(name).map(|value| value.to_str().unwrap());
                assert_eq!(found, Some(value), "{method} {path}: {name}");
            }
            assert!(!seen.headers.contains_key("access-control-allow-credentials"), "{method} {path}");
        }
    }
    let leaky = form(&[("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", "r")]);
    assert_eq!(scene.get(&format!("/token?{leaky}")).await.status, 405, "by POST alone");
    let seen = scene.send("POST", &format!("/token?{leaky}"), "", String::new()).await;
    assert_eq!(seen.json()["error"], "invalid_request", "and from the body alone");
}

#[tokio::test(start_paused = true)]
async fn p7_no_code_proof_token_or_state_is_logged_from_one_end_to_the_other() {
    testlog::begin();
    let mut scene = Scene::new();
    let client = scene.register().await;
    let page = scene.authorize(&client).await;
    let form_ticket = ticket(&page.text).to_owned();
    let asked = scene.cookies.clone();
    let answer = [("ticket", &*form_ticket), ("answer", "approve")];
    let away = query(&scene.post("/authorize/consent", &answer).await.location());
    let begun = scene.cookies.clone();
    let callback = format!("/oauth/callback?code=entra-code-secret&state={}", away["state"]);
    let back = query(&scene.get(&callback).await.location());
    scene.get(&callback).await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client),
        ("code", &*back["code"]),
        ("code_verifier", VERIFIER),
    ];
    let granted = scene.post("/token", &redeem).await.json();
    let refresh = granted["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    let again = scene.post("/token", &again).await.json();
    scene.post("/token", &[("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", "bad")]).await;
    let log = testlog::logged();
    let [access, next] = ["access_token", "refresh_token"].map(|name| again[name].as_str().unwrap());
    let fixed = [SECRET, "entra-code-secret", VERIFIER, CHALLENGE, "xyz", &*away["code_challenge"], &*form_ticket];
    let given = [&*back["code"], refresh, access, next, &*client];
    let verifier = scene.tenant.calls()[0].form["code_verifier"].clone();
    let kept = asked.values().chain(begun.values()).map(String::as_str);
    for secret in fixed.into_iter().chain(given).chain(kept).chain([&*verifier]) {
        assert!(!log.contains(secret), "{secret:.40} in {log}");
    }
    assert!(log.contains(&ClientDigest::of(&client).to_string()), "a client is named by its digest: {log}");
}

#[tokio::test(start_paused = true)]
async fn p9_what_a_client_sends_ends_no_header_and_is_no_markup() {
    let mut scene = Scene::new();
    let state = "a\r\nSet-Cookie: x=y\r\n\r\n<script>alert(1)</script>";
    let asked =
        form(&[("client_id", CLIENT), ("redirect_uri", REDIRECT), ("response_type", "token"), ("state", state)]);
    let seen = scene.get(&format!("/authorize?{asked}")).await;
    assert!(!seen.headers.contains_key(SET_COOKIE) && seen.text.is_empty());
    assert_eq!(query(&seen.location())["state"], state);
    let redirect = "https://evil.example/\"><script>alert(1)</script>\r\nX: y";
    let asked = form(&[("client_id", CLIENT), ("redirect_uri", redirect), ("response_type", "code")]);
    let seen = scene.get(&format!("/authorize?{asked}")).await;
    assert!(seen.status == 400 && !seen.text.contains("<script") && !seen.headers.contains_key("x"), "{}", seen.text);
    let policy = seen.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
}

#[tokio::test(start_paused = true)]
async fn p2_what_is_allowed_no_longer_when_a_person_answers_gets_nothing() {
    let ring = crate::seal::KeyRing::ephemeral();
    let mut scene = Scene::built(ISSUER, |builder| builder.with_ring(ring.clone()));
    let client = scene.register().await;
    let page = scene.authorize(&client).await;
    let cookies = scene.cookies.clone();
    let none = mcp_auth_layer::redirect::RedirectAllowlist::parse_list("none").unwrap();
    let without = Scene::built(ISSUER, |builder| builder.with_ring(ring.clone()).with_redirects(none));
    let denying =
        Scene::built(ISSUER, |builder| builder.with_ring(ring).with_denied_clients([ClientDigest::of(&client)]));
    for (name, mut later) in [("its redirect", without), ("the client", denying)] {
        for answer in ["approve", "cancel"] {
            later.cookies.clone_from(&cookies);
            let seen = later.post("/authorize/consent", &[("ticket", ticket(&page.text)), ("answer", answer)]).await;
            assert!(seen.status == 400 && !seen.headers.contains_key(LOCATION), "{name}, {answer}: {}", seen.status);
        }
    }
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    assert_eq!(scene.post("/authorize/consent", &answer).await.status, 302, "the same answer, where nothing changed");
}

#[tokio::test(start_paused = true)]
async fn p8_what_is_posted_is_read_up_to_its_bound_at_every_door() {
    let mut scene = Scene::built(ISSUER, |builder| builder.with_store(crate::shared::MemoryStore::default()));
    for path in ["/token", "/oauth2/v2.0/token", "/register", "/authorize/consent", "/authorize/forget", "/revoke"] {
        for (size, is_read) in [(32 << 10, true), ((32 << 10) + 1, false)] {
            let seen = scene.send("POST", path, "application/x-www-form-urlencoded", "x".repeat(size)).await;
            assert_eq!(seen.status != 413, is_read, "{path}: {size}: {}", seen.status);
        }
    }
}

/// What a layer further out makes of a body's error.
#[derive(Debug)]
struct Wrapped(LengthLimitError);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrapped")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_called_large_where_it_is() {
    let scene = Scene::new();
    let broken: fn(LengthLimitError) -> Box<dyn Error + Send + Sync> = |_| "broken off".into();
    for path in ["/token", "/register", "/authorize/consent"] {
        for (wrap, status) in [(broken, 400), (|error| error.into(), 413), (|error| Wrapped(error).into(), 413)] {
            let body =
                Limited::new(Full::<Bytes>::from("xx"), 1).map_err(move |error| wrap(*error.downcast().unwrap()));
            let answer = scene.proxy.clone().oneshot(Request::post(path).body(body).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
    }
}
