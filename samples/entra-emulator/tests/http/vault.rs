use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, CertificateFormat, ClientCertificate, Config, Fault, Place,
    SYSTEM_ASSIGNED_CLIENT_ID, TENANT_ID, TokenSpec, USER_ASSIGNED_CLIENT_ID, VaultCertificate, VaultSecret,
};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use serde_json::{Value, json};

use super::tenant::{Answer, Tenant};

const VAULT: &str = "https://vault.azure.net";

/// A token of an identity of the host.
async fn token(tenant: &Tenant, client: &str, resource: &str) -> String {
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}&client_id={client}");
    let request = tenant.http.get(tenant.url(&path)).header("metadata", "true");
    Answer::read(request.send().await.unwrap()).await.access_token()
}

async fn read_as(tenant: &Tenant, token: &str, path: &str) -> Answer {
    let url = tenant.url(&format!("{path}?api-version=7.4"));
    Answer::read(tenant.http.get(url).bearer_auth(token).send().await.unwrap()).await
}

async fn read(tenant: &Tenant, path: &str) -> Answer {
    read_as(tenant, &token(tenant, USER_ASSIGNED_CLIENT_ID, VAULT).await, path).await
}

async fn sign(tenant: &Tenant, path: &str, body: Value) -> Answer {
    let url = tenant.url(&format!("{path}?api-version=7.4"));
    let token = token(tenant, USER_ASSIGNED_CLIENT_ID, VAULT).await;
    Answer::read(tenant.http.post(url).bearer_auth(token).json(&body).send().await.unwrap()).await
}

fn pem(made: &ClientCertificate) -> VaultCertificate {
    VaultCertificate::new(made.clone(), CertificateFormat::Pem)
}

/// The code of Key Vault's own error, and of the one inside it.
fn refusal(answer: &Answer) -> (u16, String, Value) {
    let error = &answer.json()["error"];
    (answer.status.as_u16(), error["code"].as_str().unwrap().to_owned(), error["innererror"]["code"].clone())
}

#[tokio::test]
async fn a_caller_without_a_good_token_is_told_where_to_get_one() {
    let tenant = Tenant::with(Config::default().with_vault_secret("one", "1")).await;
    let start = format!("Bearer authorization=\"{}/{TENANT_ID}\", resource=\"{VAULT}\"", tenant.emulator.http_url());
    let bare = tenant.get("/secrets/one?api-version=7.4").await;
    assert_eq!((bare.status.as_u16(), bare.header("www-authenticate")), (401, start.as_str()));
    let told = bare.json()["error"]["message"].clone();
    assert_eq!(told, "AKV10000: Request is missing a Bearer or PoP token.");
    for (name, token) in [
        ("no token at all", "x".to_owned()),
        ("for Graph", token(&tenant, USER_ASSIGNED_CLIENT_ID, "https://graph.microsoft.com").await),
        ("for management", token(&tenant, USER_ASSIGNED_CLIENT_ID, "https://management.azure.com").await),
        ("a user's, for the API", tenant.emulator.mint(TokenSpec::user("alice"))),
        ("unsigned", {
            let spec = TokenSpec::app(&[]).version(1).claim("aud", VAULT).claim("appid", USER_ASSIGNED_CLIENT_ID);
            tenant.emulator.mint(spec.signed_by(entra_emulator::Signer::Nobody))
        }),
    ] {
        let answer = read_as(&tenant, &token, "/secrets/one").await;
        assert_eq!(refusal(&answer), (401, "Unauthorized".to_owned(), Value::Null), "{name}");
        assert!(answer.header("www-authenticate").starts_with(&start), "{name}");
    }
    let old = token(&tenant, USER_ASSIGNED_CLIENT_ID, VAULT).await;
    tenant.emulator.control().advance_clock(24 * 3_600);
    assert_eq!(read_as(&tenant, &old, "/secrets/one").await.status, 401, "expired");
    assert_eq!(tenant.emulator.counters().vault_challenges, 7);
}

#[tokio::test]
async fn only_those_with_access_read_and_apps_may_come_by_themselves() {
    let config = Config::default().with_vault_secret("one", VaultSecret::new("1").content_type("text/plain"));
    let tenant = Tenant::with(config.clone()).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", API_CLIENT_ID),
        ("client_secret", API_CLIENT_SECRET),
        ("scope", "https://vault.azure.net/.default"),
    ];
    let app = tenant.token(&form, &[]).await.access_token();
    let body = read_as(&tenant, &app, "/secrets/one").await.json();
    assert_eq!((&body["value"], &body["contentType"]), (&json!("1"), &json!("text/plain")));
    assert!(body["id"].as_str().unwrap().starts_with(&tenant.url("/secrets/one/")));
    assert!(body.get("kid").is_none() && body.get("managed").is_none());
    let system = token(&tenant, SYSTEM_ASSIGNED_CLIENT_ID, VAULT).await;
    let denied = read_as(&tenant, &system, "/secrets/one").await;
    assert_eq!(refusal(&denied), (403, "Forbidden".to_owned(), json!("ForbiddenByRbac")));
    let unknown = read_as(&tenant, &system, "/secrets/none").await;
    assert_eq!(unknown.status, 403, "who may not read is not told what is there");
    let open = Tenant::with(config.with_vault_reader(SYSTEM_ASSIGNED_CLIENT_ID)).await;
    let system = token(&open, SYSTEM_ASSIGNED_CLIENT_ID, VAULT).await;
    assert_eq!(read_as(&open, &system, "/secrets/one").await.status, 200);
    assert_eq!(tenant.emulator.counters().vault_secrets, 1);
}

#[tokio::test]
async fn what_is_not_there_or_not_asked_rightly_is_said_so() {
    let tenant = Tenant::with(Config::default().with_vault_secret("one", "1")).await;
    for (path, status, code) in [
        ("/secrets/none", 404, "SecretNotFound"),
        ("/secrets/one/0123456789abcdef0123456789abcdef", 404, "SecretNotFound"),
        ("/certificates/one", 404, "CertificateNotFound"),
        ("/keys/one", 404, "KeyNotFound"),
        ("/secrets/a_name", 400, "BadParameter"),
    ] {
        assert_eq!(refusal(&read(&tenant, path).await), (status, code.to_owned(), Value::Null), "{path}");
    }
    let token = token(&tenant, USER_ASSIGNED_CLIENT_ID, VAULT).await;
    for (version, status) in
        [("", 400), ("?api-version=1.0", 400), ("?api-version=7.9", 400), ("?api-version=7.6", 200)]
    {
        let url = tenant.url(&format!("/secrets/one{version}"));
        let response = tenant.http.get(url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{version}");
    }
}

#[tokio::test]
async fn a_certificate_s_secret_has_the_key_in_the_format_that_was_chosen() {
    let made = ClientCertificate::generate();
    let pfx = |made: &ClientCertificate| VaultCertificate::new(made.clone(), CertificateFormat::Pkcs12);
    let config = Config::default().with_vault_certificate("pem", pem(&made)).with_vault_certificate("pfx", pfx(&made));
    let config = config.with_vault_certificate("kept", pem(&made).not_exportable());
    let tenant = Tenant::with(config.with_vault_certificate("kept-pfx", pfx(&made).not_exportable())).await;
    let body = read(&tenant, "/secrets/pem").await.json();
    let both = format!("{}{}", made.private_key_pem(), made.certificate_pem());
    assert_eq!((&body["value"], &body["contentType"]), (&json!(both), &json!("application/x-pem-file")));
    assert_eq!(body["managed"], true);
    assert_eq!(body["kid"], body["id"].as_str().unwrap().replace("/secrets/", "/keys/"));
    let body = read(&tenant, "/secrets/pfx").await.json();
    assert_eq!(body["contentType"], "application/x-pkcs12");
    assert!(store(&body).private_key_chain().is_some_and(|(_, chain)| chain.certs().len() == 1));
    let body = read(&tenant, "/secrets/kept").await.json();
    assert_eq!(body["value"], made.certificate_pem(), "no key leaves the vault");
    let body = read(&tenant, "/secrets/kept-pfx").await.json();
    assert!(store(&body).private_key_chain().is_none() && store(&body).entries_len() == 1);
}

/// Reads a secret as a PKCS#12 file without a password.
fn store(secret: &Value) -> KeyStore {
    let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
    KeyStore::from_pkcs12(&file, "", Pkcs12ImportPolicy::Relaxed).unwrap()
}

#[tokio::test]
async fn a_certificate_is_described_as_key_vault_does() {
    let (first, last) = (1_735_689_600, 4_102_444_800);
    let made = ClientCertificate::valid_between(first, last);
    let tenant = Tenant::with(Config::default().with_vault_certificate("app", pem(&made).not_exportable())).await;
    let body = read(&tenant, "/certificates/app").await.json();
    let version = body["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(body["id"], tenant.url(&format!("/certificates/app/{version}")));
    assert_eq!(body["kid"], tenant.url(&format!("/keys/app/{version}")));
    assert_eq!(body["sid"], tenant.url(&format!("/secrets/app/{version}")));
    assert_eq!((&body["attributes"]["nbf"], &body["attributes"]["exp"]), (&json!(first), &json!(last)));
    assert_eq!(
        (&body["attributes"]["enabled"], &body["policy"]["key_props"]["exportable"]),
        (&json!(true), &json!(false))
    );
    let x5t = URL_SAFE_NO_PAD.decode(body["x5t"].as_str().unwrap()).unwrap();
    let hex: String = x5t.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!((hex, 64), (made.sha1_thumbprint(), made.sha256_thumbprint().len()));
    let pem: String = made.certificate_pem().lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(body["cer"], pem);
    assert_eq!(read(&tenant, &format!("/certificates/app/{version}")).await.json()["x5t"], body["x5t"]);
    assert_eq!(tenant.emulator.counters().vault_certificates, 2);
}

#[tokio::test]
async fn the_vault_signs_digests_with_keys_that_it_keeps() {
    let made = ClientCertificate::generate();
    let tenant = Tenant::with(Config::default().with_vault_certificate("app", pem(&made).not_exportable())).await;
    let key = read(&tenant, "/keys/app").await.json()["key"].clone();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    let (message, path) = (b"header.claims", key["kid"].as_str().unwrap().replace(&tenant.emulator.http_url(), ""));
    let value = URL_SAFE_NO_PAD.encode(digest(&SHA256, message));
    for (name, scheme) in [("PS256", &RSA_PSS_2048_8192_SHA256), ("RS256", &RSA_PKCS1_2048_8192_SHA256)] {
        let body = sign(&tenant, &format!("{path}/sign"), json!({"alg": name, "value": value})).await.json();
        assert_eq!(body["kid"], key["kid"], "{name}");
        let signature = URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap()).unwrap();
        assert!(public.verify(scheme, message, &signature).is_ok(), "{name}");
    }
    for current in ["/keys/app/sign", "/keys/app//sign"] {
        let answer = sign(&tenant, current, json!({"alg": "PS256", "value": value})).await;
        assert_eq!(answer.status, 200, "{current}");
    }
    for (name, body) in [
        ("another algorithm", json!({"alg": "ES256", "value": value})),
        ("another size", json!({"alg": "PS512", "value": value})),
        ("no digest", json!({"alg": "PS256"})),
        ("no base64url", json!({"alg": "PS256", "value": "+/"})),
    ] {
        assert_eq!(refusal(&sign(&tenant, &format!("{path}/sign"), body).await).1, "BadParameter", "{name}");
    }
    assert_eq!(tenant.emulator.counters().vault_signatures, 4);
}

#[tokio::test]
async fn a_new_version_becomes_the_current_one_and_old_ones_stay() {
    let (before, after) = (ClientCertificate::generate(), ClientCertificate::generate());
    let tenant = Tenant::with(Config::default().with_vault_certificate("app", pem(&before))).await;
    let control = tenant.emulator.control();
    let old = read(&tenant, "/certificates/app").await.json();
    let new = control.put_certificate("app", pem(&after));
    let current = read(&tenant, "/secrets/app").await.json();
    assert!(current["value"].as_str().unwrap().contains(after.certificate_pem()));
    assert!(current["id"].as_str().unwrap().ends_with(&new));
    let path = old["sid"].as_str().unwrap().replace(&tenant.emulator.http_url(), "");
    assert!(read(&tenant, &path).await.json()["value"].as_str().unwrap().contains(before.certificate_pem()));
    assert!(control.disable_version("app", &new) && !control.disable_version("app", "none"));
    let disabled = read(&tenant, "/secrets/app").await;
    assert_eq!(refusal(&disabled), (403, "Forbidden".to_owned(), json!("SecretDisabled")));
    assert_eq!(read(&tenant, "/certificates/app").await.json()["attributes"]["enabled"], false);
    control.put_secret("plain", "1");
    control.put_secret("Plain", "2");
    assert_eq!(read(&tenant, "/secrets/plain/").await.json()["value"], "2", "an empty version is the current one");
    assert_eq!(read(&tenant, "/secrets/PLAIN").await.json()["value"], "2", "names have no case");
}

#[tokio::test]
async fn a_key_outside_its_validity_does_not_sign_and_is_still_given_out() {
    let made = ClientCertificate::valid_between(1_600_000_000, 1_700_000_000);
    let tenant = Tenant::with(Config::default().with_vault_certificate("old", pem(&made))).await;
    let body = json!({"alg": "PS256", "value": URL_SAFE_NO_PAD.encode([7; 32])});
    assert_eq!(
        refusal(&sign(&tenant, "/keys/old/sign", body).await),
        (403, "Forbidden".to_owned(), json!("KeyExpired"))
    );
    assert_eq!(read(&tenant, "/secrets/old").await.status, 200);
}

#[tokio::test]
async fn the_vault_is_filled_over_http_and_its_certificates_prove_the_app() {
    let tenant = Tenant::start().await;
    let secret = json!({"value": "v", "content_type": "text/plain"});
    let version = tenant.post_json("/_emulator/vault/secrets/one", &secret).await.member("version");
    assert_eq!(read(&tenant, &format!("/secrets/one/{version}")).await.json()["contentType"], "text/plain");
    let made = tenant.post_json("/_emulator/vault/certificates/app", &json!({"exportable": false})).await;
    let registered = tenant.http.post(tenant.url("/_emulator/certificates")).body(made.member("certificate"));
    assert_eq!(registered.send().await.unwrap().status(), 204);
    let endpoint = tenant.token_endpoint();
    let x5t = read(&tenant, "/certificates/app").await.member("x5t");
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": API_CLIENT_ID, "sub": API_CLIENT_ID, "aud": endpoint, "exp": 4_102_444_800_i64});
    let message = format!("{}.{}", encode(json!({"alg": "PS256", "typ": "JWT", "x5t": x5t})), encode(claims));
    let value = URL_SAFE_NO_PAD.encode(digest(&SHA256, message.as_bytes()));
    let signature = sign(&tenant, "/keys/app/sign", json!({"alg": "PS256", "value": value})).await.member("value");
    let assertion = format!("{message}.{signature}");
    let kind = super::client_authentication::ASSERTION_TYPE;
    let credential = [("client_secret", ""), ("client_assertion", assertion.as_str()), ("client_assertion_type", kind)];
    assert_eq!(tenant.exchange_for("alice", &credential).await.status, 200);
    assert_eq!(tenant.emulator.counters().by_certificate, 1);
    let disabling = json!({"name": "one", "version": version});
    assert_eq!(tenant.post_json("/_emulator/vault/disable", &disabling).await.status, 204);
    assert_eq!(read(&tenant, "/secrets/one").await.status, 403);
}

#[tokio::test]
async fn trouble_at_the_vault_is_switched_for_one_caller_and_nothing_secret_is_printed() {
    let made = ClientCertificate::generate();
    let config = Config::default().with_vault_secret("one", "hush").with_vault_certificate("app", pem(&made));
    let text = format!("{config:?} {made:?} {:?} {:?}", pem(&made), VaultSecret::new("hush"));
    assert!(!text.contains("hush") && !text.contains("PRIVATE KEY") && !text.contains(API_CLIENT_SECRET));
    let tenant = Tenant::with(config).await;
    let control = tenant.emulator.control();
    for (name, fault, status) in [
        ("throttled", Fault::Throttled(1), 429),
        ("forbidden", Fault::Forbidden, 403),
        ("unavailable", Fault::Unavailable, 503),
        ("HTML", Fault::Html, 500),
    ] {
        control.set_fault(Place::Vault, USER_ASSIGNED_CLIENT_ID, fault);
        assert_eq!(read(&tenant, "/secrets/one").await.status.as_u16(), status, "{name}");
    }
    control.clear_fault(Place::Vault, USER_ASSIGNED_CLIENT_ID);
    assert_eq!(read(&tenant, "/secrets/one").await.json()["value"], "hush");
}

#[test]
fn a_key_pasted_into_a_shell_has_no_line_breaks() {
    let made = ClientCertificate::generate();
    let body: Value = serde_json::from_str(&made.private_key_json()).unwrap();
    let text = body["privateKey"].as_str().unwrap();
    assert!(!text.contains('\n') && text.replace("\\n", "\n") == made.private_key_pem());
}
