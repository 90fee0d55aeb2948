//! The layer around services: what passes, what is refused, and readiness.

mod hatches;
mod smuggling;
mod trail;
mod waiting;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::{assert_request_eq, mock};

use super::*;
use crate::{
    authority::{BoxFuture, Unavailable},
    keys::{KeyError, KeyHint, KeySource, Lookup, Readiness},
    metadata::ProtectedResource,
    reject::{Rejection, TokenFault},
    respond::{JsonRpc, OAuthJson, ProblemJson},
    scope::ScopeSet,
    testtenant::{CLIENT, app, changed, claims, dead_network, token, verifier},
    verify::Verifier,
};

type Answer = Response<Bytes>;

fn layer() -> BearerLayer<OAuthJson> {
    let resource = ProtectedResource::new("https://mcp.example/mcp", &app().0).unwrap();
    BearerLayer::with_verifier(verifier().0)
        .require_scope("access_as_user")
        .unwrap()
        .with_resource(&resource)
        .respond_with(OAuthJson)
}

fn request(credentials: &[&str]) -> Request<()> {
    let mut request = Request::new(());
    for credential in credentials {
        request.headers_mut().append(AUTHORIZATION, credential.parse().unwrap());
    }
    request
}

fn bearer(claims: &Value) -> String {
    format!("Bearer {}", token(claims))
}

/// A service that tells what it was given.
async fn echo(request: Request<()>) -> Result<Answer, Infallible> {
    let caller = Caller::from_extensions(request.extensions()).unwrap();
    let user = caller.verified().and_then(|token| token.claims().object_id()).unwrap_or("nobody");
    let credentials = request.headers().contains_key(AUTHORIZATION);
    Ok(Response::new(Bytes::from(format!("{user} {credentials}"))))
}

async fn answer(request: Request<()>) -> Answer {
    layer().layer(service_fn(echo)).oneshot(request).await.unwrap()
}

fn challenge(headers: &HeaderMap) -> &str {
    headers.get(WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn without_a_required_scope_a_challenge_asks_for_none() {
    let service = BearerLayer::with_verifier(verifier().0).layer(service_fn(echo));
    let response = service.oneshot(request(&[])).await.unwrap();
    assert_eq!(challenge(response.headers()), format!("Bearer realm=\"{CLIENT}\""));
}

#[tokio::test]
async fn a_challenge_spells_scopes_as_the_metadata_does() {
    let resource = ProtectedResource::new("https://mcp.example/mcp", &app().0).unwrap();
    let ours = resource.clone().with_authorization_server("https://mcp.example");
    for (name, resource, expected) in [
        ("the tenant is asked", resource, format!("scope=\"{CLIENT}/access_as_user\"")),
        ("a server in front of it is asked", ours, "scope=\"access_as_user\"".to_owned()),
    ] {
        let layer = BearerLayer::with_verifier(verifier().0).with_resource(&resource);
        let service = layer.require_scope("access_as_user").unwrap().layer(service_fn(echo));
        let response = service.oneshot(request(&[])).await.unwrap();
        assert!(challenge(response.headers()).contains(&expected), "{name}: {}", challenge(response.headers()));
    }
}

#[tokio::test]
async fn a_good_token_passes_and_the_credential_goes_no_further() {
    let response = answer(request(&[&bearer(&claims())])).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.body(), "00000000-0000-0000-0000-0000000000aa false");
}

#[tokio::test]
async fn every_refusal_has_its_status_challenge_body_and_reason() {
    let app_only = changed(&[("scp", Value::Null), ("roles", json!(["r"])), ("sub", claims()["oid"].clone())]);
    let other_scope = changed(&[("scp", json!("access_as_user2 ACCESS_AS_USER other"))]);
    let graph = changed(&[("aud", json!("https://graph.microsoft.com"))]);
    let good = bearer(&claims());
    for (name, credentials, status, error, reason) in [
        ("none", vec![], 401, "", "no_credentials"),
        ("another scheme", vec!["Basic dTpw".to_owned()], 401, "", "no_credentials"),
        ("malformed", vec!["Bearer a b".to_owned()], 401, "invalid_token", "malformed_credentials"),
        ("opaque", vec!["Bearer abc".to_owned()], 401, "invalid_token", "malformed_token"),
        ("two", vec![good.clone(), good], 400, "invalid_request", "several_credentials"),
        ("huge", vec![format!("Bearer {}", "a".repeat(30_000))], 431, "invalid_request", "too_large"),
        ("Graph", vec![bearer(&graph)], 401, "invalid_token", "known_resource"),
        ("scope", vec![bearer(&other_scope)], 403, "insufficient_scope", "scope"),
        ("app only", vec![bearer(&app_only)], 403, "insufficient_scope", "app_only"),
    ] {
        let credentials: Vec<_> = credentials.iter().map(String::as_str).collect();
        let response = answer(request(&credentials)).await;
        let challenge = challenge(response.headers());
        assert_eq!(response.status().as_u16(), status, "{name}");
        assert_eq!(challenge.contains("error="), !error.is_empty(), "{name}: {challenge}");
        assert!(challenge.contains(error), "{name}: {challenge}");
        assert!(challenge.contains(&format!("scope=\"{CLIENT}/access_as_user\"")), "{name}: {challenge}");
        let metadata = "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"";
        assert!(challenge.contains(metadata), "{name}: {challenge}");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json", "{name}");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store", "{name}");
        assert_eq!(response.extensions().get::<Rejection>().unwrap().reason(), reason, "{name}");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert!(body["error_description"].is_string(), "{name}: {body}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_503_and_never_401() {
    let (app, _) = app();
    let service = BearerLayer::new(&app).layer(service_fn(echo));
    let response = service.oneshot(request(&[&bearer(&claims())])).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[RETRY_AFTER], "5");
    assert_eq!(challenge(response.headers()), "");
}

#[tokio::test]
async fn a_tenant_that_cannot_be_discovered_is_503() {
    let app = crate::EntraApp::single_tenant_over(dead_network(), "contoso.example", CLIENT).unwrap();
    let service = BearerLayer::new(&app).layer(service_fn(echo));
    let response = service.oneshot(request(&[&bearer(&claims())])).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_rejection_raised_inside_is_rendered_once_even_by_two_layers() {
    let raise = |_: Request<()>| async {
        let claims = r#"{"access_token":{}}"#.to_owned();
        Ok::<Answer, Infallible>(Rejection::StepUp { claims }.into_response())
    };
    let authenticated = || request(&[&bearer(&claims())]);
    let response = layer().layer(service_fn(raise)).oneshot(authenticated()).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let once = challenge(response.headers()).to_owned();
    assert!(once.contains("error=\"insufficient_claims\"") && once.contains("claims=\"eyJ"), "{once}");
    assert!(once.contains("authorization_uri=\"https://login.microsoftonline.com/"), "{once}");

    // An outer layer of the family sees a response that is finished.
    let inner = service_fn(move |_: Request<()>| {
        let service = layer().layer(service_fn(raise));
        async move { service.oneshot(request(&[&bearer(&claims())])).await }
    });
    let response = layer().layer(inner).oneshot(authenticated()).await.unwrap();
    assert_eq!(challenge(response.headers()), once);
}

#[tokio::test]
async fn bodies_are_made_by_the_responder() {
    async fn body<R: crate::respond::Respond<Bytes>>(respond: R) -> (String, Value) {
        let service = BearerLayer::with_verifier(verifier().0).respond_with(respond).layer(service_fn(echo));
        let response = service.oneshot(request(&[])).await.unwrap();
        let media_type = response.headers().get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap()).to_owned();
        (media_type, serde_json::from_slice(response.body()).unwrap_or(Value::Null))
    }
    assert_eq!(body(crate::respond::EmptyBody).await, (String::new(), Value::Null));
    let (media_type, problem) = body(ProblemJson).await;
    assert_eq!((media_type.as_str(), &problem["status"]), ("application/problem+json", &json!(401)));
    let (media_type, rpc) = body(JsonRpc).await;
    assert_eq!((media_type.as_str(), &rpc["jsonrpc"], rpc.get("id")), ("application/json", &json!("2.0"), None));
}

#[tokio::test]
async fn a_caller_in_the_extensions_is_replaced_and_its_absence_is_a_500() {
    let verified = verifier().0.verify(crate::token::BearerToken::new(&token(&claims()))).await.unwrap();
    let mut forged = request(&[]);
    forged.extensions_mut().insert(Caller::Verified(verified));
    assert_eq!(answer(forged).await.status(), StatusCode::UNAUTHORIZED);

    let why = Caller::from_extensions(&http::Extensions::new()).unwrap_err();
    assert_eq!(why.into_response::<Bytes>().status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn a_layer_is_shared_between_threads_and_cloned_without_cloning_the_responder() {
    struct NotClone;
    impl crate::respond::Respond<Bytes> for NotClone {
        fn body(&self, _: &Rejection) -> Bytes {
            Bytes::new()
        }
    }
    fn check<T: Clone + Send + Sync + 'static>(_: &T) {}
    let layer = BearerLayer::new(&app().0).respond_with(NotClone);
    check(&layer);
    check(&layer.layer(service_fn(echo)));
}

#[test]
fn a_requirement_is_kept_whatever_order_it_is_built_in() {
    let layer = BearerLayer::new(&app().0);
    let kept = layer.clone();
    let stricter = layer.require_scope("a").unwrap().require_scope("b").unwrap();
    assert_eq!(stricter.policy.challenge.required, ScopeSet::required(["a", "b"]).unwrap());
    assert!(kept.policy.challenge.required.is_empty());
    assert!(kept.require_scope("").is_err());
}

/// A key source that makes every caller wait a second, as a first fetch does.
#[derive(Debug)]
struct SlowKeys(Arc<dyn KeySource>);

impl KeySource for SlowKeys {
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup {
        let found = self.0.find(wanted);
        Lookup::Wait(Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            match found {
                Lookup::Found(key) => Ok(key),
                _ => Err(KeyError::Unavailable(Unavailable::new(Duration::from_secs(1)))),
            }
        }))
    }

    fn readiness(&self) -> Readiness {
        self.0.readiness()
    }

    fn warm(&self) -> BoxFuture<'static, Readiness> {
        self.0.warm()
    }

    fn generation(&self) -> Option<u64> {
        self.0.generation()
    }
}

fn slow_verifier() -> Verifier {
    let (fast, _) = verifier();
    fast.clone().with_keys(SlowKeys(fast.keys())).with_cache_capacity(0)
}

#[tokio::test(start_paused = true)]
async fn no_permit_of_a_concurrency_limit_is_lost() {
    for verifier in [verifier().0, slow_verifier()] {
        let inner = ConcurrencyLimit::new(service_fn(echo), 1);
        let mut service = BearerLayer::with_verifier(verifier).layer(inner);
        for credentials in [vec![bearer(&claims())], vec![], vec!["Bearer abc".to_owned()], vec![bearer(&claims())]] {
            let credentials: Vec<_> = credentials.iter().map(String::as_str).collect();
            let expected = if credentials.iter().any(|text| text.len() > 100) { 200 } else { 401 };
            let call = async { service.ready().await.unwrap().call(request(&credentials)).await };
            let response = tokio::time::timeout(Duration::from_secs(10), call).await.expect("not deadlocked").unwrap();
            assert_eq!(response.status().as_u16(), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    for verifier in [verifier().0, slow_verifier()] {
        let (inner, mut handle) = mock::pair::<String, Answer>();
        let adapter = inner.map_request(|request: Request<()>| {
            Caller::from_extensions(request.extensions()).unwrap().verified().unwrap().claims().issuer().to_owned()
        });
        let mut service = BearerLayer::with_verifier(verifier).layer(adapter);
        handle.allow(0);
        assert!(tokio::time::timeout(Duration::from_secs(1), service.ready()).await.is_err(), "the inner is not ready");
        handle.allow(1);
        let response = service.ready().await.unwrap().call(request(&[&bearer(&claims())]));
        let serve = async {
            let issuer = claims()["iss"].as_str().unwrap().to_owned();
            assert_request_eq!(handle, issuer).send_response(Response::new(Bytes::from("ok")));
        };
        let both = async { tokio::join!(response, serve) };
        let (response, ()) = tokio::time::timeout(Duration::from_secs(9), both).await.expect("the inner is called");
        assert_eq!(response.unwrap().body(), "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_while_its_key_is_fetched_is_still_judged_by_its_claims() {
    let service = BearerLayer::with_verifier(slow_verifier()).layer(service_fn(echo));
    let expired = bearer(&changed(&[("exp", json!(1))]));
    let response = service.oneshot(request(&[&expired])).await.unwrap();
    assert_eq!(response.extensions().get::<Rejection>(), Some(&TokenFault::Expired.into()));
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_handler_takes_the_caller_as_an_argument_and_is_not_run_without_the_layer() {
    use axum::{Router, body::Body, routing::get};

    let me = |caller: Caller| async move { caller.verified().unwrap().claims().object_id().unwrap().to_owned() };
    let router = Router::new().route("/", get(me));
    let request = || Request::get("/").header(AUTHORIZATION, bearer(&claims())).body(Body::empty()).unwrap();
    let guarded = router.clone().layer(BearerLayer::with_verifier(verifier().0));
    assert_eq!(guarded.oneshot(request()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(router.oneshot(request()).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
}
