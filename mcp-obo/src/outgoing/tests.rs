use std::future::ready;

use bytes::Bytes;
use http::Response;
use mcp_auth_layer::bypass::{BypassPolicy, Environment, Exposure, Hatch, OptIn};
use serde_json::json;

use super::*;
use crate::{
    Catalogue, ClientSecret, Exchange, ExchangeErrorKind,
    catalogue::Delegation,
    testtenant::{SECRET, Tenant, refused, status, step_up},
};

fn graph() -> Target {
    Target::graph()
}

fn hosting(tenant: &Tenant) -> OutgoingAuth {
    let identity = HostingIdentity::service_principal(&tenant.app, ClientSecret::new(SECRET));
    OutgoingAuth::HostingEnvironment(identity.add_target(&graph()))
}

/// What the layers leave in the request of a verified caller.
async fn request(tenant: &Tenant, exchange: Exchange) -> Extensions {
    let alice = tenant.user("alice").await;
    let mut extensions = Extensions::new();
    extensions.insert(OnBehalfOf::new(exchange, Some(alice.clone())));
    extensions.insert(Caller::Verified(alice));
    extensions
}

/// Every way in which Entra refuses.
fn answers() -> Vec<(&'static str, Response<Bytes>)> {
    vec![
        ("step-up", step_up()),
        ("consent", refused("invalid_grant", 65_001, json!({"suberror": "consent_required"}))),
        ("policy", refused("access_denied", 53_003, json!({}))),
        ("revoked", refused("invalid_grant", 50_173, json!({}))),
        ("expired", refused("invalid_grant", 500_133, json!({}))),
        ("no user", refused("invalid_grant", 7_000_114, json!({}))),
        ("wrong secret", refused("invalid_client", 7_000_215, json!({}))),
        ("bad scope", refused("invalid_scope", 70_011, json!({}))),
        ("throttled", status(429, &[], "{}")),
        ("outage", status(503, &[], "<html>")),
        ("not Entra", status(302, &[("location", "https://evil.example")], "")),
    ]
}

fn refusing(answer: Response<Bytes>) -> Tenant {
    Tenant::answering(move |_| Box::pin(ready(answer.clone())))
}

/// Only requests of this grant have been sent.
fn assert_all_are(tenant: &Tenant, grant: &str, name: &str) {
    for call in tenant.calls() {
        assert_eq!(call.form["grant_type"], grant, "{name}");
    }
}

const AS_USER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const AS_SERVICE: &str = "client_credentials";

#[tokio::test]
async fn each_strategy_acts_as_one_identity() {
    let tenant = Tenant::granting();
    let extensions = request(&tenant, tenant.exchange()).await;
    OutgoingAuth::OnBehalfOf.token(&extensions, &graph()).await.unwrap();
    assert_eq!(tenant.calls()[0].form["grant_type"], AS_USER);
    hosting(&tenant).token(&extensions, &graph()).await.unwrap();
    assert_eq!(tenant.calls()[1].form["grant_type"], AS_SERVICE);
    assert_eq!(OutgoingAuth::OnBehalfOf.acting_as().as_str(), "user");
    assert_eq!(hosting(&tenant).acting_as().as_str(), "hosting_identity");
}

#[tokio::test(start_paused = true)]
async fn a_users_failure_never_leads_to_the_services_identity() {
    for (name, answer) in answers() {
        let tenant = refusing(answer);
        let extensions = request(&tenant, tenant.exchange()).await;
        let error = OutgoingAuth::OnBehalfOf.token(&extensions, &graph()).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Exchange(_)), "{name}");
        assert!(tenant.exchanges() > 0, "{name}");
        assert_all_are(&tenant, AS_USER, name);
    }
}

#[tokio::test(start_paused = true)]
async fn the_services_failure_never_leads_to_the_user() {
    for (name, answer) in answers() {
        let tenant = refusing(answer);
        let extensions = request(&tenant, tenant.exchange()).await;
        let error = hosting(&tenant).token(&extensions, &graph()).await.unwrap_err();
        let OutgoingError::Exchange(error) = error else { panic!("{name}: {error:?}") };
        assert!(!error.kind().is_cured_by_sign_in(), "{name}");
        assert!(tenant.exchanges() > 0, "{name}");
        assert_all_are(&tenant, AS_SERVICE, name);
    }
}

#[tokio::test]
async fn what_is_decided_here_leads_nowhere_else_either() {
    let tenant = Tenant::granting();
    let undeclared = Exchange::new(&tenant.app, ClientSecret::new(SECRET));
    let catalogue = Catalogue::known().declare("https://graph.microsoft.com", Delegation::Missing);
    for (exchange, expected) in [
        (undeclared, ExchangeErrorKind::UndeclaredTarget),
        (tenant.exchange().with_catalogue(catalogue), ExchangeErrorKind::NoDelegatedScope),
    ] {
        let extensions = request(&tenant, exchange).await;
        let error = OutgoingAuth::OnBehalfOf.token(&extensions, &graph()).await.unwrap_err();
        assert!(matches!(&error, OutgoingError::Exchange(error) if error.kind() == expected), "{error:?}");
    }
    let mut anonymous = Extensions::new();
    anonymous.insert(OnBehalfOf::new(tenant.exchange(), None));
    let error = OutgoingAuth::OnBehalfOf.token(&anonymous, &graph()).await.unwrap_err();
    assert_eq!(error.rejection(), Rejection::NoCredentials);
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test]
async fn a_service_without_a_delegated_permission_is_called_as_the_service() {
    let tenant = Tenant::granting();
    let cosmos = Target::new("https://cosmos.azure.com", &[".default"]).unwrap();
    let identity = HostingIdentity::service_principal(&tenant.app, ClientSecret::new(SECRET)).add_target(&cosmos);
    let extensions = request(&tenant, tenant.exchange()).await;
    assert!(OutgoingAuth::HostingEnvironment(identity).token(&extensions, &cosmos).await.is_ok());
}

#[tokio::test]
async fn the_services_identity_is_lent_to_nobody_unknown() {
    let tenant = Tenant::granting();
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let permit = policy.open(Hatch::NoAuthentication, OptIn::Yes).unwrap().unwrap();
    let mut anonymous = Extensions::new();
    anonymous.insert(Caller::Anonymous(permit));
    let error = hosting(&tenant).token(&anonymous, &graph()).await.unwrap_err();
    assert_eq!(error.rejection(), Rejection::NoCredentials);
    let nobody = Extensions::new();
    for strategy in [hosting(&tenant), OutgoingAuth::OnBehalfOf] {
        let error = strategy.token(&nobody, &graph()).await.unwrap_err();
        assert!(matches!(error.rejection(), Rejection::NotWired { .. }), "{error:?}");
    }
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test]
async fn nothing_is_raised_at_a_user_in_whose_name_nobody_acted() {
    let tenant = Tenant::granting();
    for (strategy, expected, answer) in
        [(hosting(&tenant), Raised::No, None), (OutgoingAuth::OnBehalfOf, Raised::Yes, Some(Rejection::NoCredentials))]
    {
        let extensions = request(&tenant, tenant.exchange()).await;
        assert_eq!(strategy.raise(&extensions, Rejection::NoCredentials), expected);
        assert_eq!(OnBehalfOf::from_extensions(&extensions).unwrap().take_raised(), answer);
    }
}
