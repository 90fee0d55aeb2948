//! Hosts as they are configured, and discovery against a network that is driven by the test.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::*;
use crate::{
    fetch::FetchError,
    tenant::TenantId,
    testtenant::{OTHER_TENANT, TENANT},
};

#[test]
fn an_authority_host_has_no_path_and_loses_its_slashes() {
    for (text, expected) in [
        ("https://login.microsoftonline.com/", Some(("https://login.microsoftonline.com", Some(Cloud::Public)))),
        ("https://login.microsoftonline.us//", Some(("https://login.microsoftonline.us", Some(Cloud::UsGov)))),
        ("http://127.0.0.1:8080", Some(("http://127.0.0.1:8080", None))),
        ("http://login.microsoftonline.com", None),
        ("https://login.microsoftonline.com/common", None),
        ("https://u:p@login.microsoftonline.com", None),
        ("https://login.microsoftonline.com?x", None),
        ("https://contoso.ciamlogin.com/", Some(("https://contoso.ciamlogin.com", None))),
        ("https://contoso.b2clogin.com", None),
        ("login.microsoftonline.com", None),
        ("https:login.microsoftonline.com", None),
        ("https:\\\\login.microsoftonline.com", None),
        (" https://login.microsoftonline.com", None),
        ("https://login.micro\tsoftonline.com", None),
        ("https://LOGIN.microsoftonline.com", Some(("https://login.microsoftonline.com", Some(Cloud::Public)))),
        ("", None),
    ] {
        let got = parse_host(text).ok();
        assert_eq!(got.as_ref().map(|(host, cloud)| (&**host, *cloud)), expected, "{text}");
    }
}

#[test]
fn the_tenant_stands_first_in_an_issuer() {
    let id = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    for (issuer, found) in [
        (format!("https://sts.windows.net/{id}/"), true),
        (format!("https://login.microsoftonline.com/{id}/v2.0"), true),
        (format!("http://login.microsoftonline.com/{id}/v2.0"), false),
        ("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(), false),
        (format!("https://login.microsoftonline.com/x/{id}"), false),
    ] {
        assert_eq!(tenant_of(&issuer).is_some(), found, "{issuer}");
    }
}

/// What an authority answers at its two documents, after a while; counts what it is asked.
#[derive(Clone)]
struct Documents {
    v2: (u16, Value),
    v1: (u16, Value),
    delay: Duration,
    asked: Arc<AtomicUsize>,
}

impl Documents {
    fn good() -> Self {
        let base = format!("https://login.microsoftonline.com/{TENANT}");
        let v2 = json!({
            "issuer": format!("{base}/v2.0"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        });
        let v1 = json!({"issuer": format!("https://sts.windows.net/{TENANT}/")});
        Self { v2: (200, v2), v1: (200, v1), delay: Duration::from_millis(10), asked: Arc::default() }
    }

    fn v2(member: &str, value: Value) -> Self {
        let mut documents = Self::good();
        documents.v2.1[member] = value;
        documents
    }

    fn v1(status: u16, document: Value) -> Self {
        Self { v1: (status, document), ..Self::good() }
    }

    fn authority(&self, tenant: &str) -> Authority {
        self.authority_of(Directory::Tenant(TenantName::parse(tenant).unwrap()))
    }

    fn authority_of(&self, directory: Directory) -> Authority {
        let documents = self.clone();
        let http = HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
            documents.asked.fetch_add(1, Ordering::SeqCst);
            let is_v2 = request.uri().path().contains("/v2.0/");
            let (status, document) = if is_v2 { documents.v2.clone() } else { documents.v1.clone() };
            async move {
                tokio::time::sleep(documents.delay).await;
                let mut response = Response::new(Bytes::from(document.to_string()));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                Ok::<_, Infallible>(response)
            }
        }));
        Authority::new(Cloud::Public.authority_host(), Cloud::Public, directory, http)
    }
}

#[tokio::test(start_paused = true)]
async fn discovery_gives_the_names_of_the_tenant_by_id_and_by_domain() {
    for tenant in [TENANT, "contoso.example"] {
        let documents = Documents::good();
        let authority = documents.authority(tenant);
        assert_eq!(authority.known(), None);
        let found = authority.endpoints().await.unwrap();
        assert_eq!(*found, Endpoints::documented(Cloud::Public, TenantId::parse(TENANT).unwrap()), "{tenant}");
        authority.endpoints().await.unwrap();
        assert_eq!(documents.asked.load(Ordering::SeqCst), 2, "one fetch of each document");
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_authority_that_has_no_v1_document_gets_the_catalogues_issuer() {
    let authority = Documents::v1(404, json!({})).authority(TENANT);
    assert_eq!(authority.endpoints().await.unwrap().issuer_v1(), Some(&*format!("https://sts.windows.net/{TENANT}/")));
}

#[tokio::test(start_paused = true)]
async fn documents_that_are_not_this_tenants_or_lead_astray_are_refused() {
    let foreign_v1 = json!({"issuer": format!("https://sts.windows.net/{OTHER_TENANT}/")});
    let foreign_v2 = json!(format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"));
    let good = Documents::good();
    for (name, documents) in [
        ("v2 of another tenant", Documents::v2("issuer", foreign_v2.clone())),
        ("both of another tenant", Documents { v1: (200, foreign_v1.clone()), ..Documents::v2("issuer", foreign_v2) }),
        ("v2 of every tenant", Documents::v2("issuer", json!("https://login.microsoftonline.com/{tenantid}/v2.0"))),
        ("plain issuer", Documents::v2("issuer", json!(format!("http://login.microsoftonline.com/{TENANT}/v2.0")))),
        ("plain keys", Documents::v2("jwks_uri", json!("http://login.microsoftonline.com/keys"))),
        ("keys by file", Documents::v2("jwks_uri", json!("file:///etc/keys"))),
        ("plain token endpoint", Documents::v2("token_endpoint", json!("http://login.microsoftonline.com/token"))),
        ("token endpoint with a password", Documents::v2("token_endpoint", json!("https://:p@a.example/token"))),
        ("token endpoint with a user", Documents::v2("token_endpoint", json!("https://u@a.example/token"))),
        ("token endpoint with a fragment", Documents::v2("token_endpoint", json!("https://a.example/token#x"))),
        ("script", Documents::v2("authorization_endpoint", json!("javascript:alert(1)"))),
        ("no keys", Documents::v2("jwks_uri", Value::Null)),
        ("v2 failing with a good body", Documents { v2: (500, good.v2.1.clone()), ..Documents::good() }),
        ("v1 of another tenant", Documents::v1(200, foreign_v1)),
        ("v1 failing", Documents::v1(503, good.v1.1.clone())),
        ("v1 forbidden", Documents::v1(403, json!({}))),
        ("v1 unreadable", Documents::v1(200, json!(5))),
    ] {
        let authority = documents.authority(TENANT);
        assert_eq!(authority.endpoints().await, Err(Unavailable::new(AFTER_FAILURE)), "{name}");
        assert_eq!(authority.known(), None, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_on_the_way_is_told_during_the_pause_too() {
    let http = HttpClient::new(tower::service_fn(|_: Request<Bytes>| async {
        Err::<Response<Bytes>, _>(FetchError::Transport { fault: TransportFault::Dns, source: "no such name".into() })
    }));
    let tenant = Directory::Tenant(TenantName::parse(TENANT).unwrap());
    let authority = Authority::new(Cloud::Public.authority_host(), Cloud::Public, tenant, http);
    for _ in 0..2 {
        assert_eq!(authority.endpoints().await.unwrap_err().fault(), Some(TransportFault::Dns));
    }
    let answered = Documents::v1(503, json!({})).authority(TENANT);
    assert_eq!(answered.endpoints().await.unwrap_err().fault(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_discovery_is_tried_again_after_a_pause_and_a_slow_one_is_not_waited_for() {
    let failing = Documents::v1(503, json!({}));
    let authority = failing.authority(TENANT);
    for _ in 0..50 {
        assert!(authority.endpoints().await.is_err());
    }
    assert_eq!(failing.asked.load(Ordering::SeqCst), 2);
    tokio::time::advance(AFTER_FAILURE).await;
    assert!(authority.endpoints().await.is_err());
    assert_eq!(failing.asked.load(Ordering::SeqCst), 4);

    let slow = Documents { delay: Duration::from_secs(4), ..Documents::good() };
    let authority = slow.authority(TENANT);
    let started = tokio::time::Instant::now();
    assert!(authority.endpoints().await.is_err());
    assert_eq!(started.elapsed(), PATIENCE);
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(authority.known().is_some(), "the fetch went on");
}

#[tokio::test(start_paused = true)]
async fn an_authority_for_many_tenants_has_a_place_for_each_in_its_names() {
    let base = "https://login.microsoftonline.com";
    let template = json!(format!("{base}/{{tenantid}}/v2.0"));
    let v1 = |issuer: &str| json!({"issuer": issuer});
    let own = json!(format!("{base}/{TENANT}/v2.0"));
    for (name, v2_issuer, v1_answer, good) in [
        ("as Entra answers", template.clone(), (200, v1("https://sts.windows.net/{tenantid}/")), true),
        ("no v1 document", template.clone(), (404, json!({})), true),
        ("an outage of the v1 document", template.clone(), (503, json!({})), false),
        (
            "the v1 issuer of one tenant",
            template.clone(),
            (200, v1(&format!("https://sts.windows.net/{TENANT}/"))),
            false,
        ),
        ("the issuer of one tenant", own, (404, json!({})), false),
        ("a place where no tenant stands", json!(format!("{base}/x/{{tenantid}}")), (404, json!({})), false),
        ("a place in the host", json!("https://{tenantid}.example/v2.0"), (404, json!({})), false),
    ] {
        for (directory, segment) in [(Directory::Organizations, "organizations"), (Directory::Common, "common")] {
            let mut documents = Documents::v2("issuer", v2_issuer.clone());
            for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
                let one = documents.v2.1[member].as_str().unwrap().replace(TENANT, segment);
                documents.v2.1[member] = json!(one);
            }
            documents.v1 = v1_answer.clone();
            let found = documents.authority_of(directory).endpoints().await;
            assert_eq!(found.is_ok(), good, "{name}, {segment}");
            let Ok(found) = found else { continue };
            assert_eq!((found.tenant(), found.reach().segment()), (None, segment));
            let tenant = TenantId::parse(TENANT).unwrap();
            // Made without a fetch, and the same as the tenant's own documents would give but for its keys' address.
            let of_tenant = found.of_tenant(&tenant).unwrap();
            assert_eq!(of_tenant, Endpoints::documented(Cloud::Public, tenant), "{name}, {segment}");
            assert_eq!(found.authorization_server(), format!("{base}/{segment}/v2.0"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_external_tenants_issuer_has_another_host_than_its_endpoints() {
    let mut documents = Documents::v2("issuer", json!(format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0")));
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let one =
            documents.v2.1[member].as_str().unwrap().replace("login.microsoftonline.com", "contoso.ciamlogin.com");
        documents.v2.1[member] = json!(one);
    }
    documents.v1 = (404, json!({}));
    let found = documents.authority(TENANT).endpoints().await.unwrap();
    assert!(found.issuer_v2().starts_with(&format!("https://{TENANT}.ciamlogin.com/")), "{found:?}");
    assert!(found.token_endpoint().starts_with("https://contoso.ciamlogin.com/"), "{found:?}");
    assert!(found.is_issuer(found.issuer_v2()) && !found.is_issuer("https://contoso.ciamlogin.com/"));
}

#[test]
fn a_tenants_own_endpoints_are_no_others() {
    let (own, other) = (TenantId::parse(TENANT).unwrap(), TenantId::parse(OTHER_TENANT).unwrap());
    let endpoints = Endpoints::documented(Cloud::Public, own.clone());
    assert_eq!(endpoints.of_tenant(&own), Some(endpoints.clone()));
    assert_eq!(endpoints.of_tenant(&other), None);
    let many = Endpoints::documented_for_organizations(Cloud::China);
    assert!(!many.is_issuer(many.issuer_v2()), "a template issues nothing");
    let of_other = many.of_tenant(&other).unwrap();
    assert_eq!(of_other, Endpoints::documented(Cloud::China, other));
}
