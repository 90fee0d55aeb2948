//! A virtual machine's identity and a token broker's assertion, from the metadata service to the user's token.

#![cfg(all(feature = "azure-identity", feature = "reqwest"))]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bytes::Bytes;
use entra_emulator::{
    API_CLIENT_ID, Config, Emulator, SYSTEM_ASSIGNED_OBJECT_ID, TENANT_ID, TokenSpec, USER_ASSIGNED_CLIENT_ID,
    USER_ASSIGNED_OBJECT_ID,
};
use http::{Request, Uri};
use mcp_auth_layer::{
    EntraApp,
    fetch::{FetchLimits, HttpClient},
    token::BearerToken,
    verify::Verifier,
};
use mcp_obo::{
    ClientCredential, Exchange, ExchangeErrorKind, FederatedAssertion, ManagedIdentity, Target,
    managed_identity::{ManagedIdentityError, ManagedIdentityId},
};
use secrecy::SecretString;

/// The machine's network: what goes to the metadata service, whose address is fixed, arrives at the emulator.
fn machine(emulator: &Emulator) -> HttpClient {
    let (http, host) = (HttpClient::reqwest(FetchLimits::default()).unwrap(), emulator.http_url());
    let host: Uri = host.parse().unwrap();
    HttpClient::new(tower::service_fn(move |mut request: Request<Bytes>| {
        if request.uri().host() == Some("169.254.169.254") {
            let mut own = host.clone().into_parts();
            own.path_and_query = request.uri().path_and_query().cloned();
            *request.uri_mut() = Uri::from_parts(own).unwrap();
        }
        let http = http.clone();
        async move { http.send(request).await }
    }))
}

fn app(emulator: &Emulator) -> EntraApp {
    let app = EntraApp::single_tenant_over(machine(emulator), TENANT_ID, API_CLIENT_ID).unwrap();
    app.with_authority_host(&emulator.http_url()).unwrap()
}

async fn exchange(emulator: &Emulator, credential: impl ClientCredential) -> Result<(), ExchangeErrorKind> {
    let app = app(emulator);
    let token = BearerToken::new(&emulator.mint(TokenSpec::user("alice")));
    let alice = Verifier::entra(&app).verify(token).await.unwrap();
    let exchange = Exchange::new(&app, credential).add_target(&Target::graph());
    exchange.token(&alice, &Target::graph()).await.map(drop).map_err(|error| error.kind())
}

fn trusting_the_machine() -> Config {
    let config = Config::default().with_federated_managed_identity(USER_ASSIGNED_OBJECT_ID);
    config.with_federated_managed_identity(SYSTEM_ASSIGNED_OBJECT_ID)
}

#[tokio::test]
async fn a_virtual_machines_identity_proves_the_app() {
    let emulator = Emulator::start(trusting_the_machine()).await.unwrap();
    let identity = ManagedIdentity::user_assigned(&app(&emulator), USER_ASSIGNED_CLIENT_ID).unwrap();
    assert_eq!(exchange(&emulator, identity).await, Ok(()));
    let counters = emulator.counters();
    assert_eq!((counters.by_federated_token, counters.managed_identity_tokens[USER_ASSIGNED_CLIENT_ID]), (1, 1));
    let refused = ManagedIdentity::new(&app(&emulator), ManagedIdentityId::SystemAssigned).unwrap_err();
    assert_eq!(refused, ManagedIdentityError::SystemAssigned);
}

#[tokio::test]
async fn a_callback_proves_the_app_by_what_entra_trusts_and_by_nothing_else() {
    for (subject, expected) in [("a-broker", Ok(())), ("another", Err(ExchangeErrorKind::ClientCredential))] {
        let emulator = Emulator::start(Config::default().with_federated_workload("a-broker")).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        emulator.write_workload_token(&file, subject, 3_600).unwrap();
        let broker = FederatedAssertion::from_fn(move |_| {
            let assertion = SecretString::from(std::fs::read_to_string(&file).unwrap());
            async { Ok(assertion) }
        });
        assert_eq!(exchange(&emulator, broker).await, expected, "{subject}");
        assert_eq!(emulator.counters().by_federated_token, u64::from(expected.is_ok()), "{subject}");
    }
}
