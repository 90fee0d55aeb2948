use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Fault, Place, Signer, TokenSpec};
use serde_json::{Value, json};

use super::tenant::{CP1, Case, GRAPH_DEFAULT, Parameters, Tenant, part};

#[tokio::test]
async fn a_user_s_token_is_exchanged_for_one_that_graph_takes() {
    let tenant = Tenant::start().await;
    let answer = tenant.exchange_for("alice", &[]).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["token_type"]), (200, &"Bearer".into()));
    let granted = "https://graph.microsoft.com/ServiceMessage.Read.All https://graph.microsoft.com/User.Read";
    assert_eq!(body["scope"], granted);
    assert!(body["expires_in"].as_i64().unwrap() >= 3_600);
    for absent in ["refresh_token", "id_token", "client_info"] {
        assert!(body.get(absent).is_none(), "{absent} was not asked for");
    }
    assert_eq!(tenant.graph(&answer.access_token()).await.status, 200);
}

#[tokio::test]
async fn what_msal_asks_besides_is_answered() {
    let tenant = Tenant::start().await;
    let scope = format!("{GRAPH_DEFAULT} offline_access openid profile");
    let answer = tenant.exchange_for("bob", &[("scope", &scope), ("client_info", "1"), ("claims", CP1)]).await;
    assert_eq!(part(&answer.member("id_token"), 1)["aud"], API_CLIENT_ID);
    assert_eq!(part(&answer.access_token(), 1)["xms_cc"], json!(["cp1"]));
    assert!(!answer.member("client_info").is_empty());
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", API_CLIENT_ID),
        ("client_secret", API_CLIENT_SECRET),
        ("refresh_token", &answer.member("refresh_token")),
    ];
    let refreshed = tenant.token(&form, &[]).await;
    assert_eq!(tenant.graph(&refreshed.access_token()).await.status, 200);
    assert_eq!(tenant.token(&form, &[("client_secret", "")]).await.verdict().1, 7_000_218);
}

#[tokio::test]
async fn an_assertion_that_cannot_be_exchanged_is_refused() {
    let tenant = Tenant::start().await;
    let upper = format!("api://{}", API_CLIENT_ID.to_uppercase());
    let alice = || TokenSpec::user("alice");
    for (name, order, code) in [
        ("good, v2", alice(), 0),
        ("good, v1", alice().version(1), 0),
        ("forged", alice().signed_by(Signer::Attacker), 50013),
        ("alg none", alice().signed_by(Signer::Nobody), 50013),
        ("HS256 with the public key", alice().signed_by(Signer::PublicKeyAsSecret), 50013),
        ("an unknown key", alice().header("kid", "x"), 50013),
        ("expired", alice().expires_in(-1), 500_133),
        ("without an end", alice().claim("exp", Value::Null), 500_133),
        ("not yet valid", alice().claim("nbf", 4_000_000_000_u64), 500_133),
        ("another audience", alice().claim("aud", CLIENT_ID), 500_131),
        ("no audience", alice().claim("aud", Value::Null), 500_131),
        ("the App ID URI in other case", alice().claim("aud", upper), 500_131),
        ("an app's token", TokenSpec::app(&["Task.Do"]), 7_000_114),
        ("a user's token without scopes", alice().claim("scp", Value::Null), 7_000_114),
        ("a user of another tenant", alice().claim("oid", "0"), 7_000_114),
    ] {
        let answer = tenant.exchange(&tenant.emulator.mint(order), &[]).await;
        let error = if code == 0 { "" } else { "invalid_grant" };
        assert_eq!((answer.verdict().1, answer.verdict().2.as_str()), (code, error), "{name}");
    }
    let graph = tenant.exchange_for("alice", &[]).await.access_token();
    assert_eq!(tenant.exchange(&graph, &[]).await.verdict().1, 500_131, "Graph's own token is for Graph");
    let one_app: Parameters<'_> = &[("client_id", API_CLIENT_ID), ("scope", "openid")];
    let id_token = tenant.redeem(&tenant.code(one_app).await, one_app).await.member("id_token");
    assert_eq!(tenant.exchange(&id_token, &[]).await.verdict(), (400, 240_002, "invalid_request".to_owned()));
    for malformed in ["x", "a.b", "a.b.c", "e30.e30.x.y"] {
        let answer = tenant.exchange(malformed, &[]).await;
        assert_eq!(answer.verdict(), (400, 50027, "invalid_request".to_owned()), "{malformed}");
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_in_itself_is_refused() {
    let tenant = Tenant::start().await;
    let own = format!("{API_CLIENT_ID}/access_as_user");
    let two = format!("{GRAPH_DEFAULT} {own}");
    let two_unknown = format!("https://nobody.example/x {GRAPH_DEFAULT}");
    let mixed = format!("{GRAPH_DEFAULT} https://graph.microsoft.com/User.Read");
    let unlisted = "https://graph.microsoft.com/Mail.Read";
    let cases: [Case<'_>; 14] = [
        ("no assertion", &[("assertion", "")], (400, 900_144, "invalid_request")),
        ("no requested_token_use", &[("requested_token_use", "")], (400, 900_144, "invalid_request")),
        ("no client", &[("client_id", "")], (400, 900_144, "invalid_request")),
        ("no credential", &[("client_secret", "")], (401, 7_000_218, "invalid_client")),
        ("a wrong secret", &[("client_secret", "x")], (401, 7_000_215, "invalid_client")),
        ("no scope", &[("scope", "")], (400, 900_144, "invalid_request")),
        ("names of OpenID Connect only", &[("scope", "openid")], (400, 70011, "invalid_scope")),
        (".default with another scope", &[("scope", &mixed)], (400, 70011, "invalid_scope")),
        ("two resources", &[("scope", &two)], (400, 700_022, "invalid_request")),
        ("two resources, one unknown", &[("scope", &two_unknown)], (400, 700_022, "invalid_request")),
        ("an unknown resource", &[("scope", "https://nobody.example/x")], (400, 500_011, "invalid_resource")),
        ("an unknown scope", &[("scope", "https://graph.microsoft.com/X")], (400, 650_053, "invalid_client")),
        ("a resource not in the registration", &[("scope", &own)], (400, 650_057, "invalid_resource")),
        ("a scope without consent", &[("scope", unlisted)], (400, 65001, "invalid_grant")),
    ];
    for (name, changes, (status, code, error)) in cases {
        let answer = tenant.exchange_for("alice", changes).await;
        assert_eq!(answer.verdict(), (status, code, error.to_owned()), "{name}");
    }
    for scope in
        ["https://graph.microsoft.com//.default", "00000003-0000-0000-c000-000000000000/User.Read", "User.Read"]
    {
        assert_eq!(tenant.exchange_for("alice", &[("scope", scope)]).await.status, 200, "{scope}");
    }
}

#[tokio::test]
async fn the_first_of_several_faults_is_named_in_entra_s_order() {
    let tenant = Tenant::start().await;
    let bad = ("scope", "https://nobody.example/x");
    let secret = ("client_secret", "x");
    let forged = tenant.emulator.mint(TokenSpec::app(&[]).claim("aud", "x").signed_by(Signer::Attacker));
    let expired = tenant.emulator.mint(TokenSpec::app(&[]).claim("aud", "x").expires_in(-1));
    let foreign = tenant.emulator.mint(TokenSpec::app(&[]).claim("aud", "x"));
    let app = tenant.emulator.mint(TokenSpec::app(&[]));
    let user = tenant.emulator.mint(TokenSpec::user("noconsent"));
    tenant.emulator.control().set_fault(Place::Exchange, "", Fault::Throttled(1));
    for (name, assertion, changes, code) in [
        ("the client", &forged, &[secret, bad][..], 7_000_215),
        ("the signature", &forged, &[bad], 50013),
        ("the time", &expired, &[bad], 500_133),
        ("the audience", &foreign, &[bad], 500_131),
        ("the user", &app, &[bad], 7_000_114),
        ("the scope", &user, &[bad], 500_011),
        ("consent", &user, &[], 65001),
        ("load", &tenant.emulator.mint(TokenSpec::user("alice")), &[], 50196),
    ] {
        assert_eq!(tenant.exchange(assertion, changes).await.verdict().1, code, "{name}");
    }
}

#[tokio::test]
async fn each_named_user_has_the_trouble_of_the_name() {
    let tenant = Tenant::start().await;
    for (user, status, code, error, suberror) in [
        ("alice", 200, 0, "", ""),
        ("norole", 200, 0, "", ""),
        ("noconsent", 400, 65001, "invalid_grant", "consent_required"),
        ("mfa", 400, 50076, "invalid_grant", "basic_action"),
        ("mfa2", 400, 50076, "interaction_required", "basic_action"),
        ("blocked", 400, 53003, "invalid_grant", "message_only"),
        ("disabled", 400, 50057, "invalid_grant", ""),
        ("throttled", 429, 50196, "invalid_grant", ""),
        ("flaky", 503, 90012, "temporarily_unavailable", ""),
        ("cae", 200, 0, "", ""),
    ] {
        let answer = tenant.exchange_for(user, &[]).await;
        assert_eq!(answer.verdict(), (status, code, error.to_owned()), "{user}");
        assert_eq!(answer.json()["suberror"].as_str().unwrap_or_default(), suberror, "{user}");
        assert_eq!(tenant.emulator.counters().obo_by_user[user], 1, "{user}");
    }
    assert_eq!(tenant.exchange_for("throttled", &[]).await.header("retry-after"), "30");
}

#[tokio::test]
async fn a_refusal_has_entra_s_body_and_headers() {
    let tenant = Tenant::start().await;
    let correlation = "7f1a3f6e-1111-4222-8333-444455556666";
    let assertion = tenant.emulator.mint(TokenSpec::user("mfa"));
    let form = [
        ("grant_type", super::tenant::OBO),
        ("client_id", API_CLIENT_ID),
        ("client_secret", API_CLIENT_SECRET),
        ("assertion", &assertion),
        ("scope", GRAPH_DEFAULT),
        ("requested_token_use", "on_behalf_of"),
    ];
    let id = ("client-request-id", correlation);
    let answer = tenant.token_with(&form, &[], &[id, ("return-client-request-id", "true")]).await;
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}"));
    let claims: Value = serde_json::from_str(text("claims")).expect("claims is a string that holds JSON");
    assert_eq!(claims["access_token"]["acrs"]["value"], "c1");
    assert_eq!(text("correlation_id"), correlation);
    assert_eq!(text("error_uri"), "https://login.microsoftonline.com/error?code=50076");
    assert_eq!(text("timestamp").len(), "2026-01-01 00:00:00Z".len());
    let description = text("error_description");
    assert!(description.starts_with("AADSTS50076: "));
    for id in [text("trace_id"), correlation, text("timestamp")] {
        assert!(description.contains(id), "{id}");
    }
    assert_eq!(answer.header("x-ms-request-id"), text("trace_id"));
    assert_eq!(answer.header("client-request-id"), correlation);
    assert_eq!(answer.header("cache-control"), "no-store, no-cache");
    assert!(!answer.header("x-ms-ests-server").is_empty());
    let unasked = tenant.token_with(&form, &[], &[id]).await;
    assert_eq!(unasked.header("client-request-id"), "", "written back only when asked for");
    let in_body = tenant.token(&form, &[id]).await;
    assert_eq!(in_body.member("correlation_id"), correlation, "as msal-node sends it");
}

#[tokio::test]
async fn a_challenge_is_met_in_a_new_sign_in_and_by_nothing_else() {
    let tenant = Tenant::start().await;
    let scope = format!("{API_CLIENT_ID}/access_as_user offline_access");
    let hint = ("login_hint", "mfa");
    let first = tenant.redeem(&tenant.code(&[hint]).await, &[]).await;
    let claims = tenant.exchange(&first.access_token(), &[]).await.member("claims");
    let presented = tenant.exchange(&first.access_token(), &[("claims", &claims)]).await;
    assert_eq!(presented.verdict().1, 50076, "the exchange itself meets nothing");
    let refresh = |token: String| {
        let (tenant, scope, claims) = (&tenant, scope.as_str(), claims.as_str());
        async move {
            let form = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", token.as_str())];
            tenant.token(&form, &[("scope", scope), ("claims", claims)]).await
        }
    };
    let refreshed = refresh(first.member("refresh_token")).await.access_token();
    assert_eq!(tenant.exchange(&refreshed, &[]).await.verdict().1, 50076, "nor does a refresh");
    let other = tenant.redeem(&tenant.code(&[hint, ("claims", CP1)]).await, &[]).await.access_token();
    assert_eq!(tenant.exchange(&other, &[]).await.verdict().1, 50076, "nor a sign-in with other claims");
    let second = tenant.redeem(&tenant.code(&[hint, ("claims", &claims)]).await, &[]).await;
    assert_eq!(tenant.exchange(&second.access_token(), &[]).await.status, 200);
    let refreshed = refresh(second.member("refresh_token")).await.access_token();
    assert_eq!(tenant.exchange(&refreshed, &[]).await.status, 200, "the session keeps what it met");
    assert_eq!(tenant.exchange(&first.access_token(), &[]).await.verdict().1, 50076, "the old session does not");
    let ordered = tenant.emulator.mint(TokenSpec::user("mfa").stepped_up());
    assert_eq!(tenant.exchange(&ordered, &[]).await.status, 200, "a test can order such a token");
}

#[tokio::test]
async fn a_revoked_user_s_tokens_cannot_be_exchanged_and_later_ones_can() {
    let tenant = Tenant::start().await;
    let old = tenant.emulator.mint(TokenSpec::user("alice"));
    let revoked = tenant.post_json("/_emulator/revoke", &json!({"user": "alice"})).await;
    assert_eq!(revoked.status, 204);
    assert_eq!(tenant.exchange(&old, &[]).await.verdict(), (400, 50173, "invalid_grant".to_owned()));
    assert_eq!(tenant.exchange_for("bob", &[]).await.status, 200, "nobody else is touched");
    tenant.emulator.control().advance_clock(1);
    assert_eq!(tenant.exchange_for("alice", &[]).await.status, 200);
    assert_eq!(tenant.post_json("/_emulator/revoke", &json!({"user": "nobody"})).await.status, 404);
}
