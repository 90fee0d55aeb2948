use std::{error::Error as _, future::ready};

use super::*;
use crate::{
    ExchangeErrorKind,
    testtenant::{LIFE, NOW, Tenant, step_up, token_text},
};

async fn credential(tenant: &Tenant) -> OnBehalfOfCredential {
    OnBehalfOfCredential::new(OnBehalfOf::new(tenant.exchange(), Some(tenant.user("alice").await)))
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
    assert_eq!(format!("{:?}", credential(&Tenant::granting()).await), "OnBehalfOfCredential(..)");
}

/// An SDK client in miniature: the pipeline with the policy that all of them have.
async fn call(credential: OnBehalfOfCredential, http: &HttpClient) -> azure_core::Result<String> {
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
