//! The adoption example, on axum.

use ::axum::{Router, body::Body, routing::get};
use http_body_util::BodyExt as _;

use super::*;
use crate::ExchangeError;

async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
    let graph = user.token(&Target::graph()).await?;
    Ok(graph.expose_secret().to_owned())
}

fn router(tenant: &Tenant) -> Router {
    let bearer = BearerLayer::with_verifier(tenant.verifier.clone()).require_scope("access_as_user").unwrap();
    let obo = OboLayer::new(tenant.exchange());
    Router::new().route("/me", get(me)).layer((bearer, obo))
}

async fn get_me(router: Router, tenant: &Tenant) -> Response<Body> {
    let (mut parts, ()) = bearer(tenant, "alice").await.into_parts();
    parts.uri = "/me".parse().unwrap();
    router.oneshot(Request::from_parts(parts, Body::empty())).await.unwrap()
}

#[tokio::test]
async fn an_argument_is_enough_to_act_for_the_caller() {
    let tenant = Tenant::granting();
    let response = get_me(router(&tenant), &tenant).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, token_text(0));
}

#[tokio::test]
async fn a_question_mark_turns_a_step_up_into_the_challenge() {
    let tenant = Tenant::answering(|_| Box::pin(ready(step_up())));
    let response = get_me(router(&tenant), &tenant).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("insufficient_claims") && challenge.contains("claims=\""), "{challenge}");
}

#[tokio::test]
async fn without_the_layer_the_argument_is_a_500() {
    let tenant = Tenant::granting();
    let bearer_alone = BearerLayer::with_verifier(tenant.verifier.clone());
    let response = get_me(Router::new().route("/me", get(me)).layer(bearer_alone), &tenant).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(tenant.exchanges(), 0);
}
