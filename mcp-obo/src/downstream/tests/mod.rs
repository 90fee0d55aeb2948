//! The caller against an API that a test writes and counts; every token comes from a real exchange.

mod errors;
mod hyper;
mod layer;
mod pages;

use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, HOST},
};
use mcp_auth_layer::{
    bypass::{BypassPolicy, Environment, Exposure, Hatch, OptIn},
    clock::{FixedClock, UnixTime},
    reject::Rejection,
};
use secrecy::SecretString;

use super::*;
use crate::{
    ExchangeErrorKind, OnBehalfOf,
    testtenant::{CLAIMS, NOW, Tenant, granted, refused, status, step_up, token_text},
};

pub(super) const BASE: &str = "https://graph.microsoft.com/v1.0";

type Answer = Response<Bytes>;

/// An API that answers by a script, and remembers what reached it.
#[derive(Clone, Default)]
pub(super) struct Api(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Api {
    /// Makes the client whose requests this API answers; the script is told how many came before.
    pub(super) fn client(&self, script: impl Fn(usize) -> Answer + Clone + Send + Sync + 'static) -> HttpClient {
        let api = self.clone();
        HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
            let number = api.record(request);
            ready(Ok::<_, Infallible>(script(number)))
        }))
    }

    pub(super) fn record(&self, request: Request<Bytes>) -> usize {
        let mut requests = self.0.lock().unwrap();
        requests.push(request);
        requests.len() - 1
    }

    pub(super) fn requests(&self) -> Vec<Request<Bytes>> {
        self.0.lock().unwrap().clone()
    }

    /// Returns the number of the exchange that each request's token came from.
    pub(super) fn tokens(&self) -> Vec<usize> {
        let number = |request: &Request<Bytes>| {
            let bearer = request.headers()[AUTHORIZATION].to_str().unwrap();
            (0..10).find(|number| bearer == format!("Bearer {}", token_text(*number))).unwrap()
        };
        self.requests().iter().map(number).collect()
    }
}

/// Answers in this order; a further request is one too many.
fn in_order(answers: Vec<Answer>) -> impl Fn(usize) -> Answer + Clone + Send + Sync + 'static {
    move |number| answers.get(number).unwrap_or_else(|| panic!("request {number} is one too many")).clone()
}

fn downstream(api: &Api, answers: Vec<Answer>) -> Downstream {
    let http = api.client(in_order(answers));
    let clock = FixedClock::at(UnixTime::from_secs(NOW));
    Downstream::new(http, Target::graph(), BASE).unwrap().with_clock(clock)
}

async fn user(tenant: &Tenant) -> OnBehalfOf {
    OnBehalfOf::new(tenant.exchange(), Some(tenant.user("alice").await))
}

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri).body(Bytes::new()).unwrap()
}

fn ok() -> Answer {
    status(200, &[], "{}")
}

/// A claims challenge as Graph writes it.
pub(super) fn challenged() -> Answer {
    let header = format!(
        "Bearer realm=\"\", authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, \
         error=\"insufficient_claims\", claims=\"{}\"",
        STANDARD.encode(CLAIMS)
    );
    status(401, &[("www-authenticate", "Negotiate"), ("www-authenticate", &header), ("request-id", "graph-1")], "")
}

/// A refusal that says no more than that the token is not good.
fn unauthorized() -> Answer {
    status(401, &[("www-authenticate", "Bearer error=\"invalid_token\""), ("request-id", "graph-2")], "")
}

#[tokio::test]
async fn a_call_carries_the_users_token_and_its_own_id() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let graph = downstream(&api, vec![status(404, &[], "gone"), ok()]);
    let user = user(&tenant).await;
    let by_hand = Request::post("/me/messages")
        .header(AUTHORIZATION, "Bearer the-callers-own")
        .header("prefer", "x")
        .body(Bytes::from_static(b"body"));
    let answer = graph.call(&user, by_hand.unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (404, b"gone".as_ref()), "the caller's to read");
    graph.call(&user, get("https://graph.microsoft.com/v1.0/me?a=b")).await.unwrap();

    let requests = api.requests();
    assert_eq!(api.tokens(), [0, 0]);
    assert_eq!(tenant.exchanges(), 1);
    assert!(requests[0].headers().get_all(AUTHORIZATION).iter().eq([&requests[1].headers()[AUTHORIZATION]]));
    assert!(requests[0].headers()[AUTHORIZATION].is_sensitive());
    assert_eq!((requests[0].method(), requests[0].body().as_ref()), (&Method::POST, b"body".as_ref()));
    assert_eq!(requests[0].headers()["prefer"], "x");
    assert_eq!(requests[0].uri(), "https://graph.microsoft.com/v1.0/me/messages");
    assert_eq!(requests[1].uri(), "https://graph.microsoft.com/v1.0/me?a=b");
    let ids: Vec<_> = requests.iter().map(|request| request.headers()["client-request-id"].clone()).collect();
    assert!(ids[0] != ids[1] && uuid::Uuid::parse_str(ids[0].to_str().unwrap()).is_ok(), "{ids:?}");
}

#[tokio::test]
async fn a_token_goes_nowhere_else() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let graph = downstream(&api, Vec::new());
    for uri in ["https://evil.example/v1.0/me", "https://graph.microsoft.com/beta/me", "/users/../me"] {
        let error = graph.call(&user(&tenant).await, get(uri)).await.unwrap_err();
        assert!(matches!(error, DownstreamError::ForeignAddress), "{uri}: {error:?}");
    }
    assert_eq!((api.requests().len(), tenant.exchanges()), (0, 0));
}

#[tokio::test]
async fn cosmos_gets_its_token_in_a_form_of_its_own_that_prints_nothing() {
    let (api, tenant) = (Api::default(), Tenant::granting());
    let cosmos = downstream(&api, vec![unauthorized(), ok()]).with_token_form(TokenForm::CosmosDb);
    assert_eq!(cosmos.call(&user(&tenant).await, get("/dbs")).await.unwrap().status(), 200);
    for (number, request) in api.requests().iter().enumerate() {
        let header = &request.headers()[AUTHORIZATION];
        assert_eq!(header.to_str().unwrap(), format!("type%3Daad%26ver%3D1.0%26sig%3D{}", token_text(number)));
        assert!(header.is_sensitive() && !format!("{request:?}").contains(&token_text(number)));
    }
    assert_eq!(api.requests().len(), 2);
}

#[tokio::test]
async fn a_host_that_was_set_by_hand_does_not_lead_elsewhere() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let mut request = get("/me");
    // Front ends that many sites share, such as Azure's, choose the site by this header alone.
    request.headers_mut().insert(HOST, HeaderValue::from_static("evil.azurewebsites.net"));
    downstream(&api, vec![unauthorized(), ok()]).call(&user(&tenant).await, request).await.unwrap();
    let hosts: Vec<_> = api.requests().iter().map(|request| request.headers().get(HOST).cloned()).collect();
    assert_eq!(hosts, [None, None]);
}

#[tokio::test]
async fn an_id_is_passed_on_if_it_is_one() {
    let guid = "0f8fad5b-d9cb-469f-a165-70867728950e";
    for (name, given, kept) in [
        ("a GUID", &[guid][..], true),
        ("upper case", &["0F8FAD5B-D9CB-469F-A165-70867728950E"], true),
        ("none", &[], false),
        ("words", &["drop table"], false),
        ("braces", &["{0f8fad5b-d9cb-469f-a165-70867728950e}"], false),
        ("no hyphens", &["0f8fad5bd9cb469fa16570867728950e"], false),
        ("two", &[guid, guid], false),
    ] {
        let api = Api::default();
        let mut request = get("/me");
        for id in given {
            request.headers_mut().append("client-request-id", HeaderValue::from_static(id));
        }
        let answers = vec![unauthorized(), ok()];
        downstream(&api, answers).call(&user(&Tenant::granting()).await, request).await.unwrap();
        let requests = api.requests();
        let sent: Vec<_> = requests.iter().flat_map(|one| one.headers().get_all("client-request-id")).collect();
        assert_eq!(sent.len(), 2, "{name}");
        assert_eq!(sent[0], sent[1], "{name}: one call, one id");
        assert_eq!(given.first().is_some_and(|given| sent[0] == given), kept, "{name}");
        assert_eq!(sent[0].len(), 36, "{name}");
    }
}

#[tokio::test]
async fn a_challenge_costs_one_exchange_with_its_claims_and_one_repetition() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let user = user(&tenant).await;
    let graph = downstream(&api, vec![challenged(), ok(), ok()]);
    let request = Request::put("/me").body(Bytes::from_static(b"body")).unwrap();
    assert_eq!(graph.call(&user, request).await.unwrap().status(), 200);
    graph.call(&user, get("/me")).await.unwrap();
    assert_eq!(api.tokens(), [0, 1, 1], "the new token took the place of the challenged one");
    assert_eq!(tenant.exchanges(), 2);
    assert_eq!(tenant.calls()[1].form["claims"], CLAIMS);
    let [first, second, _] = &api.requests()[..] else { panic!("three requests") };
    assert_eq!((first.method(), first.body(), first.uri()), (second.method(), second.body(), second.uri()));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let user = user(&tenant).await;
    let graph = downstream(&api, vec![unauthorized(), ok(), unauthorized(), unauthorized()]);
    assert_eq!(graph.call(&user, get("/me")).await.unwrap().status(), 200);
    let answer = graph.call(&user, get("/me")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "the second refusal is the caller's to read");
    assert_eq!(api.tokens(), [0, 1, 1, 2]);
    assert!(!tenant.calls()[1].form.contains_key("claims"));
}

#[tokio::test]
async fn a_challenge_that_no_new_token_meets_is_the_users() {
    for (name, answers) in
        [("twice", vec![challenged(), challenged()]), ("after a plain refusal", vec![unauthorized(), challenged()])]
    {
        let (tenant, api) = (Tenant::granting(), Api::default());
        let error = downstream(&api, answers).call(&user(&tenant).await, get("/me")).await.unwrap_err();
        let expected = Rejection::StepUp { claims: CLAIMS.to_owned() };
        assert_eq!((error.rejection(), error.kind()), (expected, "interaction_required"), "{name}");
        assert_eq!(error.request_id(), Some("graph-1"), "{name}");
        assert!(error.is_cured_by_sign_in(), "{name}");
        assert_eq!((api.requests().len(), tenant.exchanges()), (2, 2), "{name}");
    }
}

#[tokio::test]
async fn what_entra_asks_for_instead_of_a_token_comes_up() {
    let vague = || refused("interaction_required", 50_076, serde_json::json!({}));
    for (name, refusal, claims) in [("with claims", step_up(), CLAIMS), ("without", vague(), CLAIMS)] {
        let api = Api::default();
        let tenant = Tenant::answering(move |call| {
            let answer = if call.form.contains_key("claims") { refusal.clone() } else { granted(call.number) };
            Box::pin(ready(answer))
        });
        let error = downstream(&api, vec![challenged()]).call(&user(&tenant).await, get("/me")).await.unwrap_err();
        assert_eq!(error.rejection(), Rejection::StepUp { claims: claims.to_owned() }, "{name}");
        assert_eq!((api.requests().len(), tenant.exchanges()), (1, 2), "{name}");
    }
}

#[tokio::test]
async fn an_exchange_that_fails_sends_nothing() {
    let consent = refused("invalid_grant", 65_001, serde_json::json!({"suberror": "consent_required"}));
    let tenant = Tenant::answering(move |_| Box::pin(ready(consent.clone())));
    let api = Api::default();
    let graph = downstream(&api, Vec::new());
    let error = graph.call(&user(&tenant).await, get("/me")).await.unwrap_err();
    let DownstreamError::Exchange(cause) = &error else { panic!("{error:?}") };
    assert_eq!((cause.kind(), error.rejection()), (ExchangeErrorKind::Consent, cause.rejection()));
    let anonymous = OnBehalfOf::new(Tenant::granting().exchange(), None);
    let error = graph.call(&anonymous, get("/me")).await.unwrap_err();
    assert_eq!((error.kind(), error.rejection()), ("no_user", Rejection::NoCredentials));
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn a_pause_is_passed_on_and_not_slept_on() {
    // 1_800_000_000 is Fri, 15 Jan 2027 08:00:00 GMT.
    for (name, code, header, wait) in [
        ("seconds", 429, Some("7"), Some(7)),
        ("a date", 503, Some("Fri, 15 Jan 2027 08:01:30 GMT"), Some(90)),
        ("an hour at most", 429, Some("86400"), Some(3_600)),
        ("no wait", 503, None, None),
        ("nonsense", 429, Some("soon"), None),
        ("another status", 500, Some("7"), None),
    ] {
        let (tenant, api) = (Tenant::granting(), Api::default());
        let headers: Vec<_> = header.iter().map(|value| ("retry-after", *value)).collect();
        let answer = downstream(&api, vec![status(code, &headers, "")]).call(&user(&tenant).await, get("/me")).await;
        match (answer, wait.map(Duration::from_secs)) {
            (Err(error @ DownstreamError::Paused { status, .. }), Some(wait)) => {
                assert_eq!((status.as_u16(), error.retry_after()), (code, Some(wait)), "{name}");
                assert_eq!(error.rejection(), Rejection::Unavailable { retry_after: wait }, "{name}");
            }
            (Ok(answer), None) => assert_eq!(answer.status().as_u16(), code, "{name}"),
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_lent_token_is_sent_as_it_is_and_once() {
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let permit = policy.open(Hatch::StaticToken, OptIn::Yes).unwrap().unwrap();
    let lent = |text: &str| LentToken::new(&permit, SecretString::from(text));
    let api = Api::default();
    let graph = downstream(&api, vec![ok(), unauthorized(), challenged()]);
    graph.call(&lent("lent"), get("/me")).await.unwrap();
    assert_eq!(graph.call(&lent("lent"), get("/me")).await.unwrap().status(), 401);
    let error = graph.call(&lent("lent"), get("/me")).await.unwrap_err();
    assert_eq!(error.rejection(), Rejection::StepUp { claims: CLAIMS.to_owned() });
    assert!(api.requests().iter().all(|request| request.headers()[AUTHORIZATION] == "Bearer lent"));

    let error = graph.call(&lent("a\r\nx: y"), get("/me")).await.unwrap_err();
    assert!(matches!(error, DownstreamError::Token), "{error:?}");
    assert_eq!(api.requests().len(), 3);
    let shown = format!("{:?}", lent("lent-secret"));
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn callers_who_are_refused_together_share_the_new_token() {
    let (tenant, api) = (Tenant::granting(), Api::default());
    let user = user(&tenant).await;
    let spent = token_text(0);
    let seen = api.clone();
    let http = HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
        let is_spent = request.headers()[AUTHORIZATION] == format!("Bearer {spent}");
        seen.record(request);
        ready(Ok::<_, Infallible>(if is_spent { unauthorized() } else { ok() }))
    }));
    let graph = Downstream::new(http, Target::graph(), BASE).unwrap();
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (graph, user) = (graph.clone(), user.clone());
            tokio::spawn(async move { graph.call(&user, get("/me")).await.unwrap().status() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(tenant.exchanges(), 2, "who reports a spent token late does not cost the others a fresh one");
}

#[test]
fn a_caller_can_be_shared() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let api = Api::default();
    shared(&downstream(&api, Vec::new()));
    shared(&DownstreamLayer::new(Target::graph(), BASE).unwrap());
}
