//! A chain of credentials of which none works, and one of which the last does.

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID};
use mcp_auth_layer::{
    EntraApp,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::{
    HostingIdentity, Target,
    hosting::chain::{CredentialChain, HostValues, Selection},
    outgoing::ActingAs,
};
use server_kit::doctor::{Endpoint, Errand, Need, Patient, Report, Service, Status, examine};

/// Examines a server that calls Graph as whoever this chain finds.
async fn examined(choice: &str, host: HostValues) -> Report {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let http = HttpClient::reqwest_through(FetchLimits::default(), &Egress::default()).unwrap();
    let app = EntraApp::single_tenant_over(http, TENANT_ID, API_CLIENT_ID).unwrap();
    let app = app.with_authority_host(&emulator.http_url()).unwrap();
    let chain = CredentialChain::new(&app, Selection::read(Some(choice)).unwrap(), host);
    let target = Target::graph();
    let service = Service {
        application: "test".to_owned(),
        hosting: Some(HostingIdentity::chain(&app, chain).add_target(&target)),
        app,
        scope: "access_as_user".to_owned(),
        credentials: None,
        listener: None,
        user_token: None,
    };
    let patient = Patient::new("test", &std::collections::BTreeMap::new())
        .with_endpoints(Endpoint::new(&emulator.http_url(), "sign-in", Need::Server))
        .with_errand(Errand::new("getMessages", "read the Message Center", &target, ActingAs::HostingIdentity))
        .with_service(service);
    examine(patient).await.report().clone()
}

#[tokio::test]
async fn a_chain_in_which_nothing_works_is_told_link_by_link() {
    for (choice, rows) in [
        ("AzureCliCredential", &["AzureCliCredential"][..]),
        ("EnvironmentCredential", &["EnvironmentCredential"]),
        ("VisualStudioCredential", &["VisualStudioCredential"]),
    ] {
        // No program is found where there is no PATH.
        let report = examined(choice, HostValues::new()).await;
        let first = report.first_fault().unwrap_or_else(|| panic!("{choice}: {report}"));
        assert_eq!(first.id, "hosting", "{choice}: {report}");
        assert!(first.words.iter().any(|word| word == "CredentialUnavailableError"), "{choice}: {report}");
        for row in rows {
            assert!(first.details.iter().any(|line| line.starts_with(row)), "{choice}: {report}");
            assert!(first.cause.as_deref().is_some_and(|cause| cause.contains(row)), "{choice}: {report}");
        }
        let data = first.data.as_array().unwrap();
        assert!(data.iter().any(|row| row["outcome"] == "unavailable"), "{choice}: {data:?}");
        assert_eq!(report.of("roles").next().unwrap().skipped_by.as_deref(), Some("hosting"));
    }
}

#[tokio::test]
async fn a_chain_that_works_is_told_with_the_account_that_answered() {
    let host =
        HostValues::new().with_tenant(TENANT_ID).with_client_id(API_CLIENT_ID).with_client_secret(API_CLIENT_SECRET);
    let report = examined("prod", host).await;
    let hosting = report.of("hosting").next().unwrap();
    assert_eq!(hosting.status, Status::Ok, "{report}");
    for part in ["EnvironmentCredential", API_CLIENT_ID, TENANT_ID, "more minutes"] {
        assert!(hosting.seen.contains(part), "{part}: {report}");
    }
    assert!(hosting.details.iter().any(|line| line.starts_with("ManagedIdentityCredential")), "{report}");
    assert!(!report.to_string().contains(API_CLIENT_SECRET) && !report.to_string().contains("eyJ"));
}
