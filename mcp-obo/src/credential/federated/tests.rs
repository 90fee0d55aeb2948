use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::Uri;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{
    credential::{ClientContext, ClientCredential, CredentialError},
    testtenant::{CLIENT, NOW},
};

/// A JWT that ends `life` seconds after `NOW`; nobody here looks at its signature.
fn jwt(number: u64, life: u64) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", encode(json!({"alg": "RS256"})), encode(json!({"jti": number, "exp": NOW + life})))
}

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(NOW + secs)
}

const ENDPOINT: &str = "https://login.example/token";

async fn auth(credential: &dyn ClientCredential, endpoint: &str, secs: u64) -> Result<ClientAuth, CredentialError> {
    let endpoint: Uri = endpoint.parse().unwrap();
    credential.authenticate(&ClientContext::new(CLIENT, &endpoint, at(secs))).await
}

async fn shown(credential: &dyn ClientCredential, secs: u64) -> String {
    let auth = auth(credential, ENDPOINT, secs).await.unwrap();
    let fields = auth.fields();
    assert_eq!(fields[0], ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    assert_eq!(fields[1].0, "client_assertion");
    fields[1].1.to_owned()
}

async fn fault(credential: &dyn ClientCredential, secs: u64) -> FederationFault {
    match auth(credential, ENDPOINT, secs).await {
        Err(CredentialError::Federated(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// Makes a file with a workload's token in it; it stays as long as its folder.
fn projected(token: &str) -> (TempDir, PathBuf, WorkloadIdentity) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, token).unwrap();
    let identity = WorkloadIdentity::from_file(&file).unwrap();
    (folder, file, identity)
}

/// Lets the file be read in the background.
async fn until_it_is(credential: &dyn ClientCredential, secs: u64, expected: &str) {
    let patience = async {
        while shown(credential, secs).await != expected {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), patience).await.expect("the file is read again");
}

#[tokio::test]
async fn a_workloads_file_is_read_again_within_five_minutes() {
    let (_folder, file, identity) = projected(&format!("{}\n", jwt(1, 3_600)));
    assert_eq!(shown(&identity, 0).await, jwt(1, 3_600));
    fs::write(&file, jwt(2, 3_600)).unwrap();
    assert_eq!(shown(&identity, 239).await, jwt(1, 3_600));
    // From four minutes on in the background, from five on before anything is sent.
    until_it_is(&identity, 240, &jwt(2, 3_600)).await;
    fs::write(&file, jwt(3, 3_600)).unwrap();
    assert_eq!(shown(&identity, 540).await, jwt(3, 3_600));
}

#[tokio::test]
async fn a_workloads_file_is_read_again_a_minute_before_its_token_ends() {
    let (_folder, file, identity) = projected(&jwt(1, 200));
    assert_eq!(shown(&identity, 0).await, jwt(1, 200));
    fs::write(&file, jwt(2, 3_600)).unwrap();
    assert_eq!(shown(&identity, 139).await, jwt(1, 200));
    until_it_is(&identity, 140, &jwt(2, 3_600)).await;
}

#[tokio::test]
async fn a_workloads_file_is_read_again_when_entra_refused_its_token() {
    let (_folder, file, identity) = projected(&jwt(1, 3_600));
    let refused = auth(&identity, ENDPOINT, 0).await.unwrap();
    fs::write(&file, jwt(2, 3_600)).unwrap();
    identity.refused(&ClientAuth::assertion("another one".into()));
    assert_eq!(shown(&identity, 0).await, jwt(1, 3_600), "a late report costs nothing");
    identity.refused(&refused);
    assert_eq!(shown(&identity, 0).await, jwt(2, 3_600));
}

#[tokio::test]
async fn a_token_that_ended_or_is_none_is_never_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let without_end = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"));
    let huge = "x".repeat(LONGEST + 1);
    let negative = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"exp":-1}"#));
    for (name, text, expected) in [
        ("ends this second", jwt(1, 0), "has expired"),
        ("negative end", negative, "has expired"),
        ("blank", " \n".to_owned(), "is empty"),
        ("no JWT", "secret".to_owned(), "not a JWT"),
        ("four parts", format!("{}.x", jwt(1, 60)), "not a JWT"),
        ("not base64", "a.*.c".to_owned(), "not a JWT"),
        ("no end", without_end, "not a JWT"),
        ("huge", huge, "longer than 65536 bytes"),
    ] {
        fs::write(&file, jwt(0, 3_600)).unwrap();
        let identity = WorkloadIdentity::from_file(&file).unwrap();
        fs::write(&file, &text).unwrap();
        let fault = fault(&identity, 0).await;
        assert!(fault.to_string().contains(expected), "{name}: {fault}");
        assert!(!format!("{fault:?}").contains(text.trim()) || text.trim().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_file_that_went_away_is_not_papered_over_by_what_was_read_before() {
    let (_folder, file, identity) = projected(&jwt(1, 3_600));
    shown(&identity, 0).await;
    fs::remove_file(&file).unwrap();
    assert!(matches!(fault(&identity, 300).await, FederationFault::File { .. }));
}

#[test]
fn a_file_that_cannot_be_used_is_found_out_at_the_start() {
    use mcp_auth_layer::config::ConfigError;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    assert!(matches!(WorkloadIdentity::from_file(&file), Err(ConfigError::File { .. })));
    fs::write(&file, " \n").unwrap();
    assert!(matches!(WorkloadIdentity::from_file(&file), Err(ConfigError::Empty { .. })));
}

/// A callback whose assertions live ten minutes, with the number of its calls.
fn counted() -> (FederatedAssertion, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let assertion = FederatedAssertion::from_fn(move |client| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        let life = client.now().as_secs() - NOW + 600;
        assert_eq!(client.client_id(), CLIENT);
        async move { Ok(SecretString::from(jwt(number, life))) }
    });
    (assertion, calls)
}

#[tokio::test]
async fn a_callback_is_asked_once_for_each_endpoint_and_again_before_the_end() {
    let (assertion, calls) = counted();
    assert_eq!(shown(&assertion, 0).await, jwt(0, 600));
    assert_eq!(shown(&assertion, 299).await, jwt(0, 600));
    auth(&assertion, "https://login.example/other", 0).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(shown(&assertion, 540).await, jwt(2, 1_140));

    let spent = auth(&assertion, ENDPOINT, 540).await.unwrap();
    assertion.refused(&spent);
    assert_eq!(shown(&assertion, 540).await, jwt(3, 1_140));
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_fails_or_brings_something_expired_gives_no_proof() {
    let failing = FederatedAssertion::from_fn(|_| async { Err(CredentialError::Empty) });
    assert!(matches!(fault(&failing, 0).await, FederationFault::Callback(_)));
    let stale = FederatedAssertion::from_fn(|_| async { Ok(SecretString::from(jwt(0, 0))) });
    assert!(matches!(fault(&stale, 0).await, FederationFault::Expired));
    let silent = FederatedAssertion::from_fn(|_| std::future::pending());
    assert!(matches!(fault(&silent, 0).await, FederationFault::Unfinished(_)));
}

#[tokio::test]
async fn debug_prints_nothing_of_an_assertion() {
    let (_folder, _, identity) = projected(&jwt(1, 3_600));
    let auth = auth(&identity, ENDPOINT, 0).await.unwrap();
    for text in [format!("{identity:?}"), format!("{auth:?}"), format!("{:?}", counted().0)] {
        assert!(!text.contains("eyJ"), "{text}");
    }
}
