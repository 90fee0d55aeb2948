//! Tokens, and what becomes of them.

mod issuers;
mod remembered;
mod selection;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::{
    known_resource::KnownResource,
    principal::Principal,
    testing::key::SigningKey as TestKey,
    testtenant::{CLIENT, KID, NOW, OTHER_TENANT, TENANT, changed, claims, header, token, v1_claims, verifier},
};

async fn verdict(token: &str) -> Result<VerifiedToken, Rejection> {
    verifier().0.verify(BearerToken::new(token)).await
}

async fn fault(token: &str) -> Rejection {
    verdict(token).await.map(|token| panic!("accepted: {token:?}")).unwrap_err()
}

#[tokio::test]
async fn tokens_of_our_tenant_for_us_are_good() {
    let with_kid =
        |kid: &str, claims: &Value| TestKey::shared().sign(&json!({"alg": "RS256", "typ": "JWT", "kid": kid}), claims);
    for (name, token) in [
        ("v2", token(&claims())),
        ("v1, by keys that carry v2 issuers", token(&v1_claims())),
        ("v1 by a key with a literal v2 issuer", with_kid("literal", &v1_claims())),
        ("a key without an issuer", with_kid("unrestricted", &claims())),
        ("client id in v1 form", token(&changed(&[("aud", json!(format!("api://{CLIENT}")))]))),
        ("our name beside another API's", token(&changed(&[("aud", json!(["https://other.example", CLIENT]))]))),
        ("no nbf, no iat", token(&changed(&[("nbf", Value::Null), ("iat", Value::Null)]))),
        ("no ver", token(&changed(&[("ver", Value::Null)]))),
        ("exp within leeway", token(&changed(&[("exp", json!(NOW - 59))]))),
        ("tid in upper case", token(&changed(&[("tid", json!(TENANT.to_uppercase()))]))),
    ] {
        let verified = verdict(&token).await.unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(verified.claims().client_id(), Some("client"), "{name}");
        assert!(matches!(verified.principal(), Principal::User { .. }), "{name}");
    }
}

#[tokio::test]
async fn claims_that_are_not_for_us_are_refused_each_for_its_reason() {
    use TokenFault as F;
    let other_issuer = json!(format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"));
    let slash = json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0/"));
    for (name, changes, expected) in [
        ("expired", vec![("exp", json!(NOW - 60))], F::Expired),
        ("not yet valid", vec![("nbf", json!(NOW + 61))], F::NotYetValid),
        ("other tenant", vec![("iss", other_issuer.clone()), ("tid", json!(OTHER_TENANT))], F::WrongIssuer),
        ("tid is not iss", vec![("tid", json!(OTHER_TENANT))], F::WrongTenant),
        ("iss is not tid", vec![("iss", other_issuer)], F::WrongIssuer),
        ("no tid", vec![("tid", Value::Null)], F::WrongTenant),
        (
            "issuer in another case",
            vec![("iss", json!(claims()["iss"].as_str().unwrap().to_uppercase()))],
            F::WrongIssuer,
        ),
        (
            "v1 issuer in another case",
            vec![("iss", json!(format!("https://STS.windows.net/{TENANT}/")))],
            F::WrongIssuer,
        ),
        (
            "v1 issuer of another tenant",
            vec![("iss", json!(format!("https://sts.windows.net/{OTHER_TENANT}/")))],
            F::WrongIssuer,
        ),
        ("issuer with a slash", vec![("iss", slash)], F::WrongIssuer),
        ("issuer list", vec![("iss", json!(["https://evil.example", claims()["iss"]]))], F::Malformed),
        ("v1 version with the v2 issuer", vec![("ver", json!("1.0"))], F::WrongIssuer),
        ("version of another type", vec![("ver", json!(2))], F::WrongIssuer),
        ("other audience", vec![("aud", json!("api://somebody"))], F::WrongAudience),
        ("our id inside another name", vec![("aud", json!(format!("https://evil/{CLIENT}")))], F::WrongAudience),
        ("no audience", vec![("aud", json!([]))], F::WrongAudience),
        ("Graph", vec![("aud", json!("https://graph.microsoft.com"))], F::KnownResource(KnownResource::Graph)),
        (
            "Graph by its id, beside us",
            vec![("aud", json!([CLIENT, "00000003-0000-0000-c000-000000000000"]))],
            F::KnownResource(KnownResource::Graph),
        ),
        ("ID token of the one-app model", vec![("scp", Value::Null)], F::NotAnAccessToken),
        ("ID token of a user with roles", vec![("scp", Value::Null), ("roles", json!(["r"]))], F::NotAnAccessToken),
        ("an app that claims scopes", vec![("idtyp", json!("app"))], F::NotAnAccessToken),
        ("a device", vec![("idtyp", json!("device"))], F::NotAnAccessToken),
        ("bound to a key", vec![("cnf", json!({"jkt": "x"}))], F::ProofOfPossession),
        ("no exp", vec![("exp", Value::Null)], F::Malformed),
    ] {
        assert_eq!(fault(&token(&changed(&changes))).await, expected.into(), "{name}");
    }
}

#[tokio::test]
async fn a_wrong_audience_is_named_before_a_wrong_issuer() {
    let graph = changed(&[("aud", json!("https://graph.microsoft.com")), ("iss", json!("https://sts.windows.net/x/"))]);
    assert_eq!(fault(&token(&graph)).await, TokenFault::KnownResource(KnownResource::Graph).into());
}

#[tokio::test]
async fn forgeries_are_refused() {
    let sign = |header: Value| TestKey::shared().sign(&header, &claims());
    let attacker = TestKey::generate();
    let good = token(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = changed(&[("oid", json!("somebody else"))]);
    let other_payload = URL_SAFE_NO_PAD.encode(other.to_string());
    let spliced = format!("{}.{other_payload}.{signature}", good.split('.').next().unwrap());
    let mut embedded = header();
    embedded["jwk"] = attacker.jwk(KID);
    embedded["jku"] = json!("https://evil.example/keys");
    let parts = |header: Value| {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims().to_string()))
    };
    let hs256 = {
        let message = parts(json!({"alg": "HS256", "kid": KID}));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &TestKey::shared().public_der());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes())))
    };
    for (name, token, expected) in [
        ("another key under our kid", attacker.sign(&header(), &claims()), TokenFault::Signature),
        ("a key that the token brings along", attacker.sign(&embedded, &claims()), TokenFault::Signature),
        ("another payload", spliced, TokenFault::Signature),
        ("a cut signature", good[..good.len() - 2].to_owned(), TokenFault::Signature),
        ("alg none", format!("{}.AA", parts(json!({"alg": "none", "kid": KID}))), TokenFault::Algorithm),
        ("alg none without a signature", format!("{}.", parts(json!({"alg": "none"}))), TokenFault::Algorithm),
        ("HS256 with the public key", hs256, TokenFault::Algorithm),
        ("RS384 by the live key", sign(json!({"alg": "RS384", "kid": KID})), TokenFault::Algorithm),
        ("unknown kid", sign(json!({"alg": "RS256", "kid": "key-2"})), TokenFault::UnknownKey),
        ("no kid", sign(json!({"alg": "RS256"})), TokenFault::UnknownKey),
        ("key of another tenant", sign(json!({"alg": "RS256", "kid": "foreign"})), TokenFault::KeyOfAnotherIssuer),
        ("critical extension", sign(json!({"alg": "RS256", "kid": KID, "crit": ["x"], "x": 1})), TokenFault::Header),
        ("logout token", sign(json!({"alg": "RS256", "kid": KID, "typ": "logout+jwt"})), TokenFault::Header),
        ("no signature", message.to_owned(), TokenFault::Malformed),
        ("opaque", "abc".to_owned(), TokenFault::Malformed),
    ] {
        assert_eq!(fault(&token).await, expected.into(), "{name}");
    }
}

#[tokio::test]
async fn a_giant_is_refused_before_it_is_decoded() {
    assert_eq!(fault(&"a".repeat(MAX_TOKEN + 1)).await, RequestFault::TooLarge.into());
    assert_eq!(fault(&"a".repeat(MAX_TOKEN)).await, TokenFault::Malformed.into());
}

#[tokio::test]
async fn what_entra_writes_for_itself_is_signed_and_not_kept() {
    let claims = changed(&[("aio", json!("of no use")), ("rh", json!("to anybody")), ("name", json!("Alice"))]);
    let verified = verdict(&token(&claims)).await.unwrap();
    assert_eq!((verified.claims().get("aio"), verified.claims().get("rh")), (None, None));
    assert_eq!(verified.claims().get("name"), Some(&json!("Alice")));
}

#[tokio::test]
async fn an_app_only_token_is_classified_and_left_to_the_layer() {
    let app = changed(&[("scp", Value::Null), ("roles", json!(["r"])), ("sub", claims()["oid"].clone())]);
    let verified = verdict(&token(&app)).await.unwrap();
    assert!(matches!(verified.principal(), Principal::App { .. }));
}

#[test]
fn nothing_of_a_token_is_printed() {
    let text = token(&claims());
    let bearer = BearerToken::new(&text);
    let jwt = Jwt::parse(Presented::token(bearer.clone()), TokenDigest::of(text.as_bytes())).unwrap();
    let facts = Arc::new(Facts {
        principal: Principal::of_entra(&jwt.claims, &Default::default()).unwrap(),
        claims: jwt.claims,
    });
    let verified = VerifiedToken::new(bearer.clone(), TokenDigest::of(text.as_bytes()), facts);
    let printed = format!("{bearer:?} {verified:?}");
    for part in text.split('.') {
        assert!(!printed.contains(&part[..20]), "{printed}");
    }
}
