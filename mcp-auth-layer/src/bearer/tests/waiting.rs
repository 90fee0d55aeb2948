//! A caller whose key is fetched first is treated as every other.

use super::*;
use crate::{audit, testlog::Recorder};

async fn answer_late(credentials: &str) -> Answer {
    let layer = BearerLayer::with_verifier(slow_verifier()).require_scope("access_as_user").unwrap();
    layer.layer(service_fn(echo)).oneshot(request(&[credentials])).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_lets_the_caller_in_without_the_credential_and_is_audited_once() {
    let (recorder, _guard) = Recorder::start();
    let response = answer_late(&bearer(&claims())).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.body(), "00000000-0000-0000-0000-0000000000aa false");
    let events: Vec<_> = recorder.events().into_iter().filter(|event| event.target == audit::TARGET).collect();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].fields["oid"].contains("0000000000aa"), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_is_held_against_the_same_rules() {
    let app_only = changed(&[("scp", Value::Null), ("roles", json!(["r"])), ("sub", claims()["oid"].clone())]);
    for (name, claims, status, reason) in [
        ("scope", changed(&[("scp", json!("other"))]), 403, "scope"),
        ("app only", app_only, 403, "app_only"),
        ("ID token", changed(&[("scp", Value::Null)]), 401, "not_an_access_token"),
    ] {
        let response = answer_late(&bearer(&claims)).await;
        assert_eq!(response.status().as_u16(), status, "{name}");
        assert_eq!(response.extensions().get::<Rejection>().unwrap().reason(), reason, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_while_waiting_leaves_the_service_usable() {
    let inner = ConcurrencyLimit::new(service_fn(echo), 1);
    let mut service = BearerLayer::with_verifier(slow_verifier()).layer(inner);
    let credentials = bearer(&claims());
    let gone = service.ready().await.unwrap().call(request(&[&credentials]));
    assert!(tokio::time::timeout(Duration::from_millis(10), gone).await.is_err(), "still waiting, then dropped");
    let call = async { service.ready().await.unwrap().call(request(&[&credentials])).await };
    let response = tokio::time::timeout(Duration::from_secs(10), call).await.expect("not deadlocked").unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}
