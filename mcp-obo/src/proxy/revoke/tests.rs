use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW};
use serde_json::json;

use crate::{
    proxy::Endpoint,
    proxy::ledger::tests::{ISSUER, OTHER, Origin, redeem, refresh, revoke, send, session},
    testtenant::{CLIENT, SECRET, Tenant},
};

#[tokio::test(start_paused = true)]
async fn a_client_ends_its_session_on_all_replicas() {
    let origin = Origin::granting();
    let (one, other) = (origin.replica(), origin.replica());
    let (ended, others) = (session(&origin, &one, "alice", "a").await, session(&origin, &one, "alice", "b").await);
    let next = refresh(&one, &ended).await.refresh_token();
    let asked = origin.tenant.exchanges();
    // Any token of the session will do, an old one too.
    let seen = revoke(&other, &ended).await;
    assert_eq!((seen.status, &*seen.text), (200, ""));
    for (replica, token) in [(&one, &next), (&other, &next), (&one, &ended)] {
        assert_eq!(refresh(replica, token).await.word(), "invalid_grant");
    }
    assert_eq!(origin.tenant.exchanges(), asked, "Entra hears nothing of a session that was ended");
    assert_eq!(refresh(&one, &others).await.word(), "granted");
    assert_eq!(revoke(&one, &next).await.status, 200, "twice is as good as once");
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_is_answered_as_the_standard_says() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    let code = origin.code("alice", "b");
    let access = Tenant::granting().token(json!({"oid": "alice", "scp": "access_as_user"}));
    let graphs =
        Tenant::granting().token(json!({"oid": "alice", "scp": "User.Read", "aud": "https://graph.microsoft.com"}));
    let (client, token_of) = (("client_id", CLIENT), ("token", &*token));
    let oversized = "a".repeat(20_000);
    for (name, pairs, expected) in [
        ("nothing", &[client][..], "400 invalid_request"),
        ("a blank token", &[client, ("token", "")], "400 invalid_request"),
        ("a token twice", &[client, ("token", "a"), ("token", "a")], "400 invalid_request"),
        ("garbage", &[client, ("token", "garbage")], "200"),
        ("long garbage", &[client, ("token", &oversized)], "200"),
        ("a refresh token of Entra's", &[client, ("token", "1.AXx")], "200"),
        ("a code", &[client, ("token", &code)], "200"),
        ("an access token, which goes on", &[client, ("token", &access)], "400 unsupported_token_type"),
        ("an access token of another API", &[client, ("token", &graphs)], "200"),
        ("no client", &[token_of], "400 invalid_request"),
        ("no such client", &[("client_id", OTHER), token_of], "401 invalid_client"),
        ("a wrong secret", &[client, ("client_secret", SECRET), token_of], "401 invalid_client"),
    ] {
        let seen = send(&proxy, "POST", "/revoke", pairs).await;
        let word = seen.json()["error"].as_str().map(|word| format!(" {word}")).unwrap_or_default();
        assert_eq!(format!("{}{word}", seen.status), expected, "{name}: {}", seen.text);
    }
    assert_eq!(refresh(&proxy, &token).await.word(), "granted", "and nothing is ended by any of it");
    assert_eq!(redeem(&proxy, &code).await.word(), "granted");
}

#[tokio::test(start_paused = true)]
async fn a_hint_changes_nothing() {
    for hint in ["refresh_token", "access_token", "pet_token"] {
        let origin = Origin::granting();
        let proxy = origin.replica();
        let token = session(&origin, &proxy, "alice", "a").await;
        let pairs = [("client_id", CLIENT), ("token", &*token), ("token_type_hint", hint)];
        assert_eq!(send(&proxy, "POST", "/revoke", &pairs).await.status, 200, "{hint}");
        assert_eq!(refresh(&proxy, &token).await.word(), "invalid_grant", "{hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_clients_token_is_refused_and_stays_good() {
    let origin = Origin::granting();
    let proxy = origin.replica();
    let token = session(&origin, &proxy, "alice", "a").await;
    let body = json!({"redirect_uris": ["http://127.0.0.1/"], "token_endpoint_auth_method": "none"}).to_string();
    let request = http::Request::post("/register").body(http_body_util::Full::from(body)).unwrap();
    let answer = tower::ServiceExt::oneshot(proxy.clone(), request).await.unwrap();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    let registered: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let thief = registered["client_id"].as_str().unwrap();
    origin.store.asked();
    let seen = send(&proxy, "POST", "/revoke", &[("client_id", thief), ("token", &token)]).await;
    assert_eq!(seen.word(), "invalid_grant");
    assert_eq!(origin.store.asked(), 0);
    assert_eq!(refresh(&proxy, &token).await.word(), "granted");
}

#[tokio::test(start_paused = true)]
async fn it_is_there_and_advertised_only_where_there_is_a_store() {
    let origin = Origin::granting();
    let (with, without) = (origin.replica(), origin.builder().build().unwrap());
    for (name, proxy, exists) in [("with", &with, true), ("without", &without, false)] {
        let document = send(proxy, "GET", "/.well-known/oauth-authorization-server", &[]).await.json();
        let endpoint = document.get("revocation_endpoint").and_then(serde_json::Value::as_str);
        assert_eq!(endpoint, exists.then(|| format!("{ISSUER}/revoke")).as_deref(), "{name}");
        assert_eq!(document.get("revocation_endpoint_auth_methods_supported").is_some(), exists, "{name}");
        assert_eq!(proxy.endpoints().any(|found| found == (Endpoint::Revoke, "/revoke")), exists, "{name}");
        for (method, expected) in [("POST", 400), ("OPTIONS", 204), ("GET", 405), ("DELETE", 405)] {
            let seen = send(proxy, method, "/revoke", &[]).await;
            assert_eq!(seen.status, if exists { expected } else { 404 }, "{name}: {method}");
            let origins = seen.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(origins.map(http::HeaderValue::as_bytes), exists.then_some(&b"*"[..]), "{name}: {method}");
            assert_eq!(seen.headers.contains_key(ALLOW), seen.status == 405, "{name}: {method}");
        }
    }
}
