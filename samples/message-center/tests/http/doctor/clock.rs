//! A clock that is wrong, which no variable can make: the checks by themselves.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID};
use mcp_auth_layer::{
    EntraApp,
    clock::{FixedClock, UnixTime},
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::{ClientCredentials, ClientSecret};
use server_kit::doctor::{Endpoint, Need, Patient, Report, Service, Status, examine};

async fn at(ahead: i64) -> Report {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().checked_add_signed(ahead).unwrap();
    let http = HttpClient::reqwest_through(FetchLimits::default(), &Egress::default()).unwrap();
    let app = EntraApp::single_tenant_over(http, TENANT_ID, API_CLIENT_ID).unwrap();
    let app =
        app.with_authority_host(&emulator.http_url()).unwrap().with_clock(FixedClock::at(UnixTime::from_secs(now)));
    let service = Service {
        application: "test".to_owned(),
        app,
        scope: "access_as_user".to_owned(),
        credentials: Some(ClientCredentials::of(ClientSecret::new(API_CLIENT_SECRET))),
        hosting: None,
        listener: None,
        user_token: None,
    };
    let patient = Patient::new("test", &std::collections::BTreeMap::new())
        .with_endpoints(Endpoint::new(&emulator.http_url(), "sign-in", Need::Server))
        .with_service(service);
    examine(patient).await.report().clone()
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_first() {
    for (ahead, status) in
        [(0, Status::Ok), (-120, Status::Warn), (200, Status::Warn), (-600, Status::Fail), (7_200, Status::Fail)]
    {
        let report = at(ahead).await;
        let clock = report.of("clock").next().unwrap();
        assert_eq!(clock.status, status, "{ahead}: {report}");
        if status == Status::Fail {
            assert_eq!(report.first_fault().map(|check| check.id), Some("clock"), "{report}");
            assert!(clock.words.iter().any(|word| word == "AADSTS700024"), "{report}");
        }
        // A second may pass meanwhile.
        let seen: u64 = clock.seen.split(' ').next().unwrap().parse().unwrap();
        assert!(Duration::from_secs(seen.abs_diff(ahead.unsigned_abs())) <= Duration::from_secs(2), "{report}");
    }
}
