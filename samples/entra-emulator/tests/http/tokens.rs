use entra_emulator::{API_CLIENT_ID, CLIENT_ID, Config, TENANT_ID, TokenSpec};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::tenant::{CP1, Parameters, Tenant, part};

/// Signs alice in and returns her access token's claims.
async fn claims(tenant: &Tenant, spelling: &str, changes: Parameters<'_>) -> Value {
    let scope = format!("{spelling}/access_as_user");
    let code = tenant.code(&[&[("scope", scope.as_str())][..], changes].concat()).await;
    part(&tenant.redeem(&code, &[("scope", &scope)]).await.access_token(), 1)
}

#[tokio::test]
async fn the_api_s_registration_decides_the_format_of_tokens() {
    let (v2, v1) = (Tenant::start().await, Tenant::with(Config::default().with_default_token_version()).await);
    let uri = format!("api://{API_CLIENT_ID}");
    let v2_issuer = format!("{}/{TENANT_ID}/v2.0", v2.emulator.http_url());
    let v1_issuer = format!("https://sts.windows.net/{TENANT_ID}/");
    for (name, tenant, spelling, audience, issuer, version) in [
        ("v2 by URI", &v2, uri.as_str(), API_CLIENT_ID, &v2_issuer, "2.0"),
        ("v2 by GUID", &v2, API_CLIENT_ID, API_CLIENT_ID, &v2_issuer, "2.0"),
        ("v1 by URI", &v1, &uri, uri.as_str(), &v1_issuer, "1.0"),
        ("v1 by GUID", &v1, API_CLIENT_ID, API_CLIENT_ID, &v1_issuer, "1.0"),
    ] {
        let claims = claims(tenant, spelling, &[]).await;
        assert_eq!((&claims["aud"], &claims["iss"]), (&json!(audience), &json!(issuer)), "{name}");
        assert_eq!((&claims["ver"], &claims["tid"]), (&json!(version), &json!(TENANT_ID)), "{name}");
        assert_eq!(claims["scp"], "access_as_user", "{name}");
        let (present, absent) = if version == "2.0" {
            (["azp", "azpacr", "preferred_username"], ["appid", "upn", "unique_name"])
        } else {
            (["appid", "appidacr", "unique_name"], ["azp", "azpacr", "preferred_username"])
        };
        assert!(present.iter().all(|claim| claims.get(*claim).is_some()), "{name}: {claims}");
        assert!(absent.iter().all(|claim| claims.get(*claim).is_none()), "{name}: {claims}");
        assert_ne!(claims["sub"], claims["oid"], "{name}");
    }
}

#[tokio::test]
async fn optional_claims_come_only_when_the_api_asks_and_the_client_is_capable() {
    let (plain, asking) = (Tenant::start().await, Tenant::with(Config::default().with_optional_claims()).await);
    let capable: Parameters<'_> = &[("claims", CP1)];
    for (name, tenant, changes, idtyp, xms_cc) in [
        ("not asked", &plain, capable, Value::Null, Value::Null),
        ("asked, a client that declares nothing", &asking, &[], json!("user"), Value::Null),
        ("asked, a client that declares cp1", &asking, capable, json!("user"), json!(["cp1"])),
    ] {
        let claims = claims(tenant, API_CLIENT_ID, changes).await;
        assert_eq!((&claims["idtyp"], &claims["xms_cc"]), (&idtyp, &xms_cc), "{name}");
    }
    assert_eq!(part(&asking.emulator.mint(TokenSpec::app(&[])), 1)["idtyp"], "app");
}

/// Verifies a token as any resource server would: the published key of its `kid`, RS256.
async fn verifies(tenant: &Tenant, token: &str) -> bool {
    let keys = tenant.get(&format!("/{TENANT_ID}/discovery/v2.0/keys")).await.json();
    let kid = part(token, 0)["kid"].clone();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
    let key = DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), key["e"].as_str().unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap()
}

#[tokio::test]
async fn published_keys_verify_the_api_s_tokens_and_never_graph_s() {
    let tenant = Tenant::start().await;
    let graph = tenant.exchange_for("alice", &[]).await.access_token();
    assert!(verifies(&tenant, &tenant.emulator.mint(TokenSpec::user("alice"))).await);
    assert!(verifies(&tenant, &tenant.emulator.mint(TokenSpec::user("alice").version(1))).await);
    assert!(!verifies(&tenant, &graph).await, "the signature covers the hashed nonce");
    assert!(part(&graph, 0)["nonce"].is_string());
    let claims = part(&graph, 1);
    assert_eq!((&claims["ver"], &claims["aud"]), (&json!("1.0"), &json!("https://graph.microsoft.com")));
    assert_eq!(claims["scp"], "ServiceMessage.Read.All User.Read");
    assert_eq!(
        (&claims["appid"], &claims["iss"]),
        (&json!(API_CLIENT_ID), &json!(format!("https://sts.windows.net/{TENANT_ID}/")))
    );
}

#[tokio::test]
async fn tokens_are_made_to_order_over_http() {
    let tenant = Tenant::start().await;
    let order = json!({
        "user": "bob", "version": 1, "scopes": "a b", "claims": {"aud": "x", "name": null}, "expires_in": -5,
        "header": {"typ": "at+jwt"}, "signer": "nobody",
    });
    let answer = tenant.post_json("/_emulator/token", &order).await;
    let token = answer.access_token();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("none"), &json!("at+jwt")));
    assert!(token.ends_with('.'));
    assert_eq!((&claims["aud"], &claims["scp"], &claims["ver"]), (&json!("x"), &json!("a b"), &json!("1.0")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), -5);
    assert!(claims.get("name").is_none() && claims["appid"] == CLIENT_ID);
    for (name, order) in [("nobody", json!({"user": "nobody"})), ("nothing", json!({}))] {
        assert_eq!(tenant.post_json("/_emulator/token", &order).await.status, 400, "{name}");
    }
    assert_eq!(tenant.post_json("/_emulator/token", &json!({"usr": "bob"})).await.status, 422);
}

#[tokio::test]
async fn a_user_s_token_is_plain_text_for_a_shell() {
    let tenant = Tenant::start().await;
    let answer = tenant.get("/_emulator/token?user=bob").await;
    assert_eq!(part(&answer.text, 1)["preferred_username"], "bob@contoso.onmicrosoft.com");
    assert_eq!(tenant.exchange(&answer.text, &[]).await.status, 200);
    assert_eq!(tenant.get("/_emulator/token?user=nobody").await.status, 400);
}
