//! What the audit trail says of each decision, and what it never says.

use super::*;
use crate::{audit, testlog::Recorder};

/// The fields of the one audit event that a request causes.
async fn trail(credentials: &[&str]) -> std::collections::BTreeMap<String, String> {
    let (recorder, _guard) = Recorder::start();
    answer(request(credentials)).await;
    let mut events: Vec<_> = recorder.events().into_iter().filter(|event| event.target == audit::TARGET).collect();
    assert_eq!(events.len(), 1, "{events:?}");
    let fields = events.remove(0).fields;
    for secret in
        credentials.iter().filter_map(|credential| credential.rsplit('.').next()).filter(|part| part.len() > 20)
    {
        assert!(!format!("{fields:?}").contains(secret), "{fields:?}");
    }
    fields
}

#[tokio::test]
async fn an_admission_names_who_and_through_which_client() {
    let fields = trail(&[&bearer(&claims())]).await;
    for (name, part) in [
        ("decision", "admitted"),
        ("oid", "00000000-0000-0000-0000-0000000000aa"),
        ("tid", crate::testtenant::TENANT),
        ("azp", "client"),
        ("uti", "id-of-token"),
    ] {
        assert!(fields[name].contains(part), "{name}: {fields:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_its_reason_and_nothing_that_the_caller_chose() {
    let graph =
        bearer(&changed(&[("aud", json!("https://graph.microsoft.com")), ("oid", json!("chosen\r\nby a forger"))]));
    for (name, credentials, reason) in [
        ("none", vec![], "no_credentials"),
        ("malformed", vec!["Bearer a b"], "malformed_credentials"),
        ("Graph", vec![graph.as_str()], "known_resource"),
    ] {
        let fields = trail(&credentials).await;
        assert_eq!((fields["decision"].as_str(), fields["reason"].as_str()), ("refused", reason), "{name}: {fields:?}");
        assert!(!fields.contains_key("oid") && !format!("{fields:?}").contains("forger"), "{name}: {fields:?}");
    }
}

#[tokio::test]
async fn a_caller_who_is_known_and_may_not_is_named() {
    let (recorder, _guard) = Recorder::start();
    let raise = |_: Request<()>| async { Ok::<Answer, Infallible>(Rejection::Misconfigured.into_response()) };
    layer().layer(service_fn(raise)).oneshot(request(&[&bearer(&claims())])).await.unwrap();
    let events = recorder.events();
    let refused = events.iter().find(|event| event.fields.get("reason").is_some_and(|one| one == "misconfigured"));
    assert!(refused.unwrap().fields["oid"].contains("0000000000aa"), "{events:?}");
}

#[tokio::test]
async fn who_lacks_a_scope_or_a_user_is_named_too() {
    let app = [("scp", Value::Null), ("roles", json!(["r"])), ("sub", claims()["oid"].clone())];
    for (claims, reason) in [(changed(&[("scp", json!("other"))]), "scope"), (changed(&app), "app_only")] {
        let fields = trail(&[&bearer(&claims)]).await;
        assert_eq!((fields["decision"].as_str(), fields["reason"].as_str()), ("refused", reason));
        assert!(fields["oid"].contains("0000000000aa") && fields["azp"].contains("client"), "{fields:?}");
    }
}
