use aws_lc_rs::digest::{Algorithm as Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, ClientCertificate, Config};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

use super::tenant::{Answer, Case, Parameters, Tenant, part};

const EXPIRED: &str = "an-expired-secret";
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks for an app token: the grant in which nothing but the client is judged.
async fn authenticate(tenant: &Tenant, changes: Parameters<'_>, headers: Parameters<'_>) -> Answer {
    let scope = format!("api://{API_CLIENT_ID}/.default");
    let form = [("grant_type", "client_credentials"), ("client_id", API_CLIENT_ID), ("scope", &scope)];
    tenant.token_with(&form, changes, headers).await
}

#[tokio::test]
async fn a_secret_comes_by_post_or_basic_and_must_be_right() {
    let tenant = Tenant::with(Config::default().with_expired_secret(EXPIRED)).await;
    let basic = |text: String| format!("Basic {}", STANDARD.encode(text));
    let good = basic(format!("{API_CLIENT_ID}:{}", API_CLIENT_SECRET.replace('~', "%7E")));
    let bad = basic(format!("{API_CLIENT_ID}:wrong"));
    let other = basic(format!("{CLIENT_ID}:{API_CLIENT_SECRET}"));
    let blank = basic(format!("{API_CLIENT_ID}:"));
    let none: Parameters<'_> = &[];
    let two: Parameters<'_> = &[("client_secret", API_CLIENT_SECRET), ("client_assertion", "x")];
    let cases: [(Case<'_>, Parameters<'_>); 12] = [
        (("post", &[("client_secret", API_CLIENT_SECRET)], (200, 0, "")), none),
        (("Basic", &[("client_id", "")], (200, 0, "")), &[("authorization", &good)]),
        (("Basic and the same id", none, (200, 0, "")), &[("authorization", &good)]),
        (("a wrong secret", &[("client_secret", "wrong")], (401, 7_000_215, "invalid_client")), none),
        (("a wrong secret by Basic", none, (401, 7_000_215, "invalid_client")), &[("authorization", &bad)]),
        (("an expired secret", &[("client_secret", EXPIRED)], (401, 7_000_222, "invalid_client")), none),
        (("none", none, (401, 7_000_218, "invalid_client")), none),
        (("a blank one by Basic", none, (401, 7_000_218, "invalid_client")), &[("authorization", &blank)]),
        (("Basic of another app", none, (400, 9_002_313, "invalid_request")), &[("authorization", &other)]),
        (("a bearer token", none, (400, 9_002_313, "invalid_request")), &[("authorization", "Bearer x")]),
        (("an unknown app", &[("client_id", "nobody")], (400, 700_016, "unauthorized_client")), none),
        (("two credentials", two, (400, 9_002_313, "invalid_request")), none),
    ];
    for ((name, changes, (status, code, error)), headers) in cases {
        let answer = authenticate(&tenant, changes, headers).await;
        assert_eq!(answer.verdict(), (status, code, error.to_owned()), "{name}");
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn thumbprint(certificate: &ClientCertificate, algorithm: &'static Digest) -> Vec<u8> {
    let pem = certificate.certificate_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    digest(algorithm, &STANDARD.decode(body).unwrap()).as_ref().to_owned()
}

pub(crate) fn sign(certificate: &ClientCertificate, algorithm: Algorithm, header: &Value, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_pem(certificate.private_key_pem().as_bytes()).unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Overwrites members; null takes one out.
fn change(mut value: Value, changes: Value) -> Value {
    for (name, new) in changes.as_object().unwrap().clone() {
        if new.is_null() {
            value.as_object_mut().unwrap().remove(&name);
        } else {
            value[name] = new;
        }
    }
    value
}

async fn present(tenant: &Tenant, assertion: &str) -> Answer {
    let changes = [("client_assertion", assertion), ("client_assertion_type", ASSERTION_TYPE)];
    authenticate(tenant, &changes, &[]).await
}

#[tokio::test]
async fn every_form_of_assertion_that_real_clients_send_is_accepted() {
    let certificate = ClientCertificate::generate();
    let tenant = Tenant::with(Config::default().with_certificate(certificate.certificate_pem())).await;
    let (sha256, sha1) = (thumbprint(&certificate, &SHA256), thumbprint(&certificate, &SHA1_FOR_LEGACY_USE_ONLY));
    let (time, endpoint) = (now(), tenant.token_endpoint());
    let plain = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(&sha256)});
    let (ps, rs) = (Algorithm::PS256, Algorithm::RS256);
    let issuer = endpoint.replace("/oauth2/v2.0/token", "/v2.0");
    let by_domain = endpoint.replace(entra_emulator::TENANT_ID, entra_emulator::TENANT_DOMAIN);
    for (name, algorithm, header, claims) in [
        ("PS256 and x5t#S256", ps, json!({}), json!({})),
        ("RS256 and x5t#S256", rs, json!({"alg": "RS256"}), json!({})),
        ("x5t#S256 padded", ps, json!({"x5t#S256": URL_SAFE.encode(&sha256)}), json!({})),
        ("x5t", rs, json!({"alg": "RS256", "x5t#S256": null, "x5t": URL_SAFE_NO_PAD.encode(&sha1)}), json!({})),
        ("x5t padded", rs, json!({"alg": "RS256", "x5t#S256": null, "x5t": URL_SAFE.encode(&sha1)}), json!({})),
        (
            "x5t in plain base64",
            rs,
            json!({"alg": "RS256", "x5t#S256": null, "x5t": STANDARD.encode(&sha1)}),
            json!({}),
        ),
        ("x5c with line breaks", ps, json!({"x5c": [certificate.certificate_pem()]}), json!({})),
        ("times with a fraction", ps, json!({}), json!({"exp": time as f64 + 600.5, "iat": time as f64 + 0.25})),
        ("times as strings", ps, json!({}), json!({"exp": (time + 600).to_string(), "nbf": time.to_string()})),
        ("the issuer as audience", ps, json!({}), json!({"aud": issuer})),
        ("the tenant by its domain", ps, json!({}), json!({"aud": by_domain})),
    ] {
        let whole = json!({"iss": API_CLIENT_ID, "sub": API_CLIENT_ID, "aud": endpoint, "jti": "1", "exp": time + 600});
        let assertion = sign(&certificate, algorithm, &change(plain.clone(), header), &change(whole, claims));
        let answer = present(&tenant, &assertion).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        assert_eq!(part(&answer.access_token(), 1)["azpacr"], "2", "{name}");
        assert_eq!(present(&tenant, &assertion).await.status, 200, "{name}: one assertion may be used again");
    }
}

#[tokio::test]
async fn an_assertion_that_is_not_quite_right_is_refused() {
    let (certificate, other) = (ClientCertificate::generate(), ClientCertificate::generate());
    let tenant = Tenant::with(Config::default().with_certificate(certificate.certificate_pem())).await;
    let (time, endpoint) = (now(), tenant.token_endpoint());
    let header = json!({"alg": "PS256", "x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint(&certificate, &SHA256))});
    let theirs = json!({"x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint(&other, &SHA256))});
    let elsewhere = endpoint.replace("127.0.0.1", "localhost");
    for (name, signer, header_change, claims, code) in [
        ("another key under our thumbprint", &other, json!({}), json!({}), 700_027),
        ("a certificate that is not registered", &other, theirs, json!({}), 700_027),
        ("no thumbprint", &certificate, json!({"x5t#S256": null}), json!({}), 700_027),
        ("an algorithm that was not used", &certificate, json!({"alg": "RS256"}), json!({}), 700_027),
        ("alg none", &certificate, json!({"alg": "none"}), json!({}), 700_027),
        ("another subject", &certificate, json!({}), json!({"sub": CLIENT_ID}), 700_021),
        ("an audience in an array", &certificate, json!({}), json!({"aud": [endpoint.as_str()]}), 5_002_741),
        ("another host in the audience", &certificate, json!({}), json!({"aud": elsewhere}), 700_023),
        ("expired", &certificate, json!({}), json!({"exp": time - 301}), 700_024),
        ("not yet valid", &certificate, json!({}), json!({"nbf": time + 400}), 700_024),
        ("without an end", &certificate, json!({}), json!({"exp": null}), 700_024),
        ("an end that is no time", &certificate, json!({}), json!({"exp": "soon"}), 700_024),
    ] {
        let whole = json!({"iss": API_CLIENT_ID, "sub": API_CLIENT_ID, "aud": endpoint, "exp": time + 600});
        let assertion = sign(signer, Algorithm::PS256, &change(header.clone(), header_change), &change(whole, claims));
        let answer = present(&tenant, &assertion).await;
        assert_eq!(answer.verdict(), (401, code, "invalid_client".to_owned()), "{name}");
    }
    assert_eq!(present(&tenant, "no.jwt").await.verdict().1, 700_027);
    let untyped = authenticate(&tenant, &[("client_assertion", "x")], &[]).await;
    assert_eq!(untyped.verdict().1, 900_144, "the assertion's type must be there");
    let public = [("client_id", CLIENT_ID), ("client_assertion", "x"), ("client_assertion_type", ASSERTION_TYPE)];
    assert_eq!(authenticate(&tenant, &public, &[]).await.verdict().1, 700_025, "a public client has none");
}

#[tokio::test]
async fn only_the_default_scope_of_one_api_can_be_had_by_an_app() {
    let tenant = Tenant::start().await;
    let secret = ("client_secret", API_CLIENT_SECRET);
    let (named, foreign) = (format!("{API_CLIENT_ID}/access_as_user"), format!("{CLIENT_ID}/.default"));
    for (name, scope, code) in [
        ("no scope", "", 900_144),
        ("a delegated scope", named.as_str(), 70011),
        ("a delegated scope of Graph", "https://graph.microsoft.com/User.Read", 70011),
        ("two resources", "https://graph.microsoft.com/.default https://vault.azure.net/.default", 28000),
        ("another app of the tenant", &foreign, 0),
    ] {
        assert_eq!(authenticate(&tenant, &[secret, ("scope", scope)], &[]).await.verdict().1, code, "{name}");
    }
    let claims = part(&authenticate(&tenant, &[secret], &[]).await.access_token(), 1);
    assert_eq!(claims["oid"], claims["sub"]);
    assert!(claims.get("scp").is_none() && claims.get("idtyp").is_none());
    assert_eq!(tenant.emulator.counters().client_credentials, 6);
}
