//! Key services that are slow, broken, hostile or flooded through us: valid callers go on, and every fetch is counted.
//!
//! The service stands behind a real socket and is reached by the ready-made client. No time has to pass: pauses are made endless
//! or nothing by configuration. What depends on time passing is tested beside the key engine, on a paused clock.
#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "a helper that cannot set up its service fails the test")]

#[path = "jwks_under_attack/service.rs"]
mod service;
#[path = "verify_jws/signer.rs"]
#[allow(dead_code, reason = "shared with the tests of the signature check")]
mod signer;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_auth_layer::{
    algorithm::{Algorithm, Algorithms},
    clock::{FixedClock, UnixTime},
    fetch::{FetchLimits, HttpClient},
    keys::{KeyLimits, KeySource, Readiness, RemoteKeys},
    oidc::OidcIssuer,
    reject::{Rejection, TokenFault},
    token::BearerToken,
    verify::Verifier,
};
use serde_json::{Value, json};

use self::{
    service::{KeyService, Mood},
    signer::Signer,
};

const AUDIENCE: &str = "https://mcp.example/mcp";
const NOW: u64 = 1_800_000_000;
const NEVER: Duration = Duration::from_secs(100_000_000);

fn claims(issuer: &str) -> String {
    json!({"iss": issuer, "aud": AUDIENCE, "exp": NOW + 600, "sub": "alice", "scope": "read"}).to_string()
}

fn token(service: &KeyService, signer: &Signer, kid: &str) -> BearerToken {
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid});
    BearerToken::new(&signer.sign(&header, &claims(&service.issuer)))
}

/// Judges tokens of the service; keys last for ever, and are fetched as these limits say.
fn verifier(service: &KeyService, limits: KeyLimits) -> (Verifier, RemoteKeys) {
    let http = HttpClient::reqwest(FetchLimits::default().with_max_body(10_000)).unwrap();
    let keys = RemoteKeys::of_issuer(&service.issuer, http.clone(), limits.with_serve_for(NEVER)).unwrap();
    let keys = keys.with_algorithms(Algorithms::new([Algorithm::Es256]).unwrap());
    let issuer = OidcIssuer::over(http, &service.issuer, AUDIENCE).unwrap();
    let issuer = issuer.with_algorithms([Algorithm::Es256]).unwrap().with_keys(keys.clone());
    let issuer = issuer.with_clock(FixedClock::at(UnixTime::from_secs(NOW)));
    (Verifier::oidc(&issuer), keys)
}

/// Every lookup may fetch, and starts a refresh.
fn eager() -> KeyLimits {
    KeyLimits::default()
        .with_refresh_after(Duration::ZERO)
        .with_cool_down(Duration::ZERO)
        .with_retry_after(Duration::ZERO)
        .with_unknown_for(Duration::ZERO)
}

#[tokio::test]
async fn ten_thousand_invented_key_ids_cost_one_fetch_per_pause() {
    let signer = Signer::es256();
    let service = KeyService::start(Mood::Publishes(vec![signer.jwk("a")])).await;
    let limits = KeyLimits::default().with_refresh_after(NEVER).with_cool_down(NEVER);
    let (verifier, _) = verifier(&service, limits);
    let verifier = verifier.with_cache_capacity(0);
    let payload = URL_SAFE_NO_PAD.encode(claims(&service.issuer));
    let signature = URL_SAFE_NO_PAD.encode([7; 64]);
    verifier.verify(token(&service, &signer, "a")).await.unwrap();
    for number in 0..10_000 {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "kid": format!("invented-{number}")}).to_string());
        let forged = BearerToken::new(&format!("{header}.{payload}.{signature}"));
        assert_eq!(verifier.verify(forged).await.unwrap_err(), TokenFault::UnknownKey.into());
        if number % 1_000 == 0 {
            verifier.verify(token(&service, &signer, "a")).await.unwrap();
        }
    }
    assert_eq!(service.asked(), 1);
}

#[tokio::test]
async fn ten_thousand_callers_of_a_service_that_fails_cost_one_fetch_per_pause() {
    let signer = Signer::es256();
    let service = KeyService::start(Mood::Answers(500, String::new())).await;
    let (verifier, keys) = verifier(&service, KeyLimits::default().with_retry_after(NEVER));
    for number in 0..10_000 {
        let kid = format!("invented-{number}");
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "kid": kid}).to_string());
        let payload = URL_SAFE_NO_PAD.encode(claims(&service.issuer));
        let forged = BearerToken::new(&format!("{header}.{payload}.AAAA"));
        assert!(matches!(verifier.verify(forged).await, Err(Rejection::Unavailable { .. })), "{number}");
    }
    assert!(matches!(verifier.verify(token(&service, &signer, "a")).await, Err(Rejection::Unavailable { .. })));
    assert_eq!((service.asked(), keys.readiness()), (1, Readiness::NotLoaded));
}

#[tokio::test]
async fn whatever_becomes_of_the_service_known_keys_go_on() {
    let signer = Signer::es256();
    let elsewhere = KeyService::start(Mood::Publishes(vec![Signer::es256().jwk("a")])).await;
    let huge = json!({"keys": [signer.jwk("a")], "padding": "x".repeat(20_000)}).to_string();
    for mood in [
        Mood::Answers(200, huge),
        Mood::Answers(200, "<html>Sign in to the hotel's network</html>".to_owned()),
        Mood::Answers(200, json!({"keys": []}).to_string()),
        Mood::Answers(200, json!({"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]}).to_string()),
        Mood::Answers(429, String::new()),
        Mood::Answers(404, json!({"keys": [Signer::es256().jwk("a")]}).to_string()),
        Mood::Redirects(format!("{}/keys", elsewhere.issuer)),
        Mood::Endless(1 << 40),
        Mood::Endless(5_000),
        Mood::BreaksOff,
        Mood::Hangs,
    ] {
        let service = KeyService::start(Mood::Publishes(vec![signer.jwk("a")])).await;
        let (verifier, keys) = verifier(&service, eager());
        let verifier = verifier.with_cache_capacity(0);
        verifier.verify(token(&service, &signer, "a")).await.unwrap();
        service.becomes(mood.clone());
        let before = service.asked();
        for _ in 0..50 {
            verifier.verify(token(&service, &signer, "a")).await.unwrap_or_else(|why| panic!("{mood:?}: {why}"));
        }
        service.is_asked(before + 1).await;
        verifier.verify(token(&service, &signer, "a")).await.unwrap();
        assert_eq!(keys.readiness(), Readiness::Ready, "{mood:?}");
    }
    assert_eq!(elsewhere.asked(), 0, "no redirect was followed");
}

#[tokio::test]
async fn a_service_that_hangs_takes_two_seconds_of_a_caller_whose_key_is_not_known_and_nothing_of_others() {
    let signer = Signer::es256();
    let service = KeyService::start(Mood::Publishes(vec![signer.jwk("a")])).await;
    let limits = KeyLimits::default().with_refresh_after(NEVER).with_cool_down(Duration::ZERO);
    let (verifier, _) = verifier(&service, limits);
    verifier.verify(token(&service, &signer, "a")).await.unwrap();
    service.becomes(Mood::Hangs);
    let waiting = tokio::spawn(verifier.verify(token(&service, &signer, "b")));
    service.is_asked(2).await;
    for _ in 0..100 {
        verifier.verify(token(&service, &signer, "a")).await.unwrap();
    }
    assert!(!waiting.is_finished(), "others were served while it waited");
    // An outage is not blamed on the caller.
    assert!(matches!(waiting.await.unwrap(), Err(Rejection::Unavailable { .. })));
    assert_eq!(service.asked(), 2);
}

#[tokio::test]
async fn odd_keys_beside_a_good_one_harm_nobody() {
    let signer = Signer::es256();
    let odd: Vec<Value> = vec![
        json!({"kty": 7}),
        json!(null),
        json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}),
        json!({"kty": "EC", "kid": "elsewhere", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"}),
        signer.jwk("a"),
    ];
    let service = KeyService::start(Mood::Publishes(odd)).await;
    let (verifier, _) = verifier(&service, KeyLimits::default());
    verifier.verify(token(&service, &signer, "a")).await.unwrap();
}

#[tokio::test]
async fn after_a_rotation_the_new_key_works_within_one_fetch_and_the_removed_one_fails_also_when_remembered() {
    let (old, new) = (Signer::es256(), Signer::es256());
    let service = KeyService::start(Mood::Publishes(vec![old.jwk("old")])).await;
    let limits = KeyLimits::default().with_refresh_after(NEVER).with_cool_down(Duration::ZERO);
    let (verifier, _) = verifier(&service, limits.with_unknown_for(Duration::ZERO));
    let remembered = token(&service, &old, "old");
    for _ in 0..3 {
        verifier.verify(remembered.clone()).await.unwrap();
    }
    assert!(verifier.cache_counts().hits > 0, "its verdict is remembered");
    service.becomes(Mood::Publishes(vec![new.jwk("new")]));
    verifier.verify(token(&service, &new, "new")).await.unwrap();
    assert_eq!(service.asked(), 2);
    assert_eq!(verifier.verify(remembered).await.unwrap_err(), TokenFault::UnknownKey.into());
    assert_eq!(verifier.verify(token(&service, &old, "old")).await.unwrap_err(), TokenFault::UnknownKey.into());
    assert_eq!(verifier.verify(token(&service, &old, "new")).await.unwrap_err(), TokenFault::Signature.into());
}

#[tokio::test]
async fn keys_that_were_brought_along_serve_until_the_services_own_are_there() {
    let (brought, own) = (Signer::es256(), Signer::es256());
    let service = KeyService::start(Mood::Hangs).await;
    let http = HttpClient::reqwest(FetchLimits::default()).unwrap();
    let keys = RemoteKeys::of_issuer(&service.issuer, http.clone(), eager().with_serve_for(NEVER)).unwrap();
    let keys = keys.with_algorithms(Algorithms::new([Algorithm::Es256]).unwrap());
    let keys = keys.with_initial_keys(&json!({"keys": [brought.jwk("brought")]}).to_string()).unwrap();
    let issuer = OidcIssuer::over(http, &service.issuer, AUDIENCE).unwrap();
    let issuer = issuer.with_algorithms([Algorithm::Es256]).unwrap().with_keys(keys.clone());
    let verifier = Verifier::oidc(&issuer.with_clock(FixedClock::at(UnixTime::from_secs(NOW))));
    assert_eq!(keys.readiness(), Readiness::Ready);
    verifier.verify(token(&service, &brought, "brought")).await.unwrap();
    service.is_asked(1).await;
    verifier.verify(token(&service, &brought, "brought")).await.unwrap();

    // The same with a service that answers: its set replaces the one that was brought along.
    let service = KeyService::start(Mood::Publishes(vec![own.jwk("own")])).await;
    let (verifier, keys) = self::verifier(&service, eager());
    let _ = keys.with_initial_keys(&json!({"keys": [brought.jwk("brought")]}).to_string()).unwrap();
    verifier.verify(token(&service, &brought, "brought")).await.unwrap();
    verifier.verify(token(&service, &own, "own")).await.unwrap();
    assert_eq!(verifier.verify(token(&service, &brought, "brought")).await.unwrap_err(), TokenFault::UnknownKey.into());
}
