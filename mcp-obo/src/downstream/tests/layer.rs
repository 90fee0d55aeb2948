//! The layer around HTTP clients: identity, repetition, readiness.

use tokio::time::timeout;
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;

use super::*;
use crate::TokenSource;

/// A body that cannot be cloned, as one that streams.
#[derive(Debug, PartialEq, Eq)]
struct Stream(&'static str);

fn layer() -> DownstreamLayer {
    DownstreamLayer::new(Target::graph(), BASE).unwrap().with_clock(FixedClock::at(UnixTime::from_secs(NOW)))
}

async fn request_as_user(tenant: &Tenant) -> Request<Bytes> {
    let mut request = get("/me");
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer the-callers-own"));
    request.extensions_mut().insert(user(tenant).await);
    request
}

async fn call(api: &Api, answers: Vec<Answer>, request: Request<Bytes>) -> Result<Answer, DownstreamError> {
    let (api, script) = (api.clone(), in_order(answers));
    let client = service_fn(move |request: Request<Bytes>| ready(Ok::<_, Infallible>(script(api.record(request)))));
    layer().layer(client).oneshot(request).await
}

#[tokio::test]
async fn any_client_calls_as_the_user_and_repeats_with_a_new_token() {
    for (name, refusal, claims) in [("challenge", challenged(), true), ("plain", unauthorized(), false)] {
        let (tenant, api) = (Tenant::granting(), Api::default());
        let answer = call(&api, vec![refusal, ok()], request_as_user(&tenant).await).await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        assert_eq!(api.tokens(), [0, 1], "{name}: whatever the caller set is replaced");
        assert_eq!(tenant.calls()[1].form.contains_key("claims"), claims, "{name}");
        assert!(api.requests().iter().all(|request| request.uri() == "https://graph.microsoft.com/v1.0/me"), "{name}");
    }
}

#[tokio::test]
async fn the_identity_is_exactly_one() {
    let tenant = Tenant::granting();
    let source: Arc<dyn TokenSource> = Arc::new(user(&tenant).await);
    for (name, as_user, as_source, expected) in [
        ("nobody", false, false, Some(IdentityFault::Missing)),
        ("a user", true, false, None),
        ("any source", false, true, None),
        ("both", true, true, Some(IdentityFault::Several)),
    ] {
        let api = Api::default();
        let mut request = get("/me");
        if as_user {
            request.extensions_mut().insert(user(&tenant).await);
        }
        if as_source {
            request.extensions_mut().insert(Arc::clone(&source));
        }
        let answer = call(&api, vec![ok()], request).await;
        match (answer, expected) {
            (Ok(_), None) => assert_eq!(api.requests().len(), 1, "{name}"),
            (Err(DownstreamError::Identity(fault)), Some(expected)) => {
                assert_eq!((fault, api.requests().len()), (expected, 0), "{name}: nothing is sent");
            }
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_foreign_address_gets_neither_token_nor_request() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let mut request = request_as_user(&tenant).await;
    *request.uri_mut() = "https://evil.example/me".parse().unwrap();
    let error = call(&api, Vec::new(), request).await.unwrap_err();
    assert!(matches!(error, DownstreamError::ForeignAddress), "{error:?}");
    assert_eq!((api.requests().len(), tenant.exchanges()), (0, 0));
}

#[tokio::test]
async fn a_body_that_streams_is_sent_once_and_the_token_renewed() {
    for (name, answer, expected) in [
        ("fine", ok(), None),
        ("challenge", challenged(), Some("graph-1")),
        ("plain refusal", unauthorized(), Some("graph-2")),
    ] {
        let tenant = Tenant::granting();
        let handle = user(&tenant).await;
        let client = service_fn(move |request: Request<Stream>| {
            assert_eq!(request.body(), &Stream("once"));
            ready(Ok::<_, Infallible>(answer.clone()))
        });
        let mut request = Request::post("/me").body(Stream("once")).unwrap();
        request.extensions_mut().insert(handle.clone());
        let outcome = layer().streaming().layer(client).oneshot(request).await;
        match (&outcome, expected) {
            (Ok(answer), None) => assert_eq!(answer.status(), 200),
            (Err(error @ DownstreamError::Renewed { .. }), Some(id)) => {
                assert_eq!(error.request_id(), Some(id), "{name}");
                let next = handle.token(&Target::graph()).await.unwrap();
                assert_eq!(next.expose_secret(), token_text(1), "{name}: the next attempt has the new token");
            }
            _ => panic!("{name}: {outcome:?}"),
        }
        assert_eq!(tenant.exchanges(), if expected.is_some() { 2 } else { 1 }, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_permit_of_a_concurrency_limit_is_lost() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let seen = api.clone();
    let client = service_fn(move |request: Request<Bytes>| {
        // Every call needs its repetition, which needs the one permit again.
        let number = seen.record(request);
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, Infallible>(if number % 2 == 0 { unauthorized() } else { ok() })
        }
    });
    let mut service = layer().layer(ConcurrencyLimit::new(client, 1));
    for _ in 0..3 {
        let request = request_as_user(&tenant).await;
        let call = async { service.ready().await.unwrap().call(request).await };
        assert_eq!(timeout(Duration::from_secs(10), call).await.expect("not deadlocked").unwrap().status(), 200);
    }
    assert_eq!(api.requests().len(), 6);
    // A caller who goes away gives its permit back, and one whose request is refused here does too.
    let request = request_as_user(&tenant).await;
    let gone = service.ready().await.unwrap().call(request);
    assert!(timeout(Duration::from_millis(10), gone).await.is_err());
    assert!(service.ready().await.unwrap().call(get("/me")).await.is_err());
    assert!(timeout(Duration::from_secs(10), service.ready()).await.expect("the permit is back").is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_client_that_was_ready_is_the_one_that_is_called() {
    let tenant = Tenant::granting();
    let (inner, mut handle) = mock::pair::<String, Answer>();
    let client = inner.map_request(|request: Request<Bytes>| request.uri().path().to_owned());
    let mut service = layer().layer(client);
    handle.allow(0);
    assert!(timeout(Duration::from_secs(1), service.ready()).await.is_err(), "the client is not ready");
    handle.allow(1);
    let request = request_as_user(&tenant).await;
    let response = service.ready().await.unwrap().call(request);
    let serve = async {
        let (path, respond) = handle.next_request().await.unwrap();
        assert_eq!(path, "/v1.0/me");
        respond.send_response(unauthorized());
        // The repetition waits for the client as everybody does.
        handle.allow(1);
        let (_, respond) = handle.next_request().await.unwrap();
        respond.send_response(ok());
    };
    let (response, ()) = tokio::join!(response, serve);
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn what_fails_in_the_client_is_a_transport_error() {
    let tenant = Tenant::granting();
    let client = service_fn(|_: Request<Bytes>| async { Err::<Answer, _>("broken") });
    let service = ServiceBuilder::new().layer(layer()).service(client);
    let error = service.oneshot(request_as_user(&tenant).await).await.unwrap_err();
    let DownstreamError::Transport(source) = &error else { panic!("{error:?}") };
    assert_eq!((source.to_string().as_str(), error.kind(), error.fault()), ("broken", "unavailable", None));

    let (inner, mut handle) = mock::pair::<Request<Bytes>, Answer>();
    handle.send_error("closed");
    let error = layer().layer(inner).oneshot(request_as_user(&tenant).await).await.unwrap_err();
    assert!(matches!(error, DownstreamError::Transport(_)), "{error:?}");
}

#[test]
fn layer_and_service_can_be_shared() {
    fn shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>(_: &T) {}
    shared(&layer());
    shared(&layer().streaming());
    shared(&layer().layer(7_u8));
}
