use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use entra_emulator::{TENANT_DOMAIN, TENANT_ID};
use serde_json::Value;

use super::tenant::Tenant;

const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

#[tokio::test]
async fn each_document_names_its_issuer_and_its_keys() {
    let tenant = Tenant::start().await;
    let base = tenant.emulator.http_url();
    let upper = TENANT_ID.to_ascii_uppercase();
    for (name, segment, generation, issuer, keys) in [
        ("v2 by id", TENANT_ID, "/v2.0", format!("{base}/{TENANT_ID}/v2.0"), "discovery/v2.0/keys"),
        ("v2 by id in capitals", &upper, "/v2.0", format!("{base}/{TENANT_ID}/v2.0"), "discovery/v2.0/keys"),
        ("v2 by domain", TENANT_DOMAIN, "/v2.0", format!("{base}/{TENANT_ID}/v2.0"), "discovery/v2.0/keys"),
        ("v2 common", "common", "/v2.0", format!("{base}/{{tenantid}}/v2.0"), "discovery/v2.0/keys"),
        ("v2 organizations", "organizations", "/v2.0", format!("{base}/{{tenantid}}/v2.0"), "discovery/v2.0/keys"),
        ("v2 consumers", "consumers", "/v2.0", format!("{base}/{CONSUMERS}/v2.0"), "discovery/v2.0/keys"),
        ("v1 by id", TENANT_ID, "", format!("https://sts.windows.net/{TENANT_ID}/"), "discovery/keys"),
        ("v1 common", "common", "", "https://sts.windows.net/{tenantid}/".to_owned(), "discovery/keys"),
    ] {
        let document = tenant.get(&format!("/{segment}{generation}/.well-known/openid-configuration")).await.json();
        assert_eq!(document["issuer"], issuer, "{name}");
        assert_eq!(document["jwks_uri"], format!("{base}/{segment}/{keys}"), "{name}");
        assert!(
            document["token_endpoint"].as_str().unwrap().starts_with(&format!("{base}/{segment}/oauth2")),
            "{name}"
        );
        assert_eq!(tenant.get(&format!("/{segment}/{keys}")).await.status, 200, "{name}");
    }
    assert_eq!(tenant.emulator.counters().discovery, 8);
    assert_eq!(tenant.emulator.counters().keys, 8);
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_has_no_documents() {
    let tenant = Tenant::start().await;
    for path in ["/v2.0/.well-known/openid-configuration", "/.well-known/openid-configuration"] {
        let answer = tenant.get(&format!("/fabrikam.example{path}")).await;
        assert_eq!(answer.verdict(), (400, 90002, "invalid_tenant".to_owned()), "{path}");
    }
    let keys = tenant.get("/fabrikam.example/discovery/v2.0/keys").await;
    assert_eq!(keys.verdict(), (400, 90002, "invalid_tenant".to_owned()));
}

#[tokio::test]
async fn instance_discovery_knows_this_host_and_the_public_cloud() {
    let tenant = Tenant::start().await;
    let base = tenant.emulator.http_url();
    let host = base.strip_prefix("http://").unwrap();
    for (name, asked, known) in [
        ("itself", format!("https://{host}/common/oauth2/v2.0/authorize"), true),
        ("the public cloud", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize".to_owned(), true),
        ("another host", "https://login.evil.example/common/oauth2/v2.0/authorize".to_owned(), false),
        ("another port", "https://127.0.0.1:1/common/oauth2/v2.0/authorize".to_owned(), false),
        ("no URL", "nonsense".to_owned(), false),
    ] {
        let answer =
            tenant.get(&format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={asked}")).await;
        let body = answer.json();
        if known {
            let document = format!("{base}/{TENANT_ID}/v2.0/.well-known/openid-configuration");
            assert_eq!(body["tenant_discovery_endpoint"], document, "{name}");
            assert_eq!(body["metadata"][0]["preferred_network"], host, "{name}");
        } else {
            assert_eq!((answer.status.as_u16(), &body["error"]), (400, &Value::from("invalid_instance")), "{name}");
        }
    }
    assert_eq!(tenant.get("/common/discovery/instance").await.status, 400);
}

async fn keys(tenant: &Tenant, path: &str) -> Vec<Value> {
    tenant.get(&format!("/{TENANT_ID}/{path}")).await.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn v2_keys_say_whose_tokens_they_sign_and_v1_keys_do_not() {
    let tenant = Tenant::start().await;
    let base = tenant.emulator.http_url();
    let v2 = keys(&tenant, "discovery/v2.0/keys").await;
    let issuers: Vec<_> = v2.iter().map(|key| key["issuer"].as_str().unwrap().to_owned()).collect();
    let expected =
        [format!("{base}/{{tenantid}}/v2.0"), format!("{base}/{TENANT_ID}/v2.0"), format!("{base}/{CONSUMERS}/v2.0")];
    assert_eq!(issuers, expected);
    let v1 = keys(&tenant, "discovery/keys").await;
    assert!(v1.iter().all(|key| key.get("issuer").is_none()));
    let kids = |keys: &[Value]| keys.iter().map(|key| key["kid"].clone()).collect::<Vec<_>>();
    assert_eq!(kids(&v1), kids(&v2)[..2], "v1 tokens are signed by the same keys");
    for key in v1.iter().chain(&v2) {
        assert!(key.get("alg").is_none(), "Entra's keys have no alg");
        assert_eq!((&key["kty"], &key["use"]), (&Value::from("RSA"), &Value::from("sig")));
        assert!(["n", "e"].iter().all(|name| key[*name].is_string()));
        let certificate = STANDARD.decode(key["x5c"][0].as_str().unwrap()).unwrap();
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate));
        assert_eq!((&key["kid"], &key["x5t"]), (&thumbprint.as_str().into(), &thumbprint.as_str().into()));
    }
}

#[tokio::test]
async fn a_rotation_makes_a_new_live_key_and_keeps_the_former_one() {
    let tenant = Tenant::start().await;
    let before = keys(&tenant, "discovery/v2.0/keys").await;
    let old = tenant.emulator.mint(entra_emulator::TokenSpec::user("alice"));
    assert_eq!(tenant.post_json("/_emulator/keys/rotate", &Value::Null).await.status, 200);
    let after = keys(&tenant, "discovery/v2.0/keys").await;
    let new = tenant.emulator.mint(entra_emulator::TokenSpec::user("alice"));
    let kid = |token: &str| super::tenant::part(token, 0)["kid"].clone();
    assert_eq!(kid(&old), before[0]["kid"]);
    assert_eq!(kid(&new), after[0]["kid"]);
    assert_eq!(after[1]["kid"], before[0]["kid"]);
    assert!(after.iter().all(|key| key["kid"] != before[1]["kid"]), "the oldest is withdrawn");
    assert_eq!(tenant.exchange(&old, &[]).await.status, 200, "the former key still verifies");
    tenant.emulator.control().rotate_keys();
    assert_eq!(tenant.exchange(&old, &[]).await.verdict().1, 50013, "until it is withdrawn");
}

#[tokio::test]
async fn a_document_over_http2_names_the_authority_of_the_request() {
    let tenant = Tenant::start().await;
    let http = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let url = tenant.url(&format!("/{TENANT_ID}/v2.0/.well-known/openid-configuration"));
    let document: Value = http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["issuer"], tenant.url(&format!("/{TENANT_ID}/v2.0")));
}
