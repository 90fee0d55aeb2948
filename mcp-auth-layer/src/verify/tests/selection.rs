//! What is decided at once, and what is asked for only when it must be.

use super::*;
use crate::{
    clock::{FixedClock, UnixTime},
    fetch::HttpClient,
    keys::FixedKeys,
    tenant::TenantId,
    testtenant::dead_network,
};
use bytes::Bytes;
use http::{Request, Response};
use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
};

fn plain() -> Verifier {
    let keys = FixedKeys::from_jwks(&json!({"keys": [TestKey::shared().jwk("plain")]}).to_string()).unwrap();
    let issuer = OidcIssuer::over(dead_network(), "https://issuer.example", "https://mcp.example").unwrap();
    Verifier::oidc(&issuer.with_keys(keys).with_clock(FixedClock::at(UnixTime::from_secs(NOW))))
}

#[tokio::test]
async fn an_algorithm_that_nobody_uses_here_is_refused_before_anything_is_fetched() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let http = HttpClient::new(tower::service_fn(move |_: Request<Bytes>| {
        counting.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(Response::new(Bytes::new())) }
    }));
    let verifier = Verifier::entra(&EntraApp::single_tenant_over(http, "contoso.example", CLIENT).unwrap());
    let token = TestKey::shared().sign(&json!({"alg": "PS256", "kid": KID}), &claims());
    let Progress::Done(Err(why)) = verifier.begin(Presented::token(BearerToken::new(&token))) else {
        panic!("it is decided at once")
    };
    assert_eq!((why, asked.load(Ordering::SeqCst)), (TokenFault::Algorithm.into(), 0));
}

#[tokio::test]
async fn a_token_of_nobody_is_refused_at_once_when_every_issuer_is_known() {
    let both = verifier().0.or(&plain()).unwrap();
    let stranger = token(&changed(&[("iss", json!("https://stranger.example"))]));
    let Progress::Done(Err(why)) = both.begin(Presented::token(BearerToken::new(&stranger))) else {
        panic!("it is decided at once")
    };
    assert_eq!(why, TokenFault::WrongIssuer.into());
}

#[tokio::test]
async fn a_caller_signs_in_again_at_the_tenant_that_issued_the_token() {
    let many = EntraApp::any_organization_over(dead_network(), CLIENT).unwrap();
    let many = many.with_endpoints(Endpoints::documented_for_organizations(crate::cloud::Cloud::Public)).unwrap();
    let two = {
        let apart = EntraApp::single_tenant_over(dead_network(), OTHER_TENANT, CLIENT).unwrap();
        let other = Endpoints::documented(crate::cloud::Cloud::Public, TenantId::parse(OTHER_TENANT).unwrap());
        Verifier::entra(&apart.with_endpoints(other).unwrap()).or(&verifier().0).unwrap()
    };
    let own = parsed(&claims());
    let of_other = format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0");
    let other = parsed(&changed(&[("iss", json!(of_other)), ("tid", json!(OTHER_TENANT))]));
    // A plain issuer may write Entra's claims, and is still another issuer.
    let stranger = parsed(&changed(&[("iss", json!("https://issuer.example"))]));
    for (name, verifier, caller, expected) in [
        ("one tenant", verifier().0, Some(&own), Some(TENANT)),
        ("one tenant, a caller of another", verifier().0, Some(&other), None),
        ("the first of two", two.clone(), Some(&other), Some(OTHER_TENANT)),
        ("the second of two", two, Some(&own), Some(TENANT)),
        ("one tenant, nobody known", verifier().0, None, Some(TENANT)),
        ("many tenants", Verifier::entra(&many), Some(&other), Some(OTHER_TENANT)),
        ("many tenants, nobody known", Verifier::entra(&many), None, Some("organizations")),
        ("behind a plain issuer", plain().or(&verifier().0).unwrap(), None, Some(TENANT)),
        ("beside a plain issuer, of which the caller is", verifier().0.or(&plain()).unwrap(), Some(&stranger), None),
        ("a plain issuer alone", plain(), Some(&stranger), None),
    ] {
        let place = verifier.sign_in_place(caller);
        assert_eq!(place.as_ref().map(|place| place.reach().segment()), expected, "{name}");
    }
}

fn parsed(claims: &Value) -> Claims {
    Claims::parse(claims.to_string().as_bytes()).unwrap()
}

#[test]
fn a_verifier_prints_how_it_judges() {
    let printed = format!("{:?}", verifier().0.or(&plain()).unwrap());
    assert!(printed.contains(CLIENT) && printed.contains("https://issuer.example"), "{printed}");
}
