use entra_emulator::{
    Config, Fault, Place, SYSTEM_ASSIGNED_OBJECT_ID, TokenSpec, USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::{
    client_authentication::ASSERTION_TYPE,
    tenant::{Answer, Tenant, part},
};

const SUBJECT: &str = "system:serviceaccount:prod:message-center";
const EXCHANGE: &str = "api://AzureADTokenExchange";

/// Exchanges alice's token with an assertion in place of the app's secret.
async fn present(tenant: &Tenant, assertion: &str) -> Answer {
    let credential =
        [("client_secret", ""), ("client_assertion", assertion), ("client_assertion_type", ASSERTION_TYPE)];
    tenant.exchange_for("alice", &credential).await
}

/// The token that an identity gets for the exchange.
async fn identity_token(tenant: &Tenant, choice: &str) -> String {
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={EXCHANGE}{choice}");
    let request = tenant.http.get(tenant.url(&path)).header("metadata", "true");
    Answer::read(request.send().await.unwrap()).await.access_token()
}

#[tokio::test]
async fn a_user_assigned_identity_stands_for_a_secret_and_the_system_s_never_does() {
    let user = format!("&client_id={USER_ASSIGNED_CLIENT_ID}");
    let trusting = Tenant::with(Config::default().with_federated_managed_identity(USER_ASSIGNED_OBJECT_ID)).await;
    let good = present(&trusting, &identity_token(&trusting, &user).await).await;
    assert_eq!(good.verdict(), (200, 0, String::new()));
    assert_eq!(trusting.emulator.counters().by_federated_token, 1);
    let system = present(&trusting, &identity_token(&trusting, "").await).await;
    assert_eq!(system.verdict(), (401, 700_213, "invalid_client".to_owned()));
    // Nothing that is registered helps it: the record matches, and Entra still refuses.
    let registered = Config::default().with_federated_managed_identity(SYSTEM_ASSIGNED_OBJECT_ID);
    let tenant = Tenant::with(registered).await;
    let system = present(&tenant, &identity_token(&tenant, "").await).await;
    assert_eq!(system.verdict(), (401, 700_222, "invalid_client".to_owned()));
    let none = Tenant::start().await;
    assert_eq!(present(&none, &identity_token(&none, &user).await).await.verdict().1, 70021, "no record at all");
}

#[tokio::test]
async fn other_tokens_of_the_tenant_are_no_credential() {
    let tenant = Tenant::with(Config::default().with_federated_managed_identity(USER_ASSIGNED_OBJECT_ID)).await;
    let as_identity = |spec: TokenSpec| spec.claim("sub", USER_ASSIGNED_OBJECT_ID);
    for (name, spec, code) in [
        ("a user's", as_identity(TokenSpec::user("alice")).claim("aud", EXCHANGE), 700_222),
        ("an app's", as_identity(TokenSpec::app(&[])).claim("aud", EXCHANGE), 700_222),
        ("for another audience", as_identity(TokenSpec::app(&[])).claim("oid", USER_ASSIGNED_OBJECT_ID), 700_212),
        ("of a v1 issuer", as_identity(TokenSpec::app(&[]).version(1)).claim("aud", EXCHANGE), 700_211),
    ] {
        assert_eq!(present(&tenant, &tenant.emulator.mint(spec)).await.verdict().1, code, "{name}");
    }
}

#[tokio::test]
async fn a_service_account_of_the_cluster_stands_for_a_secret_when_its_record_matches() {
    let tenant = Tenant::with(Config::default().with_federated_workload(SUBJECT)).await;
    let token = tenant.emulator.workload_token(SUBJECT, 3_600);
    assert_eq!(present(&tenant, &token).await.verdict(), (200, 0, String::new()));
    let foreign = json!({"subject": SUBJECT, "audience": "https://kubernetes.default.svc"});
    let foreign = tenant.post_json("/_emulator/workload-token", &foreign).await.text;
    let forged = TokenSpec::app(&[]).claim("iss", tenant.emulator.cluster_issuer()).claim("sub", SUBJECT);
    let forged = tenant.emulator.mint(forged.claim("aud", json!([EXCHANGE])));
    let other = Tenant::start().await.emulator.workload_token(SUBJECT, 3_600);
    for (name, token, code) in [
        ("another account", tenant.emulator.workload_token("system:serviceaccount:prod:other", 3_600), 700_213),
        ("another case", tenant.emulator.workload_token("system:serviceaccount:Prod:message-center", 3_600), 7_002_138),
        ("the API server's audience", foreign, 700_212),
        ("the tenant's key", forged, 700_027),
        ("another cluster", other, 700_211),
        ("expired", tenant.emulator.workload_token(SUBJECT, -301), 700_024),
    ] {
        assert_eq!(present(&tenant, &token).await.verdict(), (401, code, "invalid_client".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn the_cluster_publishes_the_key_of_its_tokens_under_its_issuer() {
    let tenant = Tenant::start().await;
    let authority = reqwest::Certificate::from_pem(tenant.emulator.ca_pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let get = async |url: &str| http.get(url).send().await.unwrap().json::<Value>().await.unwrap();
    let issuer = tenant.emulator.cluster_issuer();
    assert!(issuer.starts_with("https://"));
    let document = get(&format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(document["issuer"], issuer);
    let keys = get(document["jwks_uri"].as_str().unwrap()).await;
    let token = tenant.emulator.workload_token(SUBJECT, 3_600);
    let (jwk, claims) = (&keys["keys"][0], part(&token, 1));
    assert_eq!(jwk["kid"], part(&token, 0)["kid"]);
    let key = DecodingKey::from_rsa_components(jwk["n"].as_str().unwrap(), jwk["e"].as_str().unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap());
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!([EXCHANGE]), &json!(issuer)));
    assert_eq!(claims["kubernetes.io"]["serviceaccount"]["name"], "message-center");
}

#[tokio::test]
async fn a_token_file_is_replaced_whole() {
    let tenant = Tenant::with(Config::default().with_federated_workload(SUBJECT)).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let mut before = String::new();
    for round in 0..3 {
        tenant.emulator.write_workload_token(&path, SUBJECT, 3_600).unwrap();
        let token = std::fs::read_to_string(&path).unwrap();
        assert_ne!(token, before, "round {round}");
        assert_eq!(present(&tenant, &token).await.status, 200, "round {round}");
        before = token;
    }
    assert!(tenant.emulator.write_workload_token("/", SUBJECT, 60).is_err());
    // The file, the link to the newest directory, and that directory: older ones are gone.
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
}

#[tokio::test]
async fn each_kind_of_credential_can_be_refused_by_itself() {
    let tenant = Tenant::with(Config::default().with_federated_workload(SUBJECT)).await;
    let control = tenant.emulator.control();
    let workload = tenant.emulator.workload_token(SUBJECT, 3_600);
    control.set_fault(Place::ClientSecret, "", Fault::Code(7_000_222));
    assert_eq!(tenant.exchange_for("alice", &[]).await.verdict(), (401, 7_000_222, "invalid_client".to_owned()));
    assert_eq!(present(&tenant, &workload).await.status, 200);
    control.clear_fault(Place::ClientSecret, "");
    control.set_fault(Place::FederatedToken, "", Fault::Code(700_213));
    assert_eq!(present(&tenant, &workload).await.verdict().1, 700_213);
    assert_eq!(tenant.exchange_for("alice", &[]).await.status, 200);
    let counters = tenant.emulator.counters();
    assert_eq!((counters.by_secret, counters.by_federated_token, counters.obo), (2, 2, 4));
}
