//! The token endpoint: one form, one deadline, and what is shown to whom.

mod credentials;
mod resilience;

use std::{
    fs,
    future::ready,
    sync::atomic::{AtomicUsize, Ordering},
};

use http::Response;
use mcp_auth_layer::{VerifiedToken, cloud::Cloud, tenant::TenantId};
use proptest::prelude::*;
use serde_json::json;
use tower::ServiceExt as _;

use super::*;
use crate::{
    BoxFuture, ClientCredential, ClientCredentials, ClientSecret, Exchange, Target, testlog,
    testtenant::{CLIENT, Call, SECRET, TENANT, Tenant, granted, refused, status, token_text},
};

async fn asked(tenant: &Tenant, user: &VerifiedToken) -> Result<TokenAnswer, ExchangeError> {
    let endpoint = TokenEndpoint::new(&tenant.app, ClientSecret::new(SECRET));
    endpoint.oneshot(TokenRequest::on_behalf_of(user, &Target::graph()).unwrap()).await
}

#[tokio::test]
async fn one_post_carries_the_form_of_the_flow_and_nothing_else() {
    let tenant = Tenant::granting();
    let alice = tenant.user("alice").await;
    let answer = asked(&tenant, &alice).await.unwrap();
    assert_eq!(answer.access_token().expose_secret(), token_text(0));

    let [call] = &tenant.calls()[..] else { panic!("one request") };
    assert_eq!(call.uri.to_string(), format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(call.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(call.headers["accept"], "application/json");
    assert!(Uuid::parse_str(call.headers["client-request-id"].to_str().unwrap()).is_ok());
    let mut form: Vec<(&str, &str)> = call.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.sort_unstable();
    assert_eq!(
        form,
        [
            ("assertion", alice.bearer().expose_secret()),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("scope", "https://graph.microsoft.com/.default"),
        ]
    );
    assert_eq!(call.body.matches('&').count(), 5, "no parameter stands twice");
}

#[tokio::test]
async fn an_assertion_proves_the_client_instead_of_a_secret() {
    let tenant = Tenant::granting();
    let request = TokenRequest::on_behalf_of(&tenant.user("alice").await, &Target::graph()).unwrap();
    let form = request.form(CLIENT, &ClientAuth::assertion("a.b.c".into()), &[]);
    assert!(form.contains("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"));
    assert!(form.contains("client_assertion=a.b.c") && !form.contains("client_secret"), "{form}");
}

#[tokio::test(start_paused = true)]
async fn a_rotated_secret_is_read_again_and_tried_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "old").unwrap();
    let tenant = Tenant::answering(|call| {
        Box::pin(ready(match call.form["client_secret"].as_str() {
            "new" => granted(call.number),
            _ => refused("invalid_client", 7_000_222, json!({})),
        }))
    });
    let exchange = Exchange::new(&tenant.app, ClientSecret::from_file(&file).unwrap()).add_target(&Target::graph());
    let (alice, bob, carol) = (tenant.user("alice").await, tenant.user("bob").await, tenant.user("carol").await);

    // The same secret again would be one more failed sign-in of the app.
    let error = exchange.token(&alice, &Target::graph()).await.unwrap_err();
    assert_eq!((error.kind(), tenant.exchanges()), (ExchangeErrorKind::ClientCredential, 1));

    // A refused credential is not shown to Entra again for every user who comes.
    tokio::time::advance(Duration::from_secs(5)).await;
    fs::write(&file, "new\n").unwrap();
    exchange.token(&bob, &Target::graph()).await.unwrap();
    exchange.token(&carol, &Target::graph()).await.unwrap();
    let sent: Vec<_> = tenant.calls().iter().map(|call| call.form["client_secret"].clone()).collect();
    assert_eq!(sent, ["old", "old", "new", "new"]);
}

#[tokio::test]
async fn a_refused_secret_that_was_replaced_meanwhile_costs_one_more_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "old").unwrap();
    let credential = ClientSecret::from_file(&file).unwrap();
    fs::write(&file, "new").unwrap();
    let tenant = Tenant::answering(|call| {
        Box::pin(ready(match call.form["client_secret"].as_str() {
            "new" => granted(call.number),
            _ => refused("invalid_client", 7_000_215, json!({})),
        }))
    });
    let exchange = Exchange::new(&tenant.app, credential).add_target(&Target::graph());
    exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap();
    let calls = tenant.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].headers["client-request-id"], calls[1].headers["client-request-id"]);
}

/// A credential that is made anew for every request, as a signed assertion is.
#[derive(Debug, Default)]
struct Fresh(AtomicUsize);

impl ClientCredential for Fresh {
    fn authenticate<'a>(&'a self, _: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(ready(Ok(ClientAuth::assertion(format!("assertion {number}").into()))))
    }
}

#[tokio::test]
async fn only_a_refused_credential_is_worth_a_second_attempt() {
    for (name, refusal, attempts) in [
        ("credential", refused("invalid_client", 700_024, json!({})), 2),
        ("pause", status(503, &[("retry-after", "9")], ""), 1),
        ("consent", refused("invalid_grant", 65_001, json!({})), 1),
    ] {
        let tenant = Tenant::answering(move |_| Box::pin(ready(refusal.clone())));
        let exchange = Exchange::new(&tenant.app, Fresh::default()).add_target(&Target::graph());
        exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap_err();
        let sent: Vec<_> = tenant.calls().iter().map(|call| call.form["client_assertion"].clone()).collect();
        assert_eq!(sent, &["assertion 0", "assertion 1"][..attempts], "{name}");
    }
}

#[tokio::test]
async fn a_blank_credential_is_this_services_fault_and_is_not_sent() {
    let tenant = Tenant::granting();
    let exchange = Exchange::new(&tenant.app, ClientSecret::new(" ")).add_target(&Target::graph());
    let error = exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap_err();
    assert_eq!((error.kind(), tenant.exchanges()), (ExchangeErrorKind::ClientCredential, 0));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_never_answers_is_given_up() {
    let tenant = Tenant::answering(|_| Box::pin(std::future::pending()));
    let begun = Instant::now();
    let error = asked(&tenant, &tenant.user("alice").await).await.unwrap_err();
    assert_eq!((error.kind(), error.transport()), (ExchangeErrorKind::Unavailable, Some(TransportFault::Timeout)));
    // The timer's own millisecond.
    assert_eq!(begun.elapsed().as_secs(), 15);
    assert!(error.correlation_id().is_some_and(|id| Uuid::parse_str(id).is_ok()), "ours, for Entra gave none");
}

async fn no_user_is_exchanged(tenant: &Tenant, elsewhere: &EntraApp) {
    let exchange = Exchange::new(elsewhere, ClientSecret::new(SECRET)).add_target(&Target::graph());
    let error = exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap_err();
    assert_eq!((error.kind(), tenant.exchanges()), (ExchangeErrorKind::Configuration, 0));
}

#[tokio::test]
async fn a_user_of_another_tenant_is_not_exchanged() {
    const OTHER: &str = "aaaaaaaa-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    let tenant = Tenant::granting();
    let elsewhere = EntraApp::single_tenant_over(tenant.app.http().clone(), OTHER, CLIENT).unwrap();
    let endpoints = mcp_auth_layer::authority::Endpoints::documented(Cloud::Public, TenantId::parse(OTHER).unwrap());
    let elsewhere = elsewhere.with_clock(tenant.clock.clone()).with_endpoints(endpoints).unwrap();
    no_user_is_exchanged(&tenant, &elsewhere).await;
}

#[tokio::test]
async fn a_user_of_another_cloud_is_not_exchanged() {
    let tenant = Tenant::granting();
    let elsewhere = tenant.app.clone().with_cloud(Cloud::UsGov);
    let endpoints = mcp_auth_layer::authority::Endpoints::documented(Cloud::UsGov, TenantId::parse(TENANT).unwrap());
    let elsewhere = elsewhere.with_endpoints(endpoints).unwrap();
    no_user_is_exchanged(&tenant, &elsewhere).await;
}

#[tokio::test]
async fn a_user_of_any_tenant_is_exchanged_at_that_tenant() {
    let tenant = Tenant::granting();
    let app = EntraApp::any_organization_over(tenant.app.http().clone(), CLIENT).unwrap();
    let endpoints = mcp_auth_layer::authority::Endpoints::documented_for_organizations(Cloud::Public);
    let app = app.with_clock(tenant.clock.clone()).with_endpoints(endpoints).unwrap();
    let exchange = Exchange::new(&app, ClientSecret::new(SECRET)).add_target(&Target::graph());
    for issuer in
        [format!("https://login.microsoftonline.com/{TENANT}/v2.0"), format!("https://sts.windows.net/{TENANT}/")]
    {
        let version = if issuer.ends_with("v2.0") { "2.0" } else { "1.0" };
        let user = tenant.verified(json!({"oid": "alice", "scp": "a", "iss": issuer, "ver": version})).await;
        exchange.token(&user, &Target::graph()).await.unwrap();
    }
    let asked: Vec<_> = tenant.calls().iter().map(|call| call.uri.to_string()).collect();
    let expected = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    assert_eq!(asked, [expected.clone(), expected]);
}

#[tokio::test]
async fn an_unreachable_authority_is_an_outage_with_a_number() {
    let tenant = Tenant::answering(|_| Box::pin(ready(status(503, &[], ""))));
    // Without known endpoints the first request is discovery's.
    let app = EntraApp::single_tenant_over(tenant.app.http().clone(), TENANT, CLIENT).unwrap();
    let exchange = Exchange::new(&app.with_clock(tenant.clock.clone()), ClientSecret::new(SECRET));
    let error = exchange.add_target(&Target::graph()).token(&tenant.user("alice").await, &Target::graph()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Unavailable);
    assert!(error.retry_after().is_some());
    assert!(tenant.calls().iter().all(|call| call.body.is_empty()), "no credential goes to a guessed address");
}

/// Everything that can be printed of an error.
fn printed(error: &ExchangeError) -> String {
    let mut all = format!("{error} {error:?} {} {:?} {:?}", error.advice(), error.diagnostic(), error.rejection());
    let mut source = error.source();
    while let Some(error) = source {
        all.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    all
}

#[tokio::test]
async fn no_secret_is_printed_or_logged_even_when_the_endpoint_sends_it_back() {
    fn text(call: &Call) -> String {
        format!("got {} {} {}", call.body, call.form["assertion"], call.form["client_secret"])
    }
    type Answer = fn(&Call) -> Response<Bytes>;
    let answers: [(&str, Answer); 5] = [
        ("granted", |call| granted(call.number)),
        ("page", |call| status(503, &[], &format!("<html>{}</html>", text(call)))),
        ("cut", |call| status(400, &[], &format!("{{\"error\":\"{}", text(call)))),
        ("words", |call| refused("invalid_grant", 50_013, json!({"error_description": text(call)}))),
        ("everywhere", |call| {
            let text = text(call);
            refused(&text, 1, json!({"suberror": text, "trace_id": text, "correlation_id": text, "error_uri": text}))
        }),
    ];
    for (name, answer) in answers {
        let tenant = Tenant::answering(move |call| Box::pin(ready(answer(&call))));
        let alice = tenant.user("alice").await;
        let exchange = tenant.exchange();
        testlog::begin();
        let outcome = exchange.token(&alice, &Target::graph()).await;
        let shown = match &outcome {
            Ok(token) => format!("{token:?}"),
            Err(error) => printed(error),
        };
        let request = TokenRequest::on_behalf_of(&alice, &Target::graph()).unwrap();
        let all = format!("{shown} {exchange:?} {request:?} {}", testlog::logged());
        let [header, payload, signature] = alice.bearer().expose_secret().split('.').collect::<Vec<_>>()[..] else {
            panic!("a JWT has three parts")
        };
        for secret in [header, payload, signature, SECRET, token_text(0).as_str()] {
            assert!(!all.contains(secret), "{name}: {all}");
        }
        assert!(outcome.is_ok() == (name == "granted") && all.contains("client_request_id"), "{name}: {all}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_answer_whatever_makes_the_parser_panic_or_print_a_secret(
        code in 200_u16..600, before in "\\PC{0,40}", secret in "[A-Za-z0-9._~-]{37,80}", after in ".{0,40}",
    ) {
        let body = format!("{before} {secret} {after}");
        for body in [body.clone(), json!({"error": body, "error_description": body, "claims": body}).to_string()] {
            let response = status(code, &[], &body);
            if let Err(failure) = answer::read(&response, mcp_auth_layer::clock::UnixTime::from_secs(1)) {
                let shown = printed(&ExchangeError::from(failure));
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }
    }
}
