//! What stays of a sign-in, and what ends it.

use super::*;

#[tokio::test]
async fn a_session_that_has_ended_takes_a_new_sign_in_and_an_outage_does_not() {
    let tenant = Tenant::answering(|call| {
        let answer = match call.number {
            1 => status(429, &[("retry-after", "7")], "{}"),
            2 => refused("invalid_grant", 700_082, json!({})),
            number => answered(number, &alice()),
        };
        Box::pin(ready(answer))
    });
    let mut seat = Seat::new(tenant);
    for (name, is_ok, windows) in [("signed in", true, 1), ("throttled", false, 1), ("ended", true, 2)] {
        let asked = seat.ask(&target(), None);
        if seat.opened() < windows {
            let window = seat.window().await;
            window.back(&[("code", "c"), ("state", window.state())]).await;
        }
        let came = asked.await.unwrap();
        assert_eq!((came.is_ok(), seat.opened()), (is_ok, windows), "{name}");
        if let Err(miss) = came {
            assert_eq!(miss.lasts, Lasts::AWhile, "{name}");
        }
    }
}

#[tokio::test]
async fn one_api_that_cannot_be_had_ends_no_session_and_opens_a_window_only_for_what_a_person_can_cure() {
    for (name, code, windows) in [
        ("no such API", 500_011, 1),
        ("nobody is assigned", 50_105, 1),
        ("no consent", 65_001, 2),
        ("a second factor", 50_076, 2),
    ] {
        let tenant = Tenant::answering(move |call| {
            let answer = match call.number {
                1 => refused("invalid_grant", code, json!({})),
                number => answered(number, &alice()),
            };
            Box::pin(ready(answer))
        });
        let mut seat = Seat::new(tenant);
        let asked = seat.ask(&target(), None);
        let window = seat.window().await;
        window.back(&[("code", "c"), ("state", window.state())]).await;
        asked.await.unwrap().unwrap();
        let asked = seat.ask(&Target::new("https://vault.azure.net", &[".default"]).unwrap(), None);
        if windows == 2 {
            let window = seat.window().await;
            window.back(&[("error", "access_denied"), ("state", window.state())]).await;
        }
        let miss = asked.await.unwrap().unwrap_err();
        assert_eq!((miss.lasts, seat.opened()), (Lasts::ForThisApi, windows), "{name}");
        seat.ask(&target(), None).await.unwrap().unwrap();
        assert_eq!(seat.tenant.calls()[2].form["refresh_token"], "refresh-0", "{name}");
        assert_eq!(seat.opened(), windows, "{name}: the others go on without anybody");
    }
}

#[tokio::test]
async fn a_personal_account_is_refused_and_forgotten() {
    let tenant = Tenant::answering(|call| {
        let personal = json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad", "preferred_username": "a@outlook.com"});
        Box::pin(ready(answered(call.number, &personal)))
    });
    let mut seat = Seat::new(tenant);
    let asked = seat.ask(&target(), None);
    let window = seat.window().await;
    window.back(&[("code", "c"), ("state", window.state())]).await;
    let miss = asked.await.unwrap().unwrap_err();
    assert!(miss.reason.contains("personal Microsoft account"), "{}", miss.reason);
    assert!(seat.browser.session.lock().await.refresh.is_none());
}

#[tokio::test]
async fn a_session_that_turns_out_to_be_a_personal_accounts_is_forgotten() {
    let tenant = Tenant::answering(|call| {
        let personal = json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"});
        let claims = if call.number == 0 { alice() } else { personal };
        Box::pin(ready(answered(call.number, &claims)))
    });
    let mut seat = Seat::new(tenant);
    let asked = seat.ask(&target(), None);
    let window = seat.window().await;
    window.back(&[("code", "c"), ("state", window.state())]).await;
    asked.await.unwrap().unwrap();
    seat.ask(&target(), None).await.unwrap().unwrap_err();
    assert!(seat.browser.session.lock().await.refresh.is_none());
}

#[tokio::test]
async fn an_outage_of_entra_after_a_sign_in_is_no_no_of_the_person() {
    let tenant = Tenant::answering(|call| {
        let answer =
            if call.number == 0 { status(429, &[("retry-after", "7")], "{}") } else { answered(call.number, &alice()) };
        Box::pin(ready(answer))
    });
    let mut seat = Seat::new(tenant);
    for is_ok in [false, true] {
        let asked = seat.ask(&target(), None);
        let window = seat.window().await;
        window.back(&[("code", "c"), ("state", window.state())]).await;
        assert_eq!(asked.await.unwrap().is_ok(), is_ok);
    }
}
