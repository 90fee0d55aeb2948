//! What open hatches change about the bearer layer, and what they do not.

use super::*;
use crate::bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, MARKER, OptIn};

/// Tells what it was let in as.
async fn who(request: Request<()>) -> Result<Answer, Infallible> {
    let who = match Caller::from_extensions(request.extensions()).unwrap() {
        Caller::Verified(_) => "verified".to_owned(),
        Caller::Anonymous(permit) => format!("anonymous by {:?}", permit.hatch()),
        Caller::Foreign(foreign) => format!("foreign, {} bytes", foreign.bearer().expose_secret().len()),
    };
    assert!(!request.headers().contains_key(AUTHORIZATION));
    Ok(Response::new(Bytes::from(who)))
}

async fn with_open(hatch: Hatch, credentials: &[&str]) -> (u16, String, bool) {
    let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
    let guard = BypassGuardLayer::new(policy.open(hatch, OptIn::Yes).unwrap());
    let response = guard.layer(layer().layer(service_fn(who))).oneshot(request(credentials)).await.unwrap();
    let marked = response.headers().contains_key(MARKER);
    (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned(), marked)
}

#[tokio::test]
async fn an_open_door_makes_the_credential_optional_and_never_ignored() {
    let hatch = Hatch::NoAuthentication;
    let good = bearer(&claims());
    let expired = bearer(&changed(&[("exp", json!(1))]));
    assert_eq!(with_open(hatch, &[]).await, (200, "anonymous by NoAuthentication".to_owned(), true));
    assert_eq!(with_open(hatch, &[&good]).await, (200, "verified".to_owned(), false));
    for (name, credentials, status) in [
        ("expired", vec![expired.as_str()], 401),
        ("another scheme", vec!["Basic dTpw"], 401),
        ("malformed", vec!["Bearer"], 401),
        ("two", vec![&good, &good], 400),
    ] {
        let (got, _, marked) = with_open(hatch, &credentials).await;
        assert_eq!((got, marked), (status, false), "{name}");
    }
}

#[tokio::test]
async fn a_foreign_token_passes_only_by_its_own_hatch_and_only_for_graph() {
    let graph = bearer(&changed(&[("aud", json!("https://graph.microsoft.com")), ("iss", json!("anybody"))]));
    let vault = bearer(&changed(&[("aud", json!("https://vault.azure.net"))]));
    let (status, who, marked) = with_open(Hatch::ForeignBearer, &[&graph]).await;
    assert_eq!((status, who, marked), (200, format!("foreign, {} bytes", graph.len() - "Bearer ".len()), true));
    for (hatch, credentials) in [
        (Hatch::ForeignBearer, vec![vault.as_str()]),
        (Hatch::ForeignBearer, vec!["Bearer abc"]),
        (Hatch::ForeignBearer, vec![]),
        (Hatch::NoAuthentication, vec![&graph]),
        (Hatch::TokenArgument, vec![&graph]),
        (Hatch::StaticToken, vec![]),
    ] {
        let (status, _, marked) = with_open(hatch, &credentials).await;
        assert_eq!((status, marked), (401, false), "{hatch:?} {}", credentials.len());
    }
}

#[tokio::test]
async fn without_the_guard_no_hatch_works() {
    let response = layer().layer(service_fn(who)).oneshot(request(&[])).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}
