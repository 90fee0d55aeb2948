use entra_emulator::{Fault, Place};
use serde_json::json;

use super::tenant::Tenant;

#[tokio::test]
async fn an_exchange_hangs_until_it_is_released() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    control.set_fault(Place::Exchange, "alice", Fault::Hang);
    let (one, two, ()) = tokio::join!(tenant.exchange_for("alice", &[]), tenant.exchange_for("alice", &[]), async {
        control.until_held(2).await;
        assert_eq!(tenant.exchange_for("bob", &[]).await.status, 200, "nobody else waits");
        // A change elsewhere releases nobody.
        control.set_fault(Place::Graph, "", Fault::Unavailable);
        control.until_held(2).await;
        control.clear_fault(Place::Exchange, "alice");
    });
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
}

#[tokio::test]
async fn what_hangs_meets_the_trouble_that_replaces_it() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    control.set_fault(Place::Exchange, "", Fault::Hang);
    let (answer, ()) = tokio::join!(tenant.exchange_for("alice", &[]), async {
        control.until_held(1).await;
        control.set_fault(Place::Exchange, "", Fault::Unavailable);
    });
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn a_client_that_goes_away_is_held_no_more() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    control.set_fault(Place::Exchange, "alice", Fault::Hang);
    tokio::select! {
        _ = tenant.exchange_for("alice", &[]) => panic!("it hangs"),
        () = control.until_held(1) => {}
    }
    let (answer, ()) = tokio::join!(tenant.exchange_for("alice", &[]), async {
        control.until_held(1).await;
        control.clear_fault(Place::Exchange, "alice");
    });
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn codes_come_with_the_error_and_status_that_entra_gives_them() {
    let tenant = Tenant::start().await;
    for (code, status, error) in [
        (50196, 400, "invalid_grant"),
        (90055, 429, "temporarily_unavailable"),
        (90033, 503, "temporarily_unavailable"),
        (7_000_214, 401, "invalid_client"),
        (7_000_277, 401, "invalid_client"),
        (1_000_502, 401, "invalid_client"),
    ] {
        let fault = json!({"place": "exchange", "user": "alice", "fault": {"code": code}});
        tenant.post_json("/_emulator/faults", &fault).await;
        let answer = tenant.exchange_for("alice", &[]).await;
        assert_eq!(answer.verdict(), (status, code, error.to_owned()), "{code}");
    }
}
