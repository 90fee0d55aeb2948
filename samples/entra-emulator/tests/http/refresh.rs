use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Config, Platform, Redirect};

use super::tenant::{Answer, Case, Parameters, Tenant, part};

const DAY: i64 = 24 * 3600;

/// Signs a user in to the API through an app, and returns the refresh token.
async fn sign_in(tenant: &Tenant, client: &str, scope: &str) -> String {
    let code = tenant.code(&[("client_id", client), ("scope", scope)]).await;
    tenant.redeem(&code, &[("client_id", client), ("scope", scope)]).await.member("refresh_token")
}

async fn refresh(tenant: &Tenant, client: &str, token: &str, changes: Parameters<'_>) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    tenant.token(&form, changes).await
}

#[tokio::test]
async fn an_app_that_refreshes_a_token_for_itself_must_name_it_by_its_guid() {
    let tenant = Tenant::start().await;
    let uri = format!("api://{API_CLIENT_ID}/access_as_user offline_access");
    let guid = format!("{API_CLIENT_ID}/access_as_user offline_access");
    let oidc = "openid offline_access";
    for (name, client, signed_in_with, scope, code) in [
        ("one app, GUID", API_CLIENT_ID, &uri, guid.as_str(), 0),
        ("one app, no scope", API_CLIENT_ID, &uri, "", 90009),
        ("one app, names of OpenID Connect only", API_CLIENT_ID, &uri, oidc, 90009),
        ("one app, App ID URI", API_CLIENT_ID, &uri, &uri, 90009),
        ("one app, signed in by GUID, no scope", API_CLIENT_ID, &guid, "", 0),
        ("two apps, GUID", CLIENT_ID, &uri, &guid, 0),
        ("two apps, no scope", CLIENT_ID, &uri, "", 0),
        ("two apps, names of OpenID Connect only", CLIENT_ID, &uri, oidc, 0),
        ("two apps, App ID URI", CLIENT_ID, &uri, &uri, 0),
    ] {
        let token = sign_in(&tenant, client, signed_in_with).await;
        let answer = refresh(&tenant, client, &token, &[("scope", scope)]).await;
        assert_eq!(answer.verdict().1, code, "{name}: {}", answer.text);
        if code == 0 {
            assert_eq!(part(&answer.access_token(), 1)["aud"], API_CLIENT_ID, "{name}");
        }
    }
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_the_old_one_stays_good_for_any_resource() {
    let tenant = Tenant::start().await;
    let scope = format!("{API_CLIENT_ID}/access_as_user offline_access");
    let first = sign_in(&tenant, CLIENT_ID, &scope).await;
    let second = refresh(&tenant, CLIENT_ID, &first, &[]).await.member("refresh_token");
    assert_ne!(first, second);
    for token in [&first, &second] {
        assert_eq!(refresh(&tenant, CLIENT_ID, token, &[]).await.status, 200);
        let graph = refresh(&tenant, CLIENT_ID, token, &[("scope", "https://graph.microsoft.com/User.Read")]).await;
        assert_eq!(part(&graph.access_token(), 1)["aud"], "https://graph.microsoft.com");
    }
    assert_eq!(tenant.emulator.counters().refresh, 5);
}

#[tokio::test]
async fn a_refresh_that_entra_refuses_says_why() {
    let tenant = Tenant::start().await;
    let scope = format!("{API_CLIENT_ID}/access_as_user offline_access");
    let token = sign_in(&tenant, CLIENT_ID, &scope).await;
    let mcp = "https://mcp.example/mcp";
    let cases: [Case<'_>; 6] = [
        ("no token", &[("refresh_token", "")], (400, 900_144, "invalid_request")),
        ("an unknown token", &[("refresh_token", "x")], (400, 70000, "invalid_grant")),
        ("another client", &[("client_id", API_CLIENT_ID)], (400, 70000, "invalid_grant")),
        ("a secret at a public client", &[("client_secret", "x")], (401, 700_025, "invalid_client")),
        ("a scope that nobody exposes", &[("scope", "api://nobody/x")], (400, 500_011, "invalid_resource")),
        ("resource of an MCP server", &[("resource", mcp)], (400, 9_010_010, "invalid_target")),
    ];
    for (name, changes, (status, code, error)) in cases {
        let answer = refresh(&tenant, CLIENT_ID, &token, changes).await;
        assert_eq!(answer.verdict(), (status, code, error.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_web_session_refreshes_only_with_the_credential() {
    let tenant = Tenant::start().await;
    let scope = format!("{API_CLIENT_ID}/access_as_user offline_access");
    let web = [("client_id", API_CLIENT_ID), ("redirect_uri", "http://localhost/oauth/callback"), ("scope", &scope)];
    let secret = ("client_secret", API_CLIENT_SECRET);
    let code = tenant.code(&web).await;
    let token = tenant.redeem(&code, &[&web[..], &[secret]].concat()).await.member("refresh_token");
    assert_eq!(refresh(&tenant, API_CLIENT_ID, &token, &[("scope", &scope)]).await.verdict().1, 7_000_218);
    let good = refresh(&tenant, API_CLIENT_ID, &token, &[("scope", &scope), secret]).await;
    assert_eq!(part(&good.access_token(), 1)["azpacr"], "1");
}

#[tokio::test]
async fn refresh_tokens_end_by_age_and_by_revocation() {
    let redirect = Redirect::new(Platform::Spa, "http://localhost/spa");
    let tenant = Tenant::with(Config::default().with_client_redirect(redirect)).await;
    let scope = format!("{API_CLIENT_ID}/access_as_user offline_access");
    let token = sign_in(&tenant, CLIENT_ID, &scope).await;
    let spa = [("redirect_uri", "http://localhost/spa"), ("scope", scope.as_str())];
    let code = tenant.code(&spa).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("code", &code),
        ("code_verifier", super::tenant::VERIFIER),
    ];
    let origin = [("origin", "http://localhost")];
    let of_page = tenant.token_with(&form, &spa, &origin).await.member("refresh_token");
    let clock = |days| tenant.emulator.control().advance_clock(days * DAY);
    clock(1);
    let form = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", &of_page)];
    assert_eq!(tenant.token_with(&form, &[], &origin).await.verdict().1, 700_084, "a page's session lasts a day");
    let replaced = refresh(&tenant, CLIENT_ID, &token, &[]).await.member("refresh_token");
    clock(89);
    assert_eq!(refresh(&tenant, CLIENT_ID, &token, &[]).await.verdict().1, 700_082, "unused for 90 days");
    assert_eq!(refresh(&tenant, CLIENT_ID, &replaced, &[]).await.status, 200, "use renews it");
    tenant.emulator.control().revoke_user("alice");
    let revoked = refresh(&tenant, CLIENT_ID, &replaced, &[]).await;
    assert_eq!(revoked.verdict(), (400, 50173, "invalid_grant".to_owned()));
    clock(1);
    let fresh = sign_in(&tenant, CLIENT_ID, &scope).await;
    assert_eq!(refresh(&tenant, CLIENT_ID, &fresh, &[]).await.status, 200, "a later sign-in is good");
}

#[tokio::test]
async fn a_disabled_account_gets_nothing_from_its_session() {
    let tenant = Tenant::start().await;
    let code = tenant.code(&[("login_hint", "disabled")]).await;
    assert_eq!(tenant.redeem(&code, &[]).await.verdict(), (400, 50057, "invalid_grant".to_owned()));
}
