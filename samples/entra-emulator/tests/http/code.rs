use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Config, Fault, Place, Platform, Redirect, WEB_CLIENT_ID,
    WEB_CLIENT_SECRET,
};

use super::tenant::{Case, Parameters, Tenant, part};

#[tokio::test]
async fn a_code_and_its_verifier_become_tokens() {
    let tenant = Tenant::start().await;
    let scope = format!("openid profile offline_access api://{API_CLIENT_ID}/access_as_user");
    let code = tenant.code(&[("login_hint", "bob"), ("scope", &scope), ("nonce", "n1")]).await;
    let answer = tenant.redeem(&code, &[("scope", &scope), ("client_info", "1")]).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["token_type"]), (200, &"Bearer".into()), "{body}");
    assert!(body["expires_in"].as_i64().is_some() && body["refresh_token"].is_string());
    assert_eq!(body["scope"], format!("api://{API_CLIENT_ID}/access_as_user openid profile"));
    let claims = part(&answer.access_token(), 1);
    assert_eq!((&claims["aud"], &claims["azp"]), (&API_CLIENT_ID.into(), &CLIENT_ID.into()));
    assert_eq!((&claims["azpacr"], &claims["scp"]), (&"0".into(), &"access_as_user".into()));
    assert_eq!(claims["preferred_username"], "bob@contoso.onmicrosoft.com");
    let id_token = part(&answer.member("id_token"), 1);
    assert_eq!((&id_token["aud"], &id_token["nonce"]), (&CLIENT_ID.into(), &"n1".into()));
    assert_eq!(id_token["oid"], claims["oid"]);
    assert!(id_token.get("scp").is_none());
    assert_eq!(part(&format!("{}.", answer.member("client_info")), 0)["uid"], claims["oid"]);
    assert_eq!(tenant.exchange(&answer.access_token(), &[]).await.status, 200, "and the API can exchange it");
}

#[tokio::test]
async fn a_code_is_good_for_its_client_its_redirect_and_its_verifier() {
    let tenant = Tenant::start().await;
    let code = tenant.code(&[]).await;
    let mcp = "https://mcp.example/mcp";
    let cases: [Case<'_>; 13] = [
        ("no code", &[("code", "")], (400, 900_144, "invalid_request")),
        ("another code", &[("code", "1.x")], (400, 70000, "invalid_grant")),
        ("no client", &[("client_id", "")], (400, 900_144, "invalid_request")),
        ("another client", &[("client_id", API_CLIENT_ID)], (400, 70000, "invalid_grant")),
        ("a public client with a secret", &[("client_secret", "x")], (401, 700_025, "invalid_client")),
        ("another redirect", &[("redirect_uri", "http://localhost:8401/callback")], (401, 500_112, "invalid_client")),
        ("no redirect", &[("redirect_uri", "")], (401, 500_112, "invalid_client")),
        ("another verifier", &[("code_verifier", "x")], (400, 501_481, "invalid_grant")),
        ("no verifier", &[("code_verifier", "")], (400, 501_481, "invalid_grant")),
        ("no scope", &[("scope", "")], (400, 28003, "invalid_request")),
        ("resource of an MCP server", &[("resource", mcp)], (400, 9_010_010, "invalid_target")),
        ("another grant type", &[("grant_type", "password")], (400, 70003, "unsupported_grant_type")),
        ("no grant type", &[("grant_type", "")], (400, 900_144, "invalid_request")),
    ];
    for (name, changes, (status, number, error)) in cases {
        assert_eq!(tenant.redeem(&code, changes).await.verdict(), (status, number, error.to_owned()), "{name}");
    }
    assert_eq!(tenant.redeem(&code, &[]).await.status, 200, "none of these consumed the code");
    assert_eq!(tenant.redeem(&code, &[]).await.verdict(), (400, 54005, "invalid_grant".to_owned()), "but that did");
}

#[tokio::test]
async fn a_second_confidential_app_signs_users_in_with_its_own_secret_and_no_other() {
    let tenant = Tenant::start().await;
    let own = [("client_id", WEB_CLIENT_ID), ("redirect_uri", "http://localhost:8400/oauth/callback")];
    let code = tenant.code(&own).await;
    let redeem = async |secret| tenant.redeem(&code, &[own[0], own[1], ("client_secret", secret)]).await;
    for (name, secret, number) in [("none", "", 7_000_218), ("the API's", API_CLIENT_SECRET, 7_000_215)] {
        assert_eq!(redeem(secret).await.verdict().1, number, "{name}");
    }
    let claims = part(&redeem(WEB_CLIENT_SECRET).await.access_token(), 1);
    assert_eq!((&claims["aud"], &claims["azp"]), (&API_CLIENT_ID.into(), &WEB_CLIENT_ID.into()));
    assert_eq!(claims["azpacr"], "1");
}

#[tokio::test]
async fn a_code_lives_for_ten_minutes() {
    let tenant = Tenant::start().await;
    let (early, late) = (tenant.code(&[]).await, tenant.code(&[]).await);
    tenant.emulator.control().advance_clock(590);
    assert_eq!(tenant.redeem(&early, &[]).await.status, 200);
    tenant.emulator.control().advance_clock(10);
    assert_eq!(tenant.redeem(&late, &[]).await.verdict(), (400, 70008, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn the_platform_of_the_redirect_decides_how_the_client_authenticates() {
    let redirect = Redirect::new(Platform::Spa, "http://localhost/spa");
    let tenant = Tenant::with(Config::default().with_api_redirect(redirect)).await;
    let (web, spa, native) = ("http://localhost/oauth/callback", "http://localhost/spa", "http://localhost/callback");
    let (secret, none): (Parameters<'_>, Parameters<'_>) = (&[("client_secret", API_CLIENT_SECRET)], &[]);
    let (origin, no_origin): (Parameters<'_>, Parameters<'_>) = (&[("origin", "http://localhost")], &[]);
    for (name, redirect_uri, credential, headers, code) in [
        ("web with a secret", web, secret, no_origin, 0),
        ("web without one", web, none, no_origin, 7_000_218),
        ("web from a browser", web, secret, origin, 9_002_326),
        ("native without a secret", native, none, no_origin, 0),
        ("native with one", native, secret, no_origin, 700_025),
        ("native from a browser", native, none, origin, 9_002_326),
        ("a page from a browser", spa, none, origin, 0),
        ("a page from a server", spa, none, no_origin, 9_002_327),
        ("a page with a secret", spa, secret, origin, 700_025),
    ] {
        let ours = [("client_id", API_CLIENT_ID), ("redirect_uri", redirect_uri)];
        let code_value = tenant.code(&ours).await;
        let scope = format!("{API_CLIENT_ID}/access_as_user");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code_value),
            ("code_verifier", super::tenant::VERIFIER),
            ("scope", &scope),
        ];
        let changes = [&ours[..], credential].concat();
        let answer = tenant.token_with(&form, &changes, headers).await;
        assert_eq!(answer.verdict().1, code, "{name}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_code_asked_for_without_a_challenge_refuses_a_verifier() {
    let tenant = Tenant::start().await;
    let code = tenant.code(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(tenant.redeem(&code, &[]).await.verdict().1, 501_481);
    assert_eq!(tenant.redeem(&code, &[("code_verifier", "")]).await.status, 200);
}

#[tokio::test]
async fn names_of_openid_connect_alone_mean_the_resource_of_the_sign_in() {
    let tenant = Tenant::start().await;
    for (name, asked, audience) in [
        ("an API", format!("{API_CLIENT_ID}/access_as_user"), API_CLIENT_ID),
        ("nothing but a profile", "openid profile".to_owned(), "https://graph.microsoft.com"),
    ] {
        let code = tenant.code(&[("scope", &asked)]).await;
        let answer = tenant.redeem(&code, &[("scope", "openid offline_access")]).await;
        assert_eq!(part(&answer.access_token(), 1)["aud"], audience, "{name}");
    }
}

#[tokio::test]
async fn trouble_at_the_sign_in_leaves_the_code_whole() {
    let tenant = Tenant::start().await;
    let code = tenant.code(&[]).await;
    tenant.emulator.control().set_fault(Place::SignIn, "alice", Fault::Unavailable);
    assert_eq!(tenant.redeem(&code, &[]).await.status, 503);
    tenant.emulator.control().clear_fault(Place::SignIn, "alice");
    assert_eq!(tenant.redeem(&code, &[]).await.status, 200);
    assert_eq!(tenant.emulator.counters().code, 2);
}
