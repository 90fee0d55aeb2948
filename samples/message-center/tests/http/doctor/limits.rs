//! Services to which nobody can delegate anything: a limit that is known, and no fault.

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID};
use mcp_auth_layer::{
    EntraApp,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::{Catalogue, ClientCredentials, ClientSecret, Target, catalogue::Delegation, outgoing::ActingAs};
use server_kit::doctor::{Endpoint, Errand, Need, Patient, Service, Status, examine};

const COSMOS: &str = "https://cosmos.azure.com";

fn patient(emulator: &Emulator) -> Patient {
    let http = HttpClient::reqwest_through(FetchLimits::default(), &Egress::default()).unwrap();
    let app = EntraApp::single_tenant_over(http, TENANT_ID, API_CLIENT_ID).unwrap();
    let service = Service {
        application: "test".to_owned(),
        app: app.with_authority_host(&emulator.http_url()).unwrap(),
        scope: "access_as_user".to_owned(),
        credentials: Some(ClientCredentials::of(ClientSecret::new(API_CLIENT_SECRET))),
        hosting: None,
        listener: None,
        user_token: None,
    };
    let target = Target::new(COSMOS, &[".default"]).unwrap();
    Patient::new("test", &std::collections::BTreeMap::new())
        .with_endpoints(Endpoint::new(&emulator.http_url(), "sign-in", Need::Server))
        .with_errand(Errand::new("azmcp_cosmos_item_query", "read items", &target, ActingAs::User))
        .with_service(service)
}

#[tokio::test]
async fn a_service_without_a_delegated_permission_is_a_warning_with_both_ways_out() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let report = examine(patient(&emulator)).await.report().clone();
    let check = report.of("permissions").next().unwrap();
    assert_eq!(check.status, Status::Warn, "{report}");
    let cure = check.cure.as_deref().unwrap();
    for part in ["UseHostingEnvironmentIdentity", "stdio"] {
        assert!(cure.contains(part), "{part}: {report}");
    }
    assert!(check.seen.contains("azmcp_cosmos_item_query"), "{report}");
    assert_eq!(report.exit_code(), 0);
    // One for the app's own credential, and none for Cosmos.
    assert_eq!(emulator.counters().client_credentials, 1);
}

#[tokio::test]
async fn what_an_operator_declares_is_asked_for() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let catalogue = Catalogue::known().declare(COSMOS, Delegation::Exposed);
    let report = examine(patient(&emulator).with_catalogue(catalogue)).await.report().clone();
    let check = report.of("permissions").next().unwrap();
    assert_ne!(check.status, Status::Warn, "{report}");
    assert_eq!(emulator.counters().client_credentials, 2);
}
