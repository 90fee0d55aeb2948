//! Verdicts that wait for keys, are remembered, and end.

use std::{
    convert::Infallible,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::*;
use crate::{
    authority::BoxFuture,
    clock::{FixedClock, UnixTime},
    fetch::HttpClient,
    keys::{KeyHint, KeyLimits, RemoteKeys},
    testtenant::{PAST_EXPIRY, app},
};

#[tokio::test]
async fn a_remembered_verdict_ends_with_the_token() {
    let (verifier, clock) = verifier();
    let token = BearerToken::new(&token(&claims()));
    let first = verifier.verify(token.clone()).await.unwrap();
    let second = verifier.verify(token.clone()).await.unwrap();
    assert_eq!(first.digest(), second.digest());
    clock.advance(PAST_EXPIRY);
    assert_eq!(verifier.verify(token.clone()).await.unwrap_err(), TokenFault::Expired.into());
    clock.set(UnixTime::from_secs(NOW - 200));
    assert_eq!(verifier.verify(token).await.unwrap_err(), TokenFault::NotYetValid.into());
}

#[tokio::test]
async fn two_policies_share_no_verdict() {
    let (verifier, _) = verifier();
    let token = BearerToken::new(&token(&claims()));
    verifier.verify(token.clone()).await.unwrap();
    let nobody = crate::keys::FixedKeys::from_jwks(&json!({"keys": [TestKey::shared().jwk("other")]}).to_string());
    let strict = verifier.clone().with_keys(nobody.unwrap());
    assert_eq!(strict.verify(token).await.unwrap_err(), TokenFault::UnknownKey.into());
}

/// A tenant's key endpoint over a switchable network.
struct Published {
    keys: Arc<Mutex<Vec<Value>>>,
    calls: Arc<AtomicUsize>,
    delay: Duration,
}

impl Published {
    fn new(delay: Duration) -> Self {
        let keys = vec![TestKey::shared().jwk(KID), TestKey::shared().jwk("other")];
        Self { keys: Arc::new(keys.into()), calls: Arc::default(), delay }
    }

    fn verifier(&self) -> Verifier {
        let (keys, calls, delay) = (Arc::clone(&self.keys), Arc::clone(&self.calls), self.delay);
        let http = HttpClient::new(tower::service_fn(move |_: Request<Bytes>| {
            calls.fetch_add(1, Ordering::SeqCst);
            let keys = keys.lock().unwrap().clone();
            async move {
                tokio::time::sleep(delay).await;
                let mut response = Response::new(Bytes::from(json!({"keys": keys}).to_string()));
                if keys.is_empty() {
                    *response.status_mut() = StatusCode::BAD_GATEWAY;
                }
                Ok::<_, Infallible>(response)
            }
        }));
        let (app, _) = app();
        let keys = RemoteKeys::new(app.authority().clone(), http, KeyLimits::default());
        Verifier::entra(&app).with_keys(keys)
    }

    fn publish(&self, keys: Vec<Value>) {
        *self.keys.lock().unwrap() = keys;
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn a_remembered_verdict_ends_with_its_key_even_when_nobody_sends_another_token() {
    let published = Published::new(Duration::from_millis(100));
    let verifier = published.verifier();
    let token = BearerToken::new(&token(&claims()));
    for _ in 0..2 {
        verifier.verify(token.clone()).await.unwrap();
    }
    published.publish(vec![TestKey::shared().jwk("other")]);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    // The first of these starts the refresh; the verdict is still that of the old set.
    verifier.verify(token.clone()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(published.calls(), 2);
    assert_eq!(verifier.verify(token).await.unwrap_err(), TokenFault::UnknownKey.into());
}

#[tokio::test(start_paused = true)]
async fn a_remembered_verdict_does_not_outlive_the_set_in_an_outage() {
    let published = Published::new(Duration::from_millis(100));
    let verifier = published.verifier();
    let token = BearerToken::new(&token(&claims()));
    for _ in 0..2 {
        verifier.verify(token.clone()).await.unwrap();
    }
    published.publish(Vec::new());
    tokio::time::advance(Duration::from_secs(24 * 3_600)).await;
    assert!(matches!(verifier.verify(token).await, Err(Rejection::Unavailable { .. })));
}

#[tokio::test]
async fn an_expired_verdict_is_forgotten_when_it_is_next_asked_for() {
    let (verifier, clock) = verifier();
    let token = BearerToken::new(&token(&claims()));
    let remembered = || verifier.0.seen.as_ref().unwrap().len();
    verifier.verify(token.clone()).await.unwrap();
    assert_eq!(remembered(), 1);
    clock.advance(PAST_EXPIRY);
    verifier.verify(token).await.unwrap_err();
    assert_eq!(remembered(), 0);
}

#[tokio::test]
async fn a_verdict_is_made_when_it_is_awaited() {
    let (verifier, clock) = verifier();
    let verdict = verifier.verify(BearerToken::new(&token(&claims())));
    clock.advance(PAST_EXPIRY);
    assert_eq!(verdict.await.unwrap_err(), TokenFault::Expired.into());
}

#[tokio::test]
async fn debug_prints_no_callers() {
    let (verifier, _) = verifier();
    verifier.verify(BearerToken::new(&token(&claims()))).await.unwrap();
    let printed = format!("{verifier:?}");
    assert!(!printed.contains("0000000000aa") && !printed.contains("id-of-token"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_two_seconds_in_all_for_discovery_and_keys_together() {
    let slow = HttpClient::new(tower::service_fn(|request: Request<Bytes>| async move {
        tokio::time::sleep(Duration::from_millis(900)).await;
        let base = format!("https://login.microsoftonline.com/{TENANT}");
        let body = match request.uri().path().rsplit('/').next() {
            Some("openid-configuration") if request.uri().path().contains("v2.0") => json!({
                "issuer": format!("{base}/v2.0"), "jwks_uri": format!("{base}/keys"),
                "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
            }),
            Some("openid-configuration") => json!({"issuer": format!("https://sts.windows.net/{TENANT}/")}),
            _ => json!({"keys": [TestKey::shared().jwk(KID)]}),
        };
        Ok::<_, Infallible>(Response::new(Bytes::from(body.to_string())))
    }));
    let app = EntraApp::single_tenant_over(slow, TENANT, CLIENT).unwrap();
    let app = app.with_clock(FixedClock::at(UnixTime::from_secs(NOW)));
    let verifier = Verifier::entra(&app);
    let token = BearerToken::new(&token(&claims()));
    let started = tokio::time::Instant::now();
    assert!(matches!(verifier.verify(token.clone()).await, Err(Rejection::Unavailable { .. })));
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    verifier.verify(token).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_issuer_does_not_have_is_the_tokens_fault_also_at_a_cold_start() {
    let verifier = Published::new(Duration::from_millis(100)).verifier();
    let token = TestKey::shared().sign(&json!({"alg": "RS256", "kid": "nobody's"}), &claims());
    assert_eq!(verifier.verify(BearerToken::new(&token)).await.unwrap_err(), TokenFault::UnknownKey.into());
}

#[tokio::test(start_paused = true)]
async fn an_outage_at_a_cold_start_is_not_the_tokens_fault() {
    let published = Published::new(Duration::from_millis(100));
    published.publish(Vec::new());
    let verdict = published.verifier().verify(BearerToken::new(&token(&claims()))).await;
    assert!(matches!(verdict, Err(Rejection::Unavailable { .. })), "{verdict:?}");
}

/// Counts who asks it; may give a key after a wait and withdraw it the moment after.
#[derive(Clone, Debug)]
struct Watched {
    keys: Arc<dyn KeySource>,
    withdraws: bool,
    generation: Arc<AtomicU64>,
    finds: Arc<AtomicUsize>,
}

impl Watched {
    fn new(withdraws: bool) -> Self {
        Self { keys: verifier().0.keys(), withdraws, generation: Arc::default(), finds: Arc::default() }
    }
}

impl KeySource for Watched {
    fn find(&self, wanted: &KeyHint<'_>) -> Lookup {
        self.finds.fetch_add(1, Ordering::SeqCst);
        let (generation, found) = (Arc::clone(&self.generation), self.keys.find(wanted));
        if !self.withdraws {
            return found;
        }
        if generation.load(Ordering::SeqCst) > 0 {
            return Lookup::Unknown;
        }
        Lookup::Wait(Box::pin(async move {
            generation.store(1, Ordering::SeqCst);
            match found {
                Lookup::Found(key) => Ok(key),
                _ => Err(KeyError::Unknown),
            }
        }))
    }

    fn readiness(&self) -> Readiness {
        self.keys.readiness()
    }

    fn warm(&self) -> BoxFuture<'static, Readiness> {
        self.keys.warm()
    }

    fn generation(&self) -> Option<u64> {
        Some(self.generation.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_key_that_leaves_while_it_is_used_leaves_no_verdict_behind() {
    let keys = Watched::new(true);
    let verifier = verifier().0.with_keys(keys.clone());
    let token = BearerToken::new(&token(&claims()));
    verifier.verify(token.clone()).await.unwrap();
    assert_eq!(verifier.verify(token).await.unwrap_err(), TokenFault::UnknownKey.into());
    assert_eq!(keys.finds.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_remembered_token_asks_for_no_key_and_without_memory_every_token_does() {
    for (capacity, finds) in [(CACHE_CAPACITY, 1), (0, 3)] {
        let keys = Watched::new(false);
        let verifier = verifier().0.with_cache_capacity(capacity).with_keys(keys.clone());
        let token = BearerToken::new(&token(&claims()));
        for _ in 0..3 {
            verifier.verify(token.clone()).await.unwrap();
        }
        assert_eq!(keys.finds.load(Ordering::SeqCst), finds, "{capacity}");
        let counts = verifier.cache_counts();
        let expected = if capacity == 0 { (0, 0) } else { (2, 1) };
        assert_eq!((counts.hits, counts.misses), expected, "{capacity}");
    }
}

#[tokio::test]
async fn of_two_issuers_a_verdict_ends_with_its_own_issuers_keys_and_not_with_the_others() {
    let (ours, theirs) = (Watched::new(false), Watched::new(false));
    let plain = OidcIssuer::over(crate::testtenant::dead_network(), "https://issuer.example", "us").unwrap();
    let plain = plain.with_keys(theirs.clone()).with_clock(FixedClock::at(UnixTime::from_secs(NOW)));
    let both = verifier().0.with_keys(ours.clone()).or(&Verifier::oidc(&plain)).unwrap();
    let plain_claims =
        json!({"iss": "https://issuer.example", "aud": "us", "exp": NOW + 60, "sub": "alice", "scope": "read"});
    let of_plain = TestKey::shared().sign(&json!({"alg": "RS256", "kid": "unrestricted"}), &plain_claims);
    for (name, exchanged, expected) in [
        ("new", None, (1, 1)),
        ("ours", Some(&ours), (2, 1)),
        ("theirs", Some(&theirs), (2, 2)),
        ("none", None, (2, 2)),
    ] {
        if let Some(keys) = exchanged {
            keys.generation.fetch_add(1, Ordering::SeqCst);
        }
        for _ in 0..2 {
            for token in [&token(&claims()), &of_plain] {
                both.verify(BearerToken::new(token)).await.unwrap();
            }
        }
        let finds = |keys: &Watched| keys.finds.load(Ordering::SeqCst);
        assert_eq!((finds(&ours), finds(&theirs)), expected, "{name}");
    }
}
