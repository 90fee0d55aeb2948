//! One challenge per token, however the failure comes about.

use super::*;
use crate::on_behalf_of::Raised;

/// Sends the same token again, as a client does that takes no notice.
fn again(request: &Request<()>) -> Request<()> {
    let mut copy = Request::new(());
    *copy.headers_mut() = request.headers().clone();
    copy
}

#[tokio::test(start_paused = true)]
async fn a_token_gets_each_challenge_once() {
    let revoked = refused("invalid_grant", 50_173, serde_json::json!({}));
    for (name, refusal) in [("step-up", step_up()), ("revoked", revoked)] {
        let tenant = Tenant::answering(move |_| Box::pin(ready(refusal.clone())));
        let service = stack(&tenant);
        for first in [bearer(&tenant, "alice").await, tool_call(&tenant).await] {
            for status in [401, 200, 200] {
                let response = service.clone().oneshot(again(&first)).await.unwrap();
                assert_eq!(response.status().as_u16(), status, "{name}");
                assert_eq!(response.body().is_empty(), status == 401, "{name}: later the tool's own answer");
                tokio::time::advance(Duration::from_secs(61)).await;
            }
        }
        // A new sign-in is another token, and hears what is asked of it.
        let response = service.oneshot(bearer(&tenant, "alice").await).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_were_under_way_hear_it_too() {
    let tenant = Tenant::answering_after(Duration::from_secs(1), |_| step_up());
    let (service, request) = (stack(&tenant), bearer(&tenant, "alice").await);
    let calls: Vec<_> = (0..5).map(|_| tokio::spawn(service.clone().oneshot(again(&request)))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(service.oneshot(again(&request)).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_challenge_may_be_repeated_and_other_claims_are_another_challenge() {
    let tenant = Tenant::granting();
    let (exchange, user) = (tenant.exchange(), tenant.user("alice").await);
    let step_up = |claims: &str| Rejection::StepUp { claims: claims.to_owned() };
    let unavailable = || Rejection::Unavailable { retry_after: Duration::from_secs(1) };
    for (why, expected) in [
        (step_up("{}"), Raised::Yes),
        (step_up("{}"), Raised::No),
        (step_up(r#"{"access_token":{}}"#), Raised::Yes),
        (TokenFault::AssertionRefused.into(), Raised::Yes),
        (TokenFault::AssertionRefused.into(), Raised::No),
        (unavailable(), Raised::Yes),
        (unavailable(), Raised::Yes),
    ] {
        tokio::time::advance(Duration::from_secs(1)).await;
        let request = OnBehalfOf::new(exchange.clone(), Some(user.clone()));
        assert_eq!(request.raise_rejection(why.clone()), expected, "{why}");
        assert_eq!(request.take_raised().is_some(), expected == Raised::Yes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_lost_to_another_error_was_not_given() {
    let tenant = Tenant::granting();
    let (exchange, user) = (tenant.exchange(), tenant.user("alice").await);
    let first = OnBehalfOf::new(exchange.clone(), Some(user.clone()));
    assert_eq!(first.raise_rejection(Rejection::Unavailable { retry_after: Duration::from_secs(1) }), Raised::Yes);
    assert_eq!(first.raise_rejection(TokenFault::AssertionRefused.into()), Raised::No);
    tokio::time::advance(Duration::from_secs(1)).await;
    let second = OnBehalfOf::new(exchange, Some(user));
    assert_eq!(second.raise_rejection(TokenFault::AssertionRefused.into()), Raised::Yes);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_came_after_the_responses_head_was_not_given() {
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let request = bearer(&tenant, "alice").await;
    let exchange = tenant.exchange();
    let family =
        ServiceBuilder::new().layer(BearerLayer::with_verifier(tenant.verifier.clone())).layer(OboLayer::new(exchange));
    // A server that streams answers before its tool runs.
    let streaming = family.clone().service_fn(async |request: Request<()>| {
        let user = OnBehalfOf::from_extensions(request.extensions()).unwrap().clone();
        let mut response = Answer::default();
        response.extensions_mut().insert(user);
        Ok::<_, Infallible>(response)
    });
    let response = streaming.oneshot(again(&request)).await.unwrap();
    let user: &OnBehalfOf = response.extensions().get().unwrap();
    let error = user.token(&Target::graph()).await.unwrap_err();
    assert_eq!(user.raise(&error), Raised::No, "so the tool says it in its own words");

    tokio::time::advance(Duration::from_secs(1)).await;
    let response = family.service_fn(act).oneshot(again(&request)).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_whose_request_was_given_up_was_not_given() {
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let request = bearer(&tenant, "alice").await;
    let family = ServiceBuilder::new()
        .layer(BearerLayer::with_verifier(tenant.verifier.clone()))
        .layer(OboLayer::new(tenant.exchange()));
    let slow = family.clone().service_fn(async |request: Request<()>| {
        act(request).await?;
        std::future::pending::<Result<Answer, Infallible>>().await
    });
    let given_up = tokio::time::timeout(Duration::from_secs(1), slow.oneshot(again(&request))).await;
    assert!(given_up.is_err());
    let response = family.service_fn(act).oneshot(again(&request)).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn claims_that_change_with_the_time_do_not_keep_a_client_in_a_loop() {
    let tenant = Tenant::granting();
    let (exchange, user) = (tenant.exchange(), tenant.user("alice").await);
    let mut given = 0;
    for second in 0..100 {
        let claims = format!(r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{second}"}}}}}}"#);
        let request = OnBehalfOf::new(exchange.clone(), Some(user.clone()));
        given += usize::from(request.raise_rejection(Rejection::StepUp { claims }) == Raised::Yes);
        request.take_raised();
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(given, 8);
    let again = OnBehalfOf::new(exchange, Some(tenant.user("alice").await));
    assert_eq!(again.raise_rejection(Rejection::StepUp { claims: "{}".to_owned() }), Raised::Yes, "another sign-in");
}
