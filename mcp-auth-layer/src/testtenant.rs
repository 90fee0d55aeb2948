//! A tenant without a network, for the crate's own tests.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    authority::Endpoints,
    clock::{FixedClock, UnixTime},
    cloud::Cloud,
    entra::EntraApp,
    fetch::HttpClient,
    keys::FixedKeys,
    tenant::TenantId,
    testing::key::SigningKey as TestKey,
    verify::Verifier,
};

pub(crate) const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
pub(crate) const OTHER_TENANT: &str = "aaaaaaaa-0f5c-4f4b-9c1e-1d6f0a1e7b11";
pub(crate) const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const KID: &str = "key-1";

/// A network in which nothing answers.
pub(crate) fn dead_network() -> HttpClient {
    HttpClient::new(tower::service_fn(|_: Request<Bytes>| async {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        Ok::<_, Infallible>(response)
    }))
}

/// The app whose tokens are judged, with its clock.
pub(crate) fn app() -> (EntraApp, FixedClock) {
    let clock = FixedClock::at(UnixTime::from_secs(NOW));
    let endpoints = Endpoints::documented(Cloud::Public, TenantId::parse(TENANT).unwrap());
    let app = EntraApp::single_tenant_over(dead_network(), TENANT, CLIENT).unwrap();
    (app.with_clock(clock.clone()).with_endpoints(endpoints).unwrap(), clock)
}

/// A verifier over the shared test key, as Entra's v2 document describes it.
pub(crate) fn verifier() -> (Verifier, FixedClock) {
    let (app, clock) = app();
    (Verifier::entra(&app).with_keys(keys()), clock)
}

pub(crate) fn keys() -> FixedKeys {
    let with_issuer = |kid: &str, issuer: &str| {
        let mut jwk = TestKey::shared().jwk(kid);
        jwk["issuer"] = json!(issuer);
        jwk
    };
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let literal = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let document = json!({"keys": [
        with_issuer(KID, template),
        with_issuer("literal", &literal),
        TestKey::shared().jwk("unrestricted"),
        with_issuer("foreign", &literal.replace(TENANT, OTHER_TENANT)),
    ]});
    FixedKeys::from_jwks(&document.to_string()).unwrap()
}

/// The claims of a user's v2 token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "aud": CLIENT, "ver": "2.0",
        "tid": TENANT, "oid": "00000000-0000-0000-0000-0000000000aa", "sub": "pairwise", "azp": "client",
        "scp": "access_as_user", "exp": NOW + 3_600, "nbf": NOW - 60, "iat": NOW - 60, "uti": "id-of-token",
    })
}

/// The claims of the same user's v1 token.
pub(crate) fn v1_claims() -> Value {
    changed(&[
        ("iss", json!(format!("https://sts.windows.net/{TENANT}/"))),
        ("aud", json!(format!("api://{CLIENT}"))),
        ("ver", json!("1.0")),
        ("azp", Value::Null),
        ("appid", json!("client")),
    ])
}

/// The claims of a v2 token with some changed, or with `null` removed.
pub(crate) fn changed(changes: &[(&str, Value)]) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => members.remove(*name),
            value => members.insert((*name).to_owned(), value.clone()),
        };
    }
    claims
}

pub(crate) fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": KID})
}

pub(crate) fn token(claims: &Value) -> String {
    TestKey::shared().sign(&header(), claims)
}

/// How far the clock must move for [`token`] to be past its leeway.
pub(crate) const PAST_EXPIRY: Duration = Duration::from_secs(3_600 + 60);
