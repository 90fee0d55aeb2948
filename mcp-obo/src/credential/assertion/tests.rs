use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Uri;
use jsonwebtoken::{DecodingKey, Validation, decode};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::*;
use crate::{
    boxed::BoxFuture,
    credential::{certificate::Format, thumbprint::Thumbprint},
    testcertificate::TestKey,
    testtenant::{CLIENT, NOW},
};

const ENDPOINT: &str = "https://login.microsoftonline.com/8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11/oauth2/v2.0/token";

fn signatory(thumbprint: Thumbprint) -> (Signatory, DecodingKey) {
    let material = Format::Key(thumbprint).read(TestKey::first().pem().as_bytes()).unwrap();
    let (signer, name) = material.into_parts();
    let key = DecodingKey::from_rsa_der(&signer.name());
    (name.signatory(signer, crate::credential::certificate::Style::default()), key)
}

fn text(auth: &ClientAuth) -> String {
    let fields: HashMap<_, _> = auth.fields().into_iter().collect();
    assert_eq!(fields["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    fields["client_assertion"].to_owned()
}

/// Reads an assertion with a library that had no part in making it.
fn verified(jwt: &str, key: &DecodingKey, algorithm: jsonwebtoken::Algorithm) -> HashMap<String, Value> {
    let mut rules = Validation::new(algorithm);
    rules.set_audience(&[ENDPOINT]);
    rules.set_issuer(&[CLIENT]);
    rules.sub = Some(CLIENT.to_owned());
    rules.set_required_spec_claims(&["aud", "iss", "sub", "exp", "nbf"]);
    // Times are judged by the test's own clock.
    (rules.validate_exp, rules.validate_nbf) = (false, false);
    decode(jwt, key, &rules).unwrap().claims
}

async fn assertion(of: &Assertions, signatory: &Signatory, endpoint: &str, client: &str, now: u64) -> ClientAuth {
    let endpoint: Uri = endpoint.parse().unwrap();
    let client = ClientContext::new(client, &endpoint, UnixTime::from_secs(now));
    of.assertion(signatory, &client).await.unwrap()
}

async fn at(of: &Assertions, signatory: &Signatory, now: u64) -> ClientAuth {
    assertion(of, signatory, ENDPOINT, CLIENT, now).await
}

#[tokio::test]
async fn an_assertion_says_what_entra_asks_for_and_nothing_else() {
    let (signatory, key) = signatory(Thumbprint::Sha256([7; 32]));
    let jwt = text(&at(&Assertions::new(), &signatory, NOW).await);
    let claims = verified(&jwt, &key, jsonwebtoken::Algorithm::PS256);
    assert_eq!(claims["aud"], ENDPOINT, "one string, no array");
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&NOW.into(), &NOW.into(), &(NOW + 600).into()));
    assert!(uuid::Uuid::parse_str(claims["jti"].as_str().unwrap()).is_ok());
    assert_eq!(claims.len(), 7, "{claims:?}");

    let header: HashMap<String, String> =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap()).unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
    let expected = [("alg", "PS256"), ("typ", "JWT"), ("x5t#S256", &thumbprint)];
    assert_eq!(header, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn a_sha1_name_goes_with_rs256() {
    let (signatory, key) = signatory(Thumbprint::Sha1([7; 20]));
    let jwt = text(&at(&Assertions::new(), &signatory, NOW).await);
    verified(&jwt, &key, jsonwebtoken::Algorithm::RS256);
    let header = jsonwebtoken::decode_header(&jwt).unwrap();
    assert_eq!((header.x5t, header.x5t_s256), (Some(URL_SAFE_NO_PAD.encode([7; 20])), None));
}

#[tokio::test]
async fn each_token_endpoint_client_and_key_has_its_own() {
    let kept = Assertions::new();
    let (one, _) = signatory(Thumbprint::Sha256([1; 32]));
    let (other, _) = signatory(Thumbprint::Sha256([2; 32]));
    let mut all = vec![
        text(&assertion(&kept, &one, ENDPOINT, CLIENT, NOW).await),
        text(&assertion(&kept, &one, "https://login.microsoftonline.us/t/oauth2/v2.0/token", CLIENT, NOW).await),
        text(&assertion(&kept, &one, ENDPOINT, "another client", NOW).await),
        text(&assertion(&kept, &other, ENDPOINT, CLIENT, NOW).await),
    ];
    assert_eq!(text(&at(&kept, &one, NOW + 1).await), all[0]);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4);
}

#[tokio::test]
async fn a_refused_assertion_is_made_again_only_when_it_is_older_than_a_minute() {
    let kept = Assertions::new();
    let (signatory, _) = signatory(Thumbprint::Sha256([1; 32]));
    let first = at(&kept, &signatory, NOW).await;
    kept.refused(&first);
    assert!(at(&kept, &signatory, NOW + 59).await.is_the_same(&first), "it would be refused again");
    let second = at(&kept, &signatory, NOW + 60).await;
    assert!(!second.is_the_same(&first));
    // A late report of the first says nothing of the second.
    kept.refused(&first);
    assert!(at(&kept, &signatory, NOW + 300).await.is_the_same(&second));
}

/// Signs nothing, slowly, and counts.
#[derive(Debug, Default)]
struct Slow {
    signatures: AtomicUsize,
    failures: std::ops::Range<usize>,
}

impl Signer for Arc<Slow> {
    fn sign<'a>(&'a self, _: Algorithm, _: &'a str) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let number = self.signatures.fetch_add(1, Ordering::SeqCst);
            if self.failures.contains(&number) { Err(SigningError::Key) } else { Ok(vec![1; 256]) }
        })
    }

    fn name(&self) -> Vec<u8> {
        b"slow".to_vec()
    }
}

fn slow(failures: std::ops::Range<usize>) -> (Arc<Slow>, Signatory) {
    let signer = Arc::new(Slow { failures, ..Slow::default() });
    let header = Header { algorithm: Algorithm::Ps256, sha256: Some(&[1; 32]), sha1: None, chain: &[] };
    (Arc::clone(&signer), Signatory::new(Arc::new(signer), &header))
}

async fn together(kept: &Arc<Assertions>, signatory: &Signatory, callers: usize) -> Vec<Result<String, SigningError>> {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (kept, signatory) = (Arc::clone(kept), signatory.clone());
        all.spawn(async move {
            let endpoint = Uri::from_static(ENDPOINT);
            let client = ClientContext::new(CLIENT, &endpoint, UnixTime::from_secs(NOW));
            kept.assertion(&signatory, &client).await.map(|auth| text(&auth))
        });
    }
    all.join_all().await
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_get_the_same_signature() {
    let (signer, signatory) = slow(0..0);
    let mut all: Vec<_> =
        together(&Arc::new(Assertions::new()), &signatory, 100).await.into_iter().map(Result::unwrap).collect();
    all.dedup();
    assert_eq!((all.len(), signer.signatures.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failed_signature_is_told_to_all_and_not_kept() {
    let (signer, signatory) = slow(0..1);
    let kept = Arc::new(Assertions::new());
    assert!(together(&kept, &signatory, 100).await.iter().all(Result::is_err));
    assert_eq!(signer.signatures.load(Ordering::SeqCst), 1);
    assert!(together(&kept, &signatory, 1).await[0].is_ok());
}

#[tokio::test(start_paused = true)]
async fn while_nothing_can_be_signed_the_last_assertion_serves_to_its_end() {
    let (signer, signatory) = slow(1..4);
    let kept = Assertions::new();
    let first = at(&kept, &signatory, NOW).await;
    for (name, later, attempts) in [
        ("due, and it fails", 480, 2),
        ("not tried again at once", 509, 2),
        ("tried again, and it fails", 510, 3),
        ("near the end", 539, 3),
    ] {
        assert!(at(&kept, &signatory, NOW + later).await.is_the_same(&first), "{name}");
        assert_eq!(signer.signatures.load(Ordering::SeqCst), attempts, "{name}");
    }
    let endpoint = Uri::from_static(ENDPOINT);
    let client = ClientContext::new(CLIENT, &endpoint, UnixTime::from_secs(NOW + 540));
    assert!(matches!(kept.assertion(&signatory, &client).await, Err(SigningError::Key)));
    assert!(!at(&kept, &signatory, NOW + 541).await.is_the_same(&first));
}

#[tokio::test(start_paused = true)]
async fn no_number_of_tenants_fills_the_memory() {
    let (_, signatory) = slow(0..0);
    let kept = Assertions::new();
    for tenant in 0..CAPACITY + 500 {
        assertion(&kept, &signatory, &format!("https://login.example/{tenant}/token"), CLIENT, NOW).await;
    }
    let count = kept.0.count().await;
    assert!((1..=CAPACITY).contains(&count), "{count}");
}

#[tokio::test]
async fn debug_prints_no_part_of_an_assertion_or_key() {
    let (signatory, _) = signatory(Thumbprint::Sha256([1; 32]));
    let kept = Assertions::new();
    let jwt = text(&at(&kept, &signatory, NOW).await);
    let shown = format!("{kept:?} {signatory:?}");
    let signature = jwt.rsplit('.').next().unwrap();
    assert!(!shown.contains(signature) && !shown.contains("modulus"), "{shown}");
    assert!(shown.contains("LocalKey(..)"), "{shown}");
}

#[test]
fn nothing_of_a_token_stays_behind_when_it_grows() {
    let jwt = jwt::signed("header.claims".to_owned(), &[0xff; 256]);
    let (message, signature) = jwt.expose_secret().rsplit_once('.').unwrap();
    assert_eq!((message, URL_SAFE_NO_PAD.decode(signature).unwrap()), ("header.claims", vec![0xff; 256]));
}

proptest! {
    /// Whatever the clock does, what is sent is good now, for long enough, and is not signed more often than needed.
    #[test]
    fn an_assertion_is_always_of_its_time(steps in proptest::collection::vec(-700_i64..700, 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (signer, signatory) = slow(0..0);
            let kept = Assertions::new();
            let (mut now, mut made_at, mut made) = (NOW, None, 0);
            for step in steps {
                now = now.checked_add_signed(step).unwrap();
                let jwt = text(&at(&kept, &signatory, now).await);
                let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap();
                let (begins, ends) = (claims["nbf"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
                prop_assert!(begins <= now && now + 120 < ends, "{begins} {now} {ends}");
                prop_assert_eq!(ends - begins, 600);
                if made_at.is_none_or(|made_at| now < made_at || made_at + 480 <= now) {
                    (made_at, made) = (Some(now), made + 1);
                }
                prop_assert_eq!(signer.signatures.load(Ordering::SeqCst), made);
            }
            Ok(())
        })?;
    }
}
