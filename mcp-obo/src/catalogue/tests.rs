use super::*;
use crate::{
    ExchangeErrorKind, Target,
    testtenant::{CLIENT, Tenant},
};

#[test]
fn every_row_is_found_however_it_is_written() {
    let catalogue = Catalogue::known();
    for service in KNOWN_SERVICES {
        let resource = service.resource().into_iter().flat_map(|uri| {
            let (scheme, rest) = uri.split_once("://").unwrap();
            [uri.to_owned(), format!("{uri}/"), format!("{scheme}://{}", rest.to_uppercase()), format!(" {uri} ")]
        });
        let app_id = [service.app_id().to_owned(), service.app_id().to_uppercase()];
        for spelling in resource.chain(app_id) {
            assert_eq!(catalogue.delegation(&spelling), Some(service.delegation()), "{}: {spelling}", service.name());
        }
    }
}

#[test]
fn what_merely_looks_like_a_row_is_not_it() {
    let catalogue = Catalogue::known();
    for (name, resource) in [
        ("a longer host", "https://cosmos.azure.com.evil.example"),
        ("a host below", "https://my.cosmos.azure.com"),
        ("a host above", "https://azure.com"),
        ("another scheme", "http://cosmos.azure.com"),
        ("a path", "https://cosmos.azure.com/db"),
        ("two slashes", "https://cosmos.azure.com//"),
        ("the host alone", "cosmos.azure.com"),
        ("another GUID", "f8202e39-5162-4378-8714-8018bb911e5d"),
        ("nothing", ""),
    ] {
        assert_eq!(catalogue.delegation(resource), None, "{name}");
    }
}

#[test]
fn the_case_of_a_path_is_a_part_of_it() {
    let catalogue = Catalogue::known().declare("https://api.example/Orders", Delegation::Missing);
    assert_eq!(catalogue.delegation("HTTPS://API.example/Orders/"), Some(Delegation::Missing));
    assert_eq!(catalogue.delegation("https://api.example/orders"), None);
}

#[test]
fn a_row_has_an_advice_that_names_the_service_and_both_ways_out() {
    for service in KNOWN_SERVICES.iter().filter(|service| service.delegation() == Delegation::Missing) {
        let advice = service.advice();
        for part in [service.name(), "no delegated permission", "UseHostingEnvironmentIdentity", "stdio"] {
            assert!(advice.contains(part), "{}: {part}: {advice}", service.name());
        }
    }
}

#[test]
fn no_two_rows_are_the_same_service() {
    let mut keys: Vec<_> = Catalogue::known().0.into_iter().flat_map(|entry| entry.keys).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[test]
fn a_declaration_replaces_a_row_under_all_its_names() {
    let catalogue = Catalogue::known()
        .declare("https://cosmos.azure.com/", Delegation::Exposed)
        .declare("797F4846-ba00-4fd7-ba43-dac1f8f63013", Delegation::Missing);
    assert_eq!(catalogue.delegation("f8202e39-5162-4378-8714-8018bb911e5c"), Some(Delegation::Exposed));
    assert_eq!(catalogue.delegation("https://management.azure.com"), Some(Delegation::Missing));
}

#[tokio::test]
async fn every_service_without_a_permission_is_refused_before_entra_is_asked() {
    let tenant = Tenant::granting();
    let alice = tenant.user("alice").await;
    for service in KNOWN_SERVICES {
        for resource in service.resource().into_iter().chain([service.app_id()]) {
            let target = Target::new(resource, &[".default"]).unwrap();
            let exchange = tenant.exchange().add_target(&target);
            let asked = tenant.exchanges();
            let with_claims = exchange.token_with_claims(&alice, &target, r#"{"access_token":{}}"#).await;
            for answer in [exchange.token(&alice, &target).await, with_claims] {
                match (service.delegation(), answer) {
                    (Delegation::Exposed, answer) => assert!(answer.is_ok(), "{resource}"),
                    (Delegation::Missing, answer) => {
                        let error = answer.unwrap_err();
                        assert_eq!(error.kind(), ExchangeErrorKind::NoDelegatedScope, "{resource}");
                        assert_eq!(error.advice(), service.advice(), "{resource}");
                        assert_eq!(tenant.exchanges(), asked, "{resource}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_declared_permission_is_asked_for_and_a_denied_one_is_not() {
    let tenant = Tenant::granting();
    let alice = tenant.user("alice").await;
    let cosmos = Target::new("https://cosmos.azure.com", &["user_impersonation"]).unwrap();
    let catalogue = Catalogue::known()
        .declare("https://cosmos.azure.com", Delegation::Exposed)
        .declare(CLIENT, Delegation::Missing);
    let own = Target::new(CLIENT, &["x"]).unwrap();
    let exchange = tenant.exchange().add_target(&cosmos).add_target(&own).with_catalogue(catalogue);
    assert!(exchange.token(&alice, &cosmos).await.is_ok());
    let error = exchange.token(&alice, &own).await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::NoDelegatedScope);
    assert!(error.advice().contains("UseHostingEnvironmentIdentity"));
    assert_eq!(tenant.exchanges(), 1);
}
