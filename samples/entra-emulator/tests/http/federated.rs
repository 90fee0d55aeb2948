use entra_emulator::{API_CLIENT_ID, Config, Signer, TokenSpec};
use serde_json::json;

use super::{
    client_authentication::ASSERTION_TYPE,
    tenant::{Tenant, part},
};

const ISSUER: &str = "https://cluster.example/oidc";
const SUBJECT: &str = "system:serviceaccount:prod:message-center";
const AUDIENCE: &str = "api://AzureADTokenExchange";

async fn present(tenant: &Tenant, workload: TokenSpec) -> super::tenant::Answer {
    let assertion = tenant.emulator.mint(workload);
    let user = tenant.emulator.mint(TokenSpec::user("alice"));
    let credential =
        [("client_secret", ""), ("client_assertion", assertion.as_str()), ("client_assertion_type", ASSERTION_TYPE)];
    tenant.exchange(&user, &credential).await
}

fn workload() -> TokenSpec {
    TokenSpec::app(&[]).claim("iss", ISSUER).claim("sub", SUBJECT).claim("aud", AUDIENCE)
}

#[tokio::test]
async fn a_workload_s_token_stands_for_a_secret_when_a_record_matches_it() {
    let tenant = Tenant::with(Config::default().with_federated_credential(ISSUER, SUBJECT)).await;
    for (name, order, status, code, error) in [
        ("the workload", workload(), 200, 0, ""),
        ("an audience in an array, as Kubernetes writes it", workload().claim("aud", json!([AUDIENCE])), 200, 0, ""),
        ("another issuer", workload().claim("iss", "https://other.example"), 401, 700_211, "invalid_client"),
        ("another audience", workload().claim("aud", API_CLIENT_ID), 401, 700_212, "invalid_client"),
        ("another subject", workload().claim("sub", "nobody"), 401, 700_213, "invalid_client"),
        ("a subject in other case", workload().claim("sub", SUBJECT.to_uppercase()), 401, 7_002_138, "invalid_client"),
        ("expired", workload().expires_in(-301), 401, 700_024, "invalid_client"),
        ("another signer", workload().signed_by(Signer::Attacker), 401, 700_027, "invalid_client"),
        ("no signer", workload().signed_by(Signer::Nobody), 401, 700_027, "invalid_client"),
    ] {
        let answer = present(&tenant, order).await;
        assert_eq!(answer.verdict(), (status, code, error.to_owned()), "{name}");
    }
    let answer = present(&tenant, workload()).await;
    assert_eq!(part(&answer.access_token(), 1)["appid"], API_CLIENT_ID);
}

#[tokio::test]
async fn an_app_without_records_takes_no_workload() {
    let tenant = Tenant::start().await;
    assert_eq!(present(&tenant, workload()).await.verdict(), (400, 70021, "invalid_request".to_owned()));
}
