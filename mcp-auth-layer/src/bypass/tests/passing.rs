//! Requests through the layer.

use std::{convert::Infallible, task::Poll};

use http::{Request, Response, StatusCode};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;
use tracing::Level;

use super::{
    super::{BypassGuard, BypassGuardLayer, Environment, Hatch, MARKER, OpenHatches, Permit, ResponseFuture},
    permit,
};
use crate::testlog::{Recorded, Recorder};

/// Uses these hatches where they are open, and reports which were.
async fn using(request: Request<()>, hatches: &[Hatch]) -> Result<Response<Vec<Hatch>>, Infallible> {
    let open = request.extensions().get::<OpenHatches>().cloned().unwrap_or_default();
    let permits: Vec<_> = hatches.iter().filter_map(|hatch| open.get(*hatch)).collect();
    permits.iter().for_each(|permit| permit.record_use());
    Ok(Response::new(permits.iter().map(|permit| permit.hatch()).collect()))
}

fn mark(response: &Response<Vec<Hatch>>) -> Option<&str> {
    response.headers().get(MARKER).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn refuses_by_default() {
    for layer in [BypassGuardLayer::default(), BypassGuardLayer::new([])] {
        let service = layer.layer(service_fn(|request| using(request, &Hatch::ALL)));
        let response = service.oneshot(Request::new(())).await.unwrap();
        assert!(response.body().is_empty());
        assert_eq!(mark(&response), None);
    }
}

#[test]
fn a_set_is_empty_when_no_hatch_is_open() {
    assert!(OpenHatches::default().is_empty() && OpenHatches::new([]).is_empty());
    assert!(!OpenHatches::new([permit(Hatch::StaticToken)]).is_empty());
}

#[tokio::test]
async fn without_the_layer_no_hatch_works() {
    let _made_but_not_installed = permit(Hatch::NoAuthentication);
    let service = service_fn(|request| using(request, &Hatch::ALL));
    assert!(service.oneshot(Request::new(())).await.unwrap().body().is_empty());
}

#[tokio::test]
async fn nothing_in_a_request_opens_a_hatch() {
    let forged = OpenHatches::new([permit(Hatch::NoAuthentication), permit(Hatch::StaticToken)]);
    let rows: [(&str, Vec<Permit>, Vec<Hatch>); 2] = [
        ("none open", vec![], vec![]),
        ("another one open", vec![permit(Hatch::TokenArgument)], vec![Hatch::TokenArgument]),
    ];
    for (name, permits, expected) in rows {
        let service = BypassGuardLayer::new(permits).layer(service_fn(|request| using(request, &Hatch::ALL)));
        let mut request = Request::builder().uri("/?bypass=true").header(MARKER, "no-authentication").body(()).unwrap();
        request.extensions_mut().insert(forged.clone());
        request.extensions_mut().insert(Environment::Development);
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(*response.body(), expected, "{name}");
    }
    assert!(forged.iter().all(|permit| permit.uses() == 0));
}

#[tokio::test]
async fn each_open_hatch_works_and_the_others_stay_closed() {
    for hatch in Hatch::ALL {
        let permit = permit(hatch);
        let service = BypassGuardLayer::new([permit.clone()]).layer(service_fn(|request| using(request, &Hatch::ALL)));
        let response = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(*response.body(), [hatch]);
        assert_eq!(mark(&response), Some(hatch.name()));
        assert_eq!(permit.uses(), 1, "{hatch}");
    }
}

#[tokio::test]
async fn a_mark_names_what_the_request_used_and_nothing_else() {
    use Hatch::{ForeignBearer, NoAuthentication, StaticToken, TokenArgument};
    let rows: [(&str, &[Hatch], Option<&str>); 5] = [
        ("nothing", &[], None),
        ("one of four", &[StaticToken], Some("static-token")),
        ("one twice", &[TokenArgument, TokenArgument], Some("token-argument")),
        ("two, in the order of reports", &[StaticToken, NoAuthentication], Some("no-authentication, static-token")),
        (
            "all",
            &[NoAuthentication, TokenArgument, StaticToken, ForeignBearer],
            Some("no-authentication, token-argument, static-token, foreign-bearer"),
        ),
    ];
    let layer = BypassGuardLayer::new(Hatch::ALL.map(permit));
    for (name, used, expected) in rows {
        let service = layer.layer(service_fn(move |request| using(request, used)));
        let response = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(mark(&response), expected, "{name}");
    }
}

#[tokio::test]
async fn one_request_s_use_does_not_mark_another_in_flight() {
    let permit = permit(Hatch::TokenArgument);
    let (mut service, mut handle) = mock::spawn_layer(BypassGuardLayer::new([permit.clone()]));
    handle.allow(2);
    assert_ready_ok!(service.poll_ready());
    let one = service.call(Request::new("uses"));
    assert_ready_ok!(service.poll_ready());
    let other = service.call(Request::new("does not"));
    for _ in 0..2 {
        let (request, answer): (Request<&str>, _) = handle.next_request().await.unwrap();
        if *request.body() == "uses" {
            request.extensions().get::<OpenHatches>().unwrap().get(Hatch::TokenArgument).unwrap().record_use();
        }
        answer.send_response(Response::new(vec![]));
    }
    assert_eq!(mark(&other.await.unwrap()), None);
    assert_eq!(mark(&one.await.unwrap()), Some("token-argument"));
    assert_eq!(permit.uses(), 1, "clones share the count");
}

#[tokio::test]
async fn a_guard_further_in_keeps_its_own_mark() {
    let inner = BypassGuardLayer::new([permit(Hatch::StaticToken)])
        .layer(service_fn(|request| using(request, &[Hatch::StaticToken])));
    let between = service_fn(move |request: Request<()>| {
        request.extensions().get::<OpenHatches>().unwrap().get(Hatch::TokenArgument).unwrap().record_use();
        inner.clone().oneshot(request)
    });
    let service = BypassGuardLayer::new([permit(Hatch::TokenArgument)]).layer(between);
    let response = service.oneshot(Request::new(())).await.unwrap();
    let marks: Vec<_> = response.headers().get_all(MARKER).iter().collect();
    assert_eq!(marks, ["static-token", "token-argument"]);
}

#[tokio::test]
async fn the_inner_response_and_error_are_unchanged() {
    let (mut service, mut handle) = mock::spawn_layer(BypassGuardLayer::new([permit(Hatch::TokenArgument)]));
    handle.allow(2);
    assert_ready_ok!(service.poll_ready());
    let answered = service.call(Request::new(1));
    let (_, answer) = handle.next_request().await.unwrap();
    answer.send_response(Response::builder().status(StatusCode::IM_A_TEAPOT).header("x-inner", "1").body(7).unwrap());
    let response = answered.await.unwrap();
    assert_eq!((response.status(), response.body()), (StatusCode::IM_A_TEAPOT, &7));
    assert_eq!(response.headers().len(), 1);

    assert_ready_ok!(service.poll_ready());
    let failed = service.call(Request::new(2));
    let (_, answer) = handle.next_request().await.unwrap();
    answer.send_error("broken inside");
    assert_eq!(failed.await.unwrap_err().to_string(), "broken inside");
}

#[tokio::test]
async fn readiness_holds_under_a_concurrency_limit_of_one() {
    let (mut service, mut handle) = mock::spawn_with(|inner| {
        BypassGuardLayer::new([permit(Hatch::TokenArgument)]).layer(ConcurrencyLimit::new(inner, 1))
    });
    handle.allow(8);
    for round in 0..3 {
        assert_ready_ok!(service.poll_ready());
        let response = service.call(Request::new(round));
        assert_pending!(service.poll_ready(), "the one permit is taken");
        let (request, answer) = handle.next_request().await.unwrap();
        assert_eq!(*request.body(), round);
        answer.send_response(Response::new(round));
        assert_eq!(*response.await.unwrap().body(), round);
    }
    assert_ready_ok!(service.poll_ready());
}

#[tokio::test]
async fn an_inner_service_that_is_not_ready_makes_the_guard_not_ready() {
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<()>, Response<()>, _>(BypassGuardLayer::new([permit(Hatch::TokenArgument)]));
    handle.allow(0);
    assert!(matches!(service.poll_ready(), Poll::Pending));
    handle.send_error("gone");
    assert!(matches!(service.poll_ready(), Poll::Ready(Err(_))));
}

#[tokio::test]
async fn open_hatches_are_announced_once_and_every_use_is_audited() {
    let (recorder, _guard) = Recorder::start();
    let layer = BypassGuardLayer::new([permit(Hatch::StaticToken), permit(Hatch::StaticToken)]);
    let service = layer.layer(service_fn(|request| using(request, &[Hatch::StaticToken])));
    service.clone().oneshot(Request::new(())).await.unwrap();
    service.oneshot(Request::new(())).await.unwrap();

    let events = recorder.events();
    assert!(events.iter().all(|event| event.level == Level::WARN && event.target == "mcp_auth::audit"));
    assert!(events.iter().all(|event| event.fields["hatch"] == "static-token"));
    let [announced, first, second] = &events[..] else { panic!("{events:#?}") };
    assert_eq!(announced.fields["decision"], "opened");
    let of_use = |event: &Recorded| (event.fields["decision"].clone(), event.fields["uses"].clone());
    assert_eq!(of_use(first), ("bypassed".to_owned(), "1".to_owned()));
    assert_eq!(of_use(second), ("bypassed".to_owned(), "2".to_owned()));
}

#[tokio::test]
async fn a_locked_guard_announces_nothing() {
    let (recorder, _guard) = Recorder::start();
    let service = BypassGuardLayer::new([]).layer(service_fn(|request| using(request, &Hatch::ALL)));
    service.oneshot(Request::new(())).await.unwrap();
    assert!(recorder.events().is_empty());
}

#[tokio::test]
async fn a_use_is_seen_across_threads() {
    let mut service =
        BypassGuardLayer::new([permit(Hatch::TokenArgument)]).layer(service_fn(|request: Request<()>| async move {
            let open = request.extensions().get::<OpenHatches>().cloned().unwrap();
            std::thread::spawn(move || open.get(Hatch::TokenArgument).unwrap().record_use()).join().unwrap();
            Ok::<_, Infallible>(Response::new(vec![]))
        }));
    let response = service.ready().await.unwrap().call(Request::new(())).await.unwrap();
    assert_eq!(mark(&response), Some("token-argument"));
}

#[test]
fn everything_can_be_sent_shared_and_cloned() {
    fn all<T: Clone + Send + Sync + 'static>() {}
    all::<BypassGuardLayer>();
    all::<BypassGuard<()>>();
    all::<Permit>();
    all::<OpenHatches>();
    fn sent<T: Send>() {}
    sent::<ResponseFuture<std::future::Ready<()>>>();
}

#[test]
fn a_permit_s_debug_tells_hatch_and_uses() {
    let permit = permit(Hatch::NoAuthentication);
    permit.record_use();
    assert_eq!(format!("{permit:?}"), "Permit { hatch: NoAuthentication, uses: 1, .. }");
}
