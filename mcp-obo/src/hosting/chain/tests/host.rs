//! The credentials of a deployed service: service principal, workload, machine.

use std::{fs, future::ready, io};

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::fetch::HttpClient;
use tower::BoxError;

use super::*;
use crate::{
    testcertificate::TestKey,
    testtenant::{SECRET, granted, refused, status, token_text},
};

const ENVIRONMENT: Selection = Selection::Only(CredentialName::Environment);
const WORKLOAD: Selection = Selection::Only(CredentialName::WorkloadIdentity);
const PRINCIPAL: &str = "22222222-aaaa-bbbb-cccc-dddddddddddd";

fn named() -> HostValues {
    HostValues::new().with_tenant(TENANT).with_client_id(PRINCIPAL)
}

fn reason(chain: &CredentialChain, name: CredentialName) -> String {
    chain.attempts().of(name).unwrap().reason().to_owned()
}

#[tokio::test]
async fn a_service_principal_proves_itself_by_its_secret_and_then_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    fs::write(&file, TestKey::first().file()).unwrap();
    let tenant = Tenant::answering(|call| {
        let wrong = refused("invalid_client", 7_000_215, json!({}));
        Box::pin(ready(if call.form.contains_key("client_secret") { wrong } else { granted(call.number) }))
    });
    let values = named().with_client_secret(SECRET).with_certificate(&file, "", CertificateChain::IsSent);
    let chain = CredentialChain::new(&tenant.app, ENVIRONMENT, values);
    assert_eq!(ask(&chain).await.unwrap().expose_secret(), token_text(1));
    let calls = tenant.calls();
    assert_eq!((&*calls[0].form["client_id"], &*calls[0].form["client_secret"]), (PRINCIPAL, SECRET));
    assert_eq!(calls[1].form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_eq!(
        (&*calls[1].form["client_id"], &*calls[1].form["scope"]),
        (PRINCIPAL, "https://storage.azure.com/.default")
    );
    let header = calls[1].form["client_assertion"].split('.').next().unwrap().to_owned();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert!(header["x5c"].is_array(), "the chain goes along: {header}");
    // A challenge reaches Entra.
    chain.token(&target(), Some(CLAIMS)).await.unwrap();
    assert!(tenant.calls().last().unwrap().form["claims"].contains("acrs"));
}

#[tokio::test]
async fn a_service_principal_that_is_half_there_or_refused_says_so() {
    let tenant = Tenant::answering(|_| Box::pin(ready(refused("invalid_client", 7_000_215, json!({})))));
    let secret = |values: HostValues| values.with_client_secret(SECRET);
    let certificate = |path: &str| named().with_certificate(path, "", CertificateChain::StaysHere);
    for (name, values, outcome, words) in [
        ("nothing", HostValues::new(), Outcome::Unavailable, "AZURE_CLIENT_SECRET"),
        ("only an id", named(), Outcome::Unavailable, "AZURE_CLIENT_CERTIFICATE_PATH"),
        ("a blank secret", named().with_client_secret(" "), Outcome::Unavailable, "AZURE_CLIENT_SECRET"),
        ("a secret of nobody", secret(HostValues::new().with_tenant(TENANT)), Outcome::Unavailable, "AZURE_CLIENT_ID"),
        (
            "a secret of no tenant",
            secret(HostValues::new().with_client_id(CLIENT)),
            Outcome::Unavailable,
            "AZURE_TENANT_ID",
        ),
        (
            "blank ids",
            secret(HostValues::new().with_tenant(" ").with_client_id(" ")),
            Outcome::Unavailable,
            "is not set",
        ),
        ("a blank path", certificate(" "), Outcome::Unavailable, "AZURE_CLIENT_CERTIFICATE_PATH"),
        ("no tenant", secret(named().with_tenant("common")), Outcome::Failed, "common"),
        ("no id", secret(named().with_client_id("me")), Outcome::Failed, "me"),
        ("no file", certificate("/nowhere/app.pem"), Outcome::Failed, "could not be read"),
        ("refused", secret(named()), Outcome::Failed, "AADSTS7000215"),
    ] {
        let chain = CredentialChain::new(&tenant.app, ENVIRONMENT, values.clone());
        let error = ask(&chain).await.unwrap_err();
        let attempt = chain.attempts().of(CredentialName::Environment).unwrap().clone();
        assert_eq!(attempt.outcome(), outcome, "{name}: {attempt:?}");
        assert!(attempt.reason().contains(words), "{name}: {attempt:?}");
        assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential, "{name}");
        assert!(!format!("{error:?} {values:?} {chain:?}").contains(SECRET), "{name}");
        assert_eq!(error.aadsts_code(), (name == "refused").then_some(7_000_215), "{name}");
    }
}

#[tokio::test]
async fn an_outage_of_entra_is_no_fault_of_the_principal() {
    let tenant = Tenant::answering(|_| Box::pin(ready(status(429, &[("retry-after", "7")], "{}"))));
    let chain = CredentialChain::new(&tenant.app, ENVIRONMENT, named().with_client_secret(SECRET));
    let error = ask(&chain).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ExchangeErrorKind::Unavailable, Some(Duration::from_secs(7))));
    let tenant = Tenant::answering(|_| Box::pin(ready(status(503, &[], "{}"))));
    let chain = CredentialChain::new(&tenant.app, ENVIRONMENT, named().with_client_secret(SECRET));
    assert_eq!(ask(&chain).await.unwrap_err().kind(), ExchangeErrorKind::Unavailable);
}

#[tokio::test]
async fn the_ids_of_a_refusal_stay_when_a_credential_that_was_good_is_revoked() {
    let tenant = Tenant::answering(|call| {
        let revoked = refused("invalid_client", 7_000_222, json!({}));
        Box::pin(ready(if call.number == 0 { granted(0) } else { revoked }))
    });
    let chain = CredentialChain::new(&tenant.app, ENVIRONMENT, named().with_client_secret(SECRET));
    ask(&chain).await.unwrap();
    let error = ask(&chain).await.unwrap_err();
    assert_eq!((error.kind(), error.aadsts_code()), (ExchangeErrorKind::ClientCredential, Some(7_000_222)));
    assert!(error.correlation_id().is_some() && error.trace_id().is_some());
    assert_eq!((chain.in_use(), tenant.exchanges()), (None, 2), "it is refused once");
    assert!(reason(&chain, CredentialName::Environment).contains("AADSTS7000222"));
}

#[tokio::test]
async fn a_workload_shows_the_token_that_it_was_given() {
    let tenant = Tenant::granting();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let chain = CredentialChain::new(&tenant.app, WORKLOAD, named().with_federated_token_file(&file));
    assert!(ask(&chain).await.is_err());
    assert!(reason(&chain, CredentialName::WorkloadIdentity).contains("read"));
    // It is looked for again: Kubernetes may be slower than this process.
    let workload = jwt(&json!({"exp": NOW + 3_600}));
    fs::write(&file, &workload).unwrap();
    ask(&chain).await.unwrap();
    let form = &tenant.calls()[0].form;
    assert_eq!((&*form["client_id"], &*form["client_assertion"]), (PRINCIPAL, &*workload));
    let chain = CredentialChain::new(&tenant.app, WORKLOAD, named().with_federated_token_file(" "));
    assert!(ask(&chain).await.is_err());
    assert!(reason(&chain, CredentialName::WorkloadIdentity).contains("AZURE_FEDERATED_TOKEN_FILE"));
}

type Answer = fn(&Request<Bytes>) -> Option<Result<Response<Bytes>, BoxError>>;

/// A machine with or without a metadata service; none answers nothing, for ever.
fn machine(answer: Answer) -> EntraApp {
    let http = HttpClient::new(tower::service_fn(move |request: Request<Bytes>| async move {
        match answer(&request) {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }));
    let app = EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap();
    app.with_clock(FixedClock::at(UnixTime::from_secs(NOW)))
}

fn metadata(request: &Request<Bytes>) -> Option<Result<Response<Bytes>, BoxError>> {
    if !request.headers().contains_key("metadata") {
        return Some(Ok(status(400, &[], "{}")));
    }
    let query = request.uri().query().unwrap_or_default();
    let whose = match (query.contains("storage.azure.com"), query.contains(PRINCIPAL)) {
        (false, _) => "of another API",
        (true, true) => "user-assigned",
        (true, false) => "system-assigned",
    };
    let end = (NOW + 3_600).to_string();
    let body = json!({"access_token": whose, "expires_on": end, "resource": "r", "token_type": "Bearer"});
    Some(Ok(status(200, &[], &body.to_string())))
}

#[tokio::test(start_paused = true)]
async fn in_production_a_machine_that_is_none_of_azures_fails_within_seconds() {
    let began = Instant::now();
    let chain = CredentialChain::new(&machine(|_| None), Selection::Production, HostValues::new());
    let error = ask(&chain).await.unwrap_err();
    assert!(began.elapsed() <= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential);
    let expected = ["EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential"];
    assert_eq!(rows(&chain)[..3].iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected);
    assert!(reason(&chain, CredentialName::ManagedIdentity).contains("not one of Azure's"));
    ask(&chain).await.unwrap_err();
    assert!(began.elapsed() <= Duration::from_secs(4), "and each time: {:?}", began.elapsed());
    // No address at all is an answer, too.
    let refusing: Answer = |_| Some(Err(io::Error::from(io::ErrorKind::ConnectionRefused).into()));
    let chain = CredentialChain::new(&machine(refusing), Selection::Production, HostValues::new());
    assert!(ask(&chain).await.is_err());
    assert!(reason(&chain, CredentialName::ManagedIdentity).contains("not one of Azure's"));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_names_its_own_service_is_not_looked_for_first() {
    let named: Answer = |request| if request.headers().contains_key("metadata") { metadata(request) } else { None };
    for name in ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"] {
        let values = HostValues::new().with_environment([(name.into(), "http://127.0.0.1:41741/msi/token".into())]);
        let chain = CredentialChain::new(&machine(named), Selection::Production, values);
        assert_eq!(ask(&chain).await.unwrap().expose_secret(), "system-assigned", "{name}");
    }
}

#[tokio::test]
async fn a_machine_that_was_found_is_not_looked_for_again() {
    static LOOKED: AtomicUsize = AtomicUsize::new(0);
    let counting: Answer = |request| {
        LOOKED.fetch_add(usize::from(!request.headers().contains_key("metadata")), Ordering::SeqCst);
        metadata(request)
    };
    let chain = CredentialChain::new(&machine(counting), Selection::Production, HostValues::new());
    for _ in 0..3 {
        ask(&chain).await.unwrap();
    }
    assert_eq!(LOOKED.load(Ordering::SeqCst), 1);
}

#[test]
fn values_print_neither_secret_nor_password() {
    let values = named().with_client_secret(SECRET).with_certificate("app.pfx", "hunter2", CertificateChain::IsSent);
    let printed = format!("{values:?}");
    assert!(printed.contains("app.pfx") && !printed.contains(SECRET) && !printed.contains("hunter2"), "{printed}");
}

#[tokio::test]
async fn a_machine_of_azures_is_asked_for_the_identity_that_is_named() {
    let alone = Selection::Only(CredentialName::ManagedIdentity);
    for selection in [Selection::Production, alone] {
        for (values, expected) in
            [(HostValues::new(), "system-assigned"), (HostValues::new().with_client_id(PRINCIPAL), "user-assigned")]
        {
            let chain = CredentialChain::new(&machine(metadata), selection, values);
            assert_eq!(ask(&chain).await.unwrap().expose_secret(), expected, "{selection:?}");
            assert_eq!(chain.in_use(), Some(CredentialName::ManagedIdentity));
        }
    }
    let chain = CredentialChain::new(&machine(metadata), alone, HostValues::new().with_client_id("me"));
    assert!(ask(&chain).await.is_err());
    assert!(reason(&chain, CredentialName::ManagedIdentity).contains("\"me\""));
}
