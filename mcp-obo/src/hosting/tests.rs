use std::{future::ready, time::Duration};

use mcp_auth_layer::{EntraApp, clock::UnixTime, reject::Rejection};
use serde_json::json;

use super::*;
use crate::{
    ClientSecret,
    testtenant::{CLAIMS, CLIENT, LIFE, NOW, SECRET, Tenant, granted, refused, settle, status, step_up, token_text},
};

fn graph() -> Target {
    Target::graph()
}

fn principal(tenant: &Tenant) -> HostingIdentity {
    HostingIdentity::service_principal(&tenant.app, ClientSecret::new(SECRET)).add_target(&graph())
}

async fn number(identity: &HostingIdentity) -> usize {
    let token = identity.token(&graph()).await.unwrap();
    (0..).find(|number| token.expose_secret() == token_text(*number)).unwrap()
}

#[tokio::test]
async fn a_service_principal_asks_with_its_own_grant_for_everything_it_was_given() {
    let tenant = Tenant::granting();
    let some = Target::new("https://graph.microsoft.com", &["ServiceMessage.Read.All"]).unwrap();
    principal(&tenant).add_target(&some).token(&some).await.unwrap();
    let form = &tenant.calls()[0].form;
    let expected = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    assert_eq!(form.len(), expected.len(), "{:?}", form.keys());
    for (name, value) in expected {
        assert_eq!(form[name], value);
    }
}

#[tokio::test(start_paused = true)]
async fn all_callers_share_one_request_and_one_token() {
    let tenant = Tenant::answering_after(Duration::from_secs(1), |call| granted(call.number));
    let identity = principal(&tenant);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let identity = identity.clone();
            tokio::spawn(async move { number(&identity).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 0);
    }
    assert_eq!((number(&identity).await, tenant.exchanges()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_in_the_background_before_it_ends() {
    let tenant = Tenant::granting();
    let identity = principal(&tenant);
    assert_eq!(number(&identity).await, 0);
    tenant.clock.set(UnixTime::from_secs(NOW + LIFE - 301));
    assert_eq!(number(&identity).await, 0);
    settle().await;
    assert_eq!(tenant.exchanges(), 1);
    tenant.clock.set(UnixTime::from_secs(NOW + LIFE - 300));
    assert_eq!(number(&identity).await, 0, "nobody waits");
    settle().await;
    assert_eq!((number(&identity).await, tenant.exchanges()), (1, 2));
}

#[tokio::test]
async fn what_was_not_declared_is_not_asked_for() {
    let tenant = Tenant::granting();
    let vault = Target::new("https://vault.azure.net", &[".default"]).unwrap();
    let identity = principal(&tenant);
    for answer in [identity.token(&vault).await, identity.token_with_claims(&vault, CLAIMS).await] {
        assert_eq!(answer.unwrap_err().kind(), ExchangeErrorKind::UndeclaredTarget);
    }
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_failure_of_the_service_tells_a_user_to_sign_in() {
    use ExchangeErrorKind::{ClientCredential, Configuration, Throttled, Unavailable};
    for (name, answer, expected) in [
        ("wrong secret", refused("invalid_client", 7_000_215, json!({})), ClientCredential),
        ("no such app", refused("unauthorized_client", 700_016, json!({})), Configuration),
        ("no consent", refused("invalid_grant", 65_001, json!({"suberror": "consent_required"})), Configuration),
        ("a policy for workloads", refused("access_denied", 53_003, json!({})), ClientCredential),
        ("step-up", step_up(), ClientCredential),
        ("revoked", refused("invalid_grant", 50_173, json!({})), ClientCredential),
        ("expired", refused("invalid_grant", 500_133, json!({})), ClientCredential),
        ("no user", refused("invalid_grant", 7_000_114, json!({})), ClientCredential),
        ("bad scope", refused("invalid_scope", 70_011, json!({})), Configuration),
        ("throttled", status(429, &[("retry-after", "7")], "{}"), Throttled),
        ("outage", status(503, &[], "<html>"), Unavailable),
    ] {
        let reply = answer.clone();
        let tenant = Tenant::answering(move |_| Box::pin(ready(reply.clone())));
        let error = principal(&tenant).token(&graph()).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{name}");
        assert!(!error.kind().is_cured_by_sign_in(), "{name}");
        assert!(matches!(error.rejection(), Rejection::Misconfigured | Rejection::Unavailable { .. }), "{name}");
        assert!(error.advice().len() > 10 && error.claims().is_none(), "{name}");
        assert!(error.correlation_id().is_some(), "{name}: the sign-in logs can be searched");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_repeated_as_long_as_entra_says() {
    let tenant = Tenant::answering(|call| {
        let first = status(429, &[("retry-after", "20")], "{}");
        Box::pin(ready(if call.number == 0 { first } else { granted(call.number) }))
    });
    let identity = principal(&tenant);
    assert_eq!(identity.token(&graph()).await.unwrap_err().kind(), ExchangeErrorKind::Throttled);
    tokio::time::advance(Duration::from_secs(19)).await;
    assert!(identity.token(&graph()).await.is_err());
    assert_eq!(tenant.exchanges(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(number(&identity).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_claims_challenge_is_answered_once_for_all_and_replaces_the_token() {
    let tenant = Tenant::answering_after(Duration::from_secs(1), |call| granted(call.number));
    let identity = principal(&tenant);
    assert_eq!(number(&identity).await, 0);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let identity = identity.clone();
            tokio::spawn(async move { identity.token_with_claims(&graph(), CLAIMS).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().expose_secret(), token_text(1));
    }
    assert_eq!((number(&identity).await, tenant.exchanges()), (1, 2));
    assert!(tenant.calls()[1].form["claims"].contains("acrs"));
    // Whoever is challenged afterwards was challenged for the new token.
    identity.token_with_claims(&graph(), CLAIMS).await.unwrap();
    assert_eq!(tenant.exchanges(), 3);
    let error = identity.token_with_claims(&graph(), "no claims").await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Configuration);
}

#[tokio::test]
async fn a_spent_token_is_replaced_and_a_late_report_costs_nothing() {
    let tenant = Tenant::granting();
    let identity = principal(&tenant);
    let spent = identity.token(&graph()).await.unwrap();
    identity.invalidate(&graph(), &spent);
    assert_eq!(number(&identity).await, 1);
    identity.invalidate(&graph(), &spent);
    assert_eq!((number(&identity).await, tenant.exchanges()), (1, 2));
}

#[tokio::test]
async fn an_app_of_many_tenants_has_no_identity_of_its_own() {
    let tenant = Tenant::granting();
    let endpoints = mcp_auth_layer::authority::Endpoints::documented_for_organizations(Default::default());
    let app = EntraApp::any_organization_over(tenant.app.http().clone(), CLIENT).unwrap();
    let app = app.with_endpoints(endpoints).unwrap();
    let identity = HostingIdentity::service_principal(&app, ClientSecret::new(SECRET)).add_target(&graph());
    assert_eq!(identity.token(&graph()).await.unwrap_err().kind(), ExchangeErrorKind::Configuration);
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test]
async fn debug_tells_who_it_is_and_nothing_secret() {
    let tenant = Tenant::granting();
    let identity = principal(&tenant);
    number(&identity).await;
    let text = format!("{identity:?}");
    assert!(text.contains(&format!("service principal {CLIENT}")) && text.contains("graph.microsoft.com"), "{text}");
    assert!(!text.contains(SECRET) && !text.contains("downstream-token"), "{text}");
}

#[cfg(feature = "azure-identity")]
mod azure {
    use std::{
        io,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use azure_core::{credentials::TokenRequestOptions, error::ErrorKind, time::OffsetDateTime};
    use bytes::Bytes;
    use http::{Request, Response};
    use mcp_auth_layer::{
        clock::FixedClock,
        fetch::{HttpClient, TransportFault},
    };
    use tower::BoxError;

    use super::*;
    use crate::testtenant::TENANT;

    /// A machine whose metadata service answers the same to everybody.
    fn machine(answer: fn() -> Result<Response<Bytes>, BoxError>) -> EntraApp {
        let http = HttpClient::new(tower::service_fn(move |_: Request<Bytes>| ready(answer())));
        let app = EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap();
        app.with_clock(FixedClock::at(UnixTime::from_secs(NOW)))
    }

    fn managed(answer: fn() -> Result<Response<Bytes>, BoxError>) -> HostingIdentity {
        let identity = HostingIdentity::managed(&machine(answer), ManagedIdentityId::SystemAssigned).unwrap();
        identity.add_target(&graph())
    }

    fn issued(end: u64) -> Result<Response<Bytes>, BoxError> {
        let body = json!({
            "access_token": "managed-token", "expires_on": end.to_string(), "resource": "r", "token_type": "Bearer",
        });
        Ok(status(200, &[], &body.to_string()))
    }

    #[tokio::test]
    async fn a_managed_identity_gives_its_token() {
        let identity = managed(|| issued(NOW + 3_600));
        let token = identity.token(&graph()).await.unwrap();
        assert_eq!((token.expose_secret(), token.expires_at().as_secs()), ("managed-token", NOW + 3_600));
        assert_eq!(identity.description(), "system-assigned managed identity");
    }

    #[tokio::test]
    async fn a_refused_token_that_comes_again_unchanged_is_an_error() {
        let identity = managed(|| issued(NOW + 3_600));
        identity.token(&graph()).await.unwrap();
        let error = identity.token_with_claims(&graph(), CLAIMS).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential);
        assert!(error.advice().contains("own identity"), "{}", error.advice());
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_metadata_service_says_has_a_kind_and_an_advice() {
        use ExchangeErrorKind::{ClientCredential, Unavailable};
        type Answer = fn() -> Result<Response<Bytes>, BoxError>;
        let answers: [(&str, Answer, ExchangeErrorKind, &str); 6] = [
            ("not assigned", || Ok(status(400, &[], "hunter2")), ClientCredential, "assigns"),
            ("forbidden", || Ok(status(403, &[], "hunter2")), ClientCredential, "assigns"),
            ("no answer in JSON", || Ok(status(200, &[], "hunter2")), Unavailable, "Azure"),
            ("busy", || Ok(status(429, &[], "hunter2")), Unavailable, "Azure"),
            ("ended already", || issued(NOW), Unavailable, "network"),
            ("not on Azure", || Err(io::Error::from(io::ErrorKind::ConnectionRefused).into()), Unavailable, "Azure"),
        ];
        for (name, answer, kind, advice) in answers {
            let error = managed(answer).token(&graph()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{name}");
            assert!(error.advice().contains(advice), "{name}: {}", error.advice());
            assert!(!format!("{error:?}").contains("hunter2"), "{name}");
            let fault = (name == "not on Azure").then_some(TransportFault::Refused);
            assert_eq!(error.transport(), fault, "{name}");
        }
    }

    /// A credential of the SDK, counted.
    #[derive(Debug, Default)]
    struct Sdk {
        calls: AtomicUsize,
        fails: Option<ErrorKind>,
    }

    #[async_trait::async_trait]
    impl TokenCredential for Sdk {
        async fn get_token(
            &self,
            scopes: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<azure_core::credentials::AccessToken> {
            assert_eq!(scopes, ["https://graph.microsoft.com/.default"]);
            let number = self.calls.fetch_add(1, Ordering::SeqCst);
            if let Some(kind) = &self.fails {
                return Err(azure_core::Error::with_message(kind.clone(), format!("run az login {}", "s".repeat(40))));
            }
            let end = OffsetDateTime::from_unix_timestamp(i64::try_from(NOW + 3_600).unwrap()).unwrap();
            Ok(azure_core::credentials::AccessToken::new(format!("sdk-token-{number}"), end))
        }
    }

    #[tokio::test]
    async fn a_credential_of_the_sdk_is_asked_once() {
        let app = machine(|| issued(NOW));
        let sdk = Arc::new(Sdk::default());
        let identity = HostingIdentity::from_azure(&app, Arc::clone(&sdk) as _).add_target(&graph());
        for _ in 0..3 {
            assert_eq!(identity.token(&graph()).await.unwrap().expose_secret(), "sdk-token-0");
        }
        assert_eq!(identity.token_with_claims(&graph(), CLAIMS).await.unwrap().expose_secret(), "sdk-token-1");
        assert_eq!(identity.token(&graph()).await.unwrap().expose_secret(), "sdk-token-1");
        assert_eq!(sdk.calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_credential_of_the_sdk_fails_in_our_words_with_its_own_in_the_log() {
        let app = machine(|| issued(NOW));
        let sdk = Sdk { fails: Some(ErrorKind::Credential), ..Sdk::default() };
        let identity = HostingIdentity::from_azure(&app, Arc::new(sdk)).add_target(&graph());
        let error = identity.token(&graph()).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential);
        assert_eq!(error.diagnostic(), Some("run az login [...]"));
        assert!(!format!("{error} {error:?} {}", error.advice()).contains("az login"));
    }
}
