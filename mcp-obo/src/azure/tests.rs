use std::{error::Error as _, future::ready};

use super::*;
use crate::{
    ExchangeErrorKind, OnBehalfOf,
    testtenant::{LIFE, NOW, Tenant, step_up, token_text},
};

async fn credential(tenant: &Tenant) -> ActingCredential {
    ActingCredential::new(Arc::new(OnBehalfOf::new(tenant.exchange(), Some(tenant.user("alice").await))))
}

const GRAPH: &str = "https://graph.microsoft.com/.default";

#[tokio::test]
async fn an_sdk_client_gets_the_users_token_with_its_end() {
    let tenant = Tenant::granting();
    let credential = credential(&tenant).await;
    for _ in 0..2 {
        let token = credential.get_token(&[GRAPH], None).await.unwrap();
        assert_eq!(token.token.secret(), token_text(0));
        assert_eq!(u64::try_from(token.expires_on.unix_timestamp()), Ok(NOW + LIFE));
    }
    assert_eq!((tenant.exchanges(), tenant.calls()[0].user().as_str()), (1, "alice"));
}

#[tokio::test]
async fn what_was_not_declared_is_refused_before_entra_is_asked() {
    let tenant = Tenant::granting();
    let credential = credential(&tenant).await;
    for (name, scopes) in [
        ("another API", &["https://vault.azure.net/.default"][..]),
        ("other scopes of a declared API", &["https://graph.microsoft.com/Mail.Read"]),
        ("two APIs", &[GRAPH, "https://vault.azure.net/.default"]),
        ("no scope", &[]),
        ("a bare name", &["User.Read"]),
    ] {
        let error = credential.get_token(scopes, None).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Credential), "{name}");
    }
    assert_eq!(tenant.exchanges(), 0);
}

#[tokio::test]
async fn the_sdks_error_leads_to_what_can_be_raised() {
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let error = credential(&tenant).await.get_token(&[GRAPH], None).await.unwrap_err();
    assert!(error.to_string().contains("multi-factor"), "{error}");
    let source = error.source().and_then(|source| source.downcast_ref::<ExchangeError>()).unwrap();
    assert_eq!(source.kind(), ExchangeErrorKind::StepUp);
    assert!(!format!("{error:?}").contains("acrs"), "claims stay inside");
}

#[tokio::test]
async fn debug_prints_nothing_of_the_user() {
    assert_eq!(format!("{:?}", credential(&Tenant::granting()).await), "ActingCredential(..)");
}

/// An SDK client in miniature: the pipeline with the policy that all of them have.
async fn call(credential: ActingCredential, http: &HttpClient) -> azure_core::Result<String> {
    use azure_core::http::{
        ClientOptions, Context, Method, Pipeline, Url, policies::auth::BearerTokenAuthorizationPolicy,
    };
    let options = ClientOptions { transport: Some(transport(http)), ..ClientOptions::default() };
    let policy = Arc::new(BearerTokenAuthorizationPolicy::new(Arc::new(credential), [GRAPH]));
    let pipeline = Pipeline::new(None, None, options, vec![], vec![policy], None);
    let mut request = Request::new(Url::parse("https://graph.microsoft.com/v1.0/me").unwrap(), Method::Get);
    request.insert_header("x-asked", "yes");
    let response = pipeline.send(&Context::new(), &mut request, None).await?;
    Ok(String::from_utf8(response.body().to_vec()).unwrap())
}

#[tokio::test]
async fn an_sdk_pipeline_calls_as_the_user_over_our_network() {
    use bytes::Bytes;
    let graph = HttpClient::new(tower::service_fn(|request: http::Request<Bytes>| async move {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let told = format!("{} {} {}", request.uri(), header("x-asked"), header("authorization"));
        Ok::<_, std::convert::Infallible>(http::Response::new(Bytes::from(told)))
    }));
    let tenant = Tenant::granting();
    let told = call(credential(&tenant).await, &graph).await.unwrap();
    assert_eq!(told, format!("https://graph.microsoft.com/v1.0/me yes Bearer {}", token_text(0)));
}

#[tokio::test(start_paused = true)]
async fn a_refused_exchange_stops_the_call_and_is_not_repeated() {
    use bytes::Bytes;
    let graph = HttpClient::new(tower::service_fn(|_: http::Request<Bytes>| async move {
        Err::<http::Response<Bytes>, _>(std::io::Error::other("nothing is sent without a token"))
    }));
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let error = call(credential(&tenant).await, &graph).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Credential), "{error:?}");
    assert_eq!(tenant.exchanges(), 1);
}

/// Calls through a transport that is bound to one API, with the answer that the API gives.
async fn bound(
    tenant: &Tenant,
    url: &str,
    answer: fn(&http::Request<bytes::Bytes>) -> http::Response<bytes::Bytes>,
) -> azure_core::Result<String> {
    use azure_core::http::{ClientOptions, Context, Method, Pipeline, RetryOptions, Url};
    let graph = HttpClient::new(tower::service_fn(move |request: http::Request<bytes::Bytes>| {
        ready(Ok::<_, std::convert::Infallible>(answer(&request)))
    }));
    let graph = Downstream::new(graph, Target::graph(), "https://graph.microsoft.com").unwrap();
    let who = Arc::new(OnBehalfOf::new(tenant.exchange(), Some(tenant.user("alice").await)));
    let options = ClientOptions {
        transport: Some(transport_to(&graph, who)),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    };
    let mut request = Request::new(Url::parse(url).unwrap(), Method::Get);
    let response =
        Pipeline::new(None, None, options, vec![], vec![], None).send(&Context::new(), &mut request, None).await?;
    Ok(String::from_utf8(response.body().to_vec()).unwrap())
}

fn told(request: &http::Request<bytes::Bytes>) -> http::Response<bytes::Bytes> {
    http::Response::new(request.headers()["authorization"].as_bytes().to_vec().into())
}

#[tokio::test]
async fn a_bound_client_calls_its_api_and_no_other_host() {
    let tenant = Tenant::granting();
    let answer = bound(&tenant, "https://graph.microsoft.com/me", told).await.unwrap();
    assert_eq!(answer, format!("Bearer {}", token_text(0)));
    let error = bound(&tenant, "https://evil.example/me", told).await.unwrap_err();
    assert!(matches!(failure(error), Err(DownstreamError::ForeignAddress)));
}

#[tokio::test]
async fn what_the_service_answered_can_be_read_out_of_the_sdks_error() {
    let refused = |_: &http::Request<bytes::Bytes>| {
        let answer = http::Response::builder().status(403).header("x-ms-request-id", "r-1");
        answer.body(bytes::Bytes::from_static(br#"{"error":{"code":"Forbidden"}}"#)).unwrap()
    };
    let error = bound(&Tenant::granting(), "https://graph.microsoft.com/me", refused).await.unwrap_err();
    let answer = failure(error).unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-ms-request-id"]), (403, &"r-1".parse().unwrap()));
    assert_eq!(&answer.body()[..], br#"{"error":{"code":"Forbidden"}}"#);
}

#[tokio::test]
async fn a_refused_exchange_and_a_pause_come_out_as_themselves() {
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let error = bound(&tenant, "https://graph.microsoft.com/me", told).await.unwrap_err();
    assert!(failure(error).unwrap_err().is_cured_by_sign_in());
    let error = credential(&tenant).await.get_token(&[GRAPH], None).await.unwrap_err().with_context("outside");
    assert!(
        matches!(failure(error), Err(DownstreamError::Exchange(error)) if error.kind() == ExchangeErrorKind::StepUp)
    );
    let pause = |_: &http::Request<bytes::Bytes>| {
        http::Response::builder().status(429).header("retry-after", "7").body(bytes::Bytes::new()).unwrap()
    };
    let error = bound(&Tenant::granting(), "https://graph.microsoft.com/me", pause).await.unwrap_err();
    assert_eq!(failure(error).unwrap_err().retry_after(), Some(std::time::Duration::from_secs(7)));
}
