//! Signing in through this server: what clients get, what goes on to the tenant, and what goes nowhere.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{API_CLIENT_ID, CLIENT_ID, Config, Emulator, Fault, Place, WEB_CLIENT_ID};
use serde_json::json;
use url::Url;

use crate::support::{
    Answer, Fixture,
    person::{Person, REDIRECT, error, location, query},
};

async fn scene() -> (Fixture, Person) {
    scene_with(&[]).await
}

async fn scene_with(changes: &[(&str, &str)]) -> (Fixture, Person) {
    let server = Fixture::with(changes).await;
    let person = Person::at(&server.base);
    (server, person)
}

#[tokio::test]
async fn a_client_that_nobody_knew_gets_messages_and_goes_on_getting_them() {
    let (server, mut person) = scene().await;
    let signed_in = person.sign_in("alice").await;
    server.call(Some(&signed_in.token), json!({"top": 1})).await.result();
    let mut refresh = signed_in.refresh;
    for _ in 0..2 {
        let again = person.refresh(&signed_in.client, &refresh).await;
        assert_eq!(again.status, 200, "{again:?}");
        let again = again.json();
        server.call(again["access_token"].as_str(), json!({"top": 1})).await.result();
        assert_ne!(again["refresh_token"], json!(refresh), "another one after each use");
        refresh = again["refresh_token"].as_str().unwrap().to_owned();
    }
    assert!(person.cookies.is_empty(), "nothing stays in the browser: {:?}", person.cookies);
}

#[tokio::test]
async fn a_session_outlives_two_refreshes_in_every_model() {
    for (name, expected) in [("one app", ""), ("two apps, the other public", CLIENT_ID)] {
        let (server, mut person) = scene_with(&[("MCP_OAUTH_EXPECTED_CLIENT_ID", expected)]).await;
        let signed_in = person.sign_in("alice").await;
        let mut refresh = signed_in.refresh;
        for round in 0..2 {
            let again = person.refresh(&signed_in.client, &refresh).await.json();
            let token = again["access_token"].as_str().unwrap_or_else(|| panic!("{name}, {round}: {again}"));
            server.call(Some(token), json!({"top": 1})).await.result();
            refresh = again["refresh_token"].as_str().unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn what_goes_to_the_tenant_is_written_anew() {
    let (server, mut person) = scene().await;
    let guid = format!("{API_CLIENT_ID}/access_as_user");
    let uri = format!("openid api://{API_CLIENT_ID}/access_as_user offline_access");
    let origin = server.base.clone();
    for (name, changes, prompt) in [
        ("nothing more", vec![], Some("select_account")),
        ("our origin as the resource", vec![("resource", &*origin)], Some("select_account")),
        ("a scope in GUID form", vec![("scope", &*guid)], Some("select_account")),
        ("a scope under the App ID URI, with OpenID's", vec![("scope", &*uri)], Some("select_account")),
        ("no scope", vec![("scope", "")], Some("select_account")),
        ("the client id in capitals", vec![], Some("select_account")),
        ("a parameter that nobody knows", vec![("x", "y")], Some("select_account")),
        ("a prompt that tenants refuse", vec![("prompt", "consent")], Some("select_account")),
        ("a prompt that passes", vec![("prompt", "login")], Some("login")),
    ] {
        let client = if name.contains("capitals") { API_CLIENT_ID.to_uppercase() } else { API_CLIENT_ID.to_owned() };
        let answer = person.get(&person.request(&client, &changes)).await;
        // The operator's own client, on loopback, that names this server: nobody is asked.
        let away = location(&answer);
        assert!(away.as_str().starts_with(&server.emulator.http_url()), "{name}: {away}");
        let asked = query(&away);
        for (parameter, value) in [
            ("client_id", API_CLIENT_ID),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", &*server.url("/oauth/callback")),
            ("code_challenge_method", "S256"),
            ("scope", &format!("{API_CLIENT_ID}/access_as_user offline_access")),
            ("login_hint", "alice"),
        ] {
            assert_eq!(asked[parameter], value, "{name}: {parameter}");
        }
        assert_eq!(asked.get("prompt").map(String::as_str), prompt, "{name}");
        assert!(asked["state"].len() <= 64 && asked["code_challenge"].len() == 43, "{name}");
        assert!(["resource", "x", "nonce"].iter().all(|dropped| !asked.contains_key(*dropped)), "{name}: {asked:?}");
        // The tenant, which refuses what Entra refuses, takes it.
        let back = person.go(&answer).await;
        assert_eq!((&*back["state"], &*back["iss"]), ("state-that-is-the-clients-own", &*server.base), "{name}");
        let granted = person.redeem(&client, &back["code"]).await;
        assert_eq!(granted.status, 200, "{name}: {granted:?}");
        assert_eq!(granted.json().get("id_token"), None, "{name}");
    }
}

#[tokio::test]
async fn a_known_client_is_told_what_is_wrong_and_a_stranger_is_sent_nowhere() {
    let (server, mut person) = scene().await;
    let client = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    let long = "s".repeat(2_001);
    for (name, changes, code) in [
        ("no code", vec![("response_type", "token")], "unsupported_response_type"),
        ("no challenge", vec![("code_challenge", "")], "invalid_request"),
        ("plain", vec![("code_challenge_method", "plain")], "invalid_request"),
        ("a form post", vec![("response_mode", "form_post")], "invalid_request"),
        ("Graph's scope", vec![("scope", "https://graph.microsoft.com/Mail.Read")], "invalid_scope"),
        ("a bare scope of Graph", vec![("scope", "Mail.Read")], "invalid_scope"),
        ("another's resource", vec![("resource", "https://evil.example/mcp")], "invalid_target"),
        ("a page that may not be shown", vec![("prompt", "none")], "interaction_required"),
        ("a long state", vec![("state", &*long)], "invalid_request"),
    ] {
        let back = location(&person.get(&person.request(&client, &changes)).await);
        assert!(back.as_str().starts_with(REDIRECT), "{name}: {back}");
        let told = query(&back);
        assert_eq!((&*told["error"], &*told["iss"]), (code, &*server.base), "{name}");
        let state = (name != "a long state").then_some("state-that-is-the-clients-own");
        assert_eq!(told.get("state").map(String::as_str), state, "{name}");
    }
    for (name, client, changes) in [
        ("no client", "", vec![]),
        ("a stranger", "99999999-2222-4333-8444-555555555555", vec![]),
        ("a made-up registration", "mcp.AAAA", vec![]),
        ("no redirect", &*client, vec![("redirect_uri", "")]),
        ("another redirect", &client, vec![("redirect_uri", "http://localhost:8400/other")]),
        ("a foreign redirect", &client, vec![("redirect_uri", "https://evil.example/")]),
        ("a parameter twice", &client, vec![("x", "1"), ("x", "2")]),
    ] {
        let answer = person.get(&person.request(client, &changes)).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{name}: {answer:?}");
        assert!(answer.text.contains("<h1>") && !answer.text.contains("<script"), "{name}: {answer:?}");
        crate::support::skip(std::time::Duration::from_secs(6)).await;
    }
    assert_eq!(server.emulator.counters().authorize, 0, "the tenant has heard of nothing");
}

#[tokio::test]
async fn tokens_are_for_whoever_proves_to_be_the_client() {
    let (_server, mut person) = scene().await;
    let signed_in = person.sign_in("alice").await;
    let stranger = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    let (client, refresh) = (&*signed_in.client, &*signed_in.refresh);
    let grant = |kind| ("grant_type", kind);
    for (name, form, status, code) in [
        (
            "another client",
            vec![grant("refresh_token"), ("client_id", &*stranger), ("refresh_token", refresh)],
            400,
            "invalid_grant",
        ),
        (
            "a stranger",
            vec![grant("refresh_token"), ("client_id", "mcp.x"), ("refresh_token", refresh)],
            401,
            "invalid_client",
        ),
        ("nobody", vec![grant("refresh_token"), ("refresh_token", refresh)], 400, "invalid_request"),
        (
            "the tenant's own kind",
            vec![grant("client_credentials"), ("client_id", client)],
            400,
            "unsupported_grant_type",
        ),
        (
            "On-Behalf-Of",
            vec![grant("urn:ietf:params:oauth:grant-type:jwt-bearer"), ("client_id", client)],
            400,
            "unsupported_grant_type",
        ),
        ("a password", vec![grant("password"), ("client_id", client)], 400, "unsupported_grant_type"),
        ("no grant", vec![("client_id", client)], 400, "invalid_request"),
        (
            "a parameter twice",
            vec![grant("refresh_token"), grant("refresh_token"), ("client_id", client)],
            400,
            "invalid_request",
        ),
        (
            "another's resource",
            vec![
                grant("refresh_token"),
                ("client_id", client),
                ("refresh_token", refresh),
                ("resource", "https://evil.example"),
            ],
            400,
            "invalid_target",
        ),
        (
            "an access token",
            vec![grant("refresh_token"), ("client_id", client), ("refresh_token", &signed_in.token)],
            400,
            "invalid_grant",
        ),
    ] {
        let answer = person.token(&form).await;
        assert_eq!(error(&answer), (status, json!(code)), "{name}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
    }
    assert_eq!(person.refresh(client, refresh).await.status, 200, "and none of it has ended the session");
}

#[tokio::test]
async fn an_outage_of_the_tenant_ends_no_session() {
    let (server, mut person) = scene().await;
    let signed_in = person.sign_in("alice").await;
    server.emulator.control().set_fault(Place::SignIn, "alice", Fault::Unavailable);
    let answer = person.refresh(&signed_in.client, &signed_in.refresh).await;
    assert_eq!(error(&answer), (503, json!("temporarily_unavailable")));
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    server.emulator.control().clear_fault(Place::SignIn, "alice");
    assert_eq!(person.refresh(&signed_in.client, &signed_in.refresh).await.status, 200);
}

#[tokio::test]
async fn pages_of_every_origin_may_register_and_redeem_and_none_may_authorize() {
    let (server, _) = scene().await;
    for (path, open) in [
        ("/register", true),
        ("/token", true),
        ("/.well-known/oauth-authorization-server", true),
        ("/authorize", false),
        ("/authorize/consent", false),
        ("/oauth/callback", false),
    ] {
        let asked =
            server.http.request(reqwest::Method::OPTIONS, server.url(path)).header("origin", "https://page.example");
        let answer = Answer::of(asked.header("access-control-request-method", "POST").send().await.unwrap()).await;
        assert_eq!(answer.status == 204, open, "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), open.then_some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
}

#[tokio::test]
async fn a_closed_door_answers_nothing() {
    let (server, mut person) = scene_with(&[("MCP_OAUTH_PROXY", "off")]).await;
    for path in [
        "/authorize",
        "/oauth2/v2.0/authorize",
        "/oauth/callback",
        "/authorize/consent",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(person.register(REDIRECT).await.status, 404);
    let tenant = server.get("/.well-known/oauth-protected-resource").await.json();
    let issuer = tenant["authorization_servers"][0].as_str().unwrap();
    assert!(issuer.starts_with(&server.emulator.http_url()), "{issuer}");
    assert_eq!(tenant["scopes_supported"], json!([format!("{API_CLIENT_ID}/access_as_user")]));
    server.call_as("alice").await.result();
}

#[tokio::test]
async fn before_the_tenant_is_known_the_client_is_told_to_wait() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    emulator.control().set_fault(Place::Discovery, "", Fault::Unavailable);
    let server = Fixture::over(emulator, &[]).await;
    let mut person = Person::at(&server.base);
    let told = query(&location(&person.get(&person.request(API_CLIENT_ID, &[])).await));
    assert_eq!(told["error"], "temporarily_unavailable");
    assert_eq!(server.get("/.well-known/oauth-authorization-server").await.status, 200);
    let back: Url = server.url("/.well-known/openid-configuration").parse().unwrap();
    assert_eq!(person.get(&back).await.status, 503);
}

#[tokio::test]
async fn an_app_that_is_not_set_up_is_named_to_the_client_and_to_the_operator() {
    let other = [("MCP_OAUTH_EXPECTED_CLIENT_ID", WEB_CLIENT_ID)];
    for (name, secret, is_named) in [("no secret of its own", "", true), ("a wrong one", "wrong", false)] {
        let (server, mut person) = scene_with(&[other[0], ("MCP_OAUTH_CLIENT_SECRET", secret)]).await;
        assert_eq!(server.get("/readyz").await.json()["warnings"], json!([]), "{name}");
        let client = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
        let page = person.get(&person.request(&client, &[])).await;
        let away = person.agree(&page).await;
        let callback = location(&person.get(&location(&away)).await);
        let code = query(&location(&person.get(&callback).await))["code"].clone();
        let refused = person.redeem(&client, &code).await;
        assert_eq!(error(&refused), (500, json!("server_error")), "{name}");
        let registration =
            format!("{}/oauth/callback, platform Mobile and desktop applications, app {WEB_CLIENT_ID}", server.base);
        assert_eq!(refused.text.contains(&registration), is_named, "{name}: {}", refused.text);
        let ready = server.get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["warnings"]), (200, &json!(["sign_in_credential_refused"])), "{name}");
    }
}

#[tokio::test]
async fn the_operators_list_of_redirects_and_of_denied_clients_is_heard() {
    const WEBSITE: &str = "https://app.contoso.com/callback";
    let (_server, mut person) = scene_with(&[("MCP_OAUTH_REDIRECT_URI_PREFIXES", WEBSITE)]).await;
    let refused = person.register(REDIRECT).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_redirect_uri")), "{refused:?}");
    let registered = person.register(WEBSITE).await;
    assert_eq!((registered.status, &registered.json()["redirect_uris"]), (201, &json!([WEBSITE])), "{registered:?}");

    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, API_CLIENT_ID.as_bytes());
    let denied = URL_SAFE_NO_PAD.encode(digest);
    for (list, expected) in [("", 200), (&*denied, 400)] {
        let (_server, mut person) = scene_with(&[("MCP_OAUTH_DENIED_CLIENTS", list)]).await;
        let url = person.request(API_CLIENT_ID, &[("resource", "")]);
        let seen = person.get(&url).await;
        assert_eq!(seen.status, expected, "{list:?}: {seen:?}");
    }
}

#[tokio::test]
async fn what_an_operator_decides_of_sessions_and_clients_holds() {
    let future = ("MCP_OAUTH_SESSIONS_NOT_BEFORE", "2100-01-01T00:00:00Z");
    let (_server, mut person) = scene_with(&[future]).await;
    let signed_in = person.sign_in("alice").await;
    let refreshed = person.refresh(&signed_in.client, &signed_in.refresh).await;
    assert_eq!(error(&refreshed), (400, json!("invalid_grant")), "all sessions are over");

    let (_server, mut person) = scene_with(&[("MCP_OAUTH_CLIENTS_NOT_BEFORE", "2100-01-01T00:00:00Z")]).await;
    let client = person.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
    assert_eq!(person.get(&person.request(&client, &[])).await.status, 400, "all registrations are over");
    assert_eq!(error(&person.refresh(&client, "x").await), (401, json!("invalid_client")));

    let (_server, mut person) = scene_with(&[("MCP_OAUTH_CLIENT_SECRET", "of-the-operators-own-client")]).await;
    for (secret, code) in [("of-the-operators-own-client", "invalid_grant"), ("another", "invalid_client")] {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_id", API_CLIENT_ID),
            ("client_secret", secret),
        ];
        assert_eq!(person.token(&form).await.json()["error"], code, "{secret}");
    }
}

#[tokio::test]
async fn a_page_offers_to_remember_where_the_operator_lets_it() {
    let elsewhere = "https://app.example/callback";
    for (consent, offers) in [("remember", true), ("always", false)] {
        let changes = [("MCP_OAUTH_CONSENT", consent), ("MCP_OAUTH_REDIRECT_URI_PREFIXES", elsewhere)];
        let (_server, mut person) = scene_with(&changes).await;
        let page = person.get(&person.request(API_CLIENT_ID, &[("redirect_uri", elsewhere)])).await;
        assert_eq!((page.status, page.text.contains("name=\"remember\"")), (200, offers), "{consent}: {page:?}");
    }
}
