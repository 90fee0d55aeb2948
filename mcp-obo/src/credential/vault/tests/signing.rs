//! A key that stays in its vault.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::*;

const KID: &str = "https://contoso.vault.azure.net/keys/graph/1";

fn certificate(key: &TestKey, kid: &str) -> Response<Bytes> {
    let der = pem::parse(key.certificate((2020, 1, 1), (2120, 1, 1))).unwrap().into_contents();
    status(200, &[], &json!({ "cer": STANDARD.encode(der), "kid": kid }).to_string())
}

/// A vault that signs with `signer` for a certificate of `first`.
fn signing_with(signer: &'static TestKey) -> Vault {
    Vault::answering(move |request| {
        if request.method() == "GET" {
            return certificate(TestKey::first(), KID);
        }
        let order = claims_of(request.body());
        assert_eq!((order["alg"].as_str(), order.as_object().unwrap().len()), (Some("PS256"), 2));
        let hash = URL_SAFE_NO_PAD.decode(order["value"].as_str().unwrap()).unwrap();
        status(200, &[], &json!({ "kid": KID, "value": URL_SAFE_NO_PAD.encode(signer.sign(&hash)) }).to_string())
    })
}

#[tokio::test(start_paused = true)]
async fn the_vault_signs_and_its_private_key_is_never_asked_for() {
    let vault = signing_with(TestKey::first());
    let credential = vault.certificate();
    let first = at(&credential, NOW).await.unwrap();
    let header = header(&first, TestKey::first());
    assert_eq!((header.alg, header.x5t_s256.is_some()), (jsonwebtoken::Algorithm::PS256, true));
    assert!(at(&credential, NOW + 479).await.unwrap().is_the_same(&first));
    assert!(!at(&credential, NOW + 480).await.unwrap().is_the_same(&first));
    assert_eq!(
        vault.requests(),
        [
            "GET /certificates/graph?api-version=7.4 vault-token-0",
            "POST /keys/graph/1/sign?api-version=7.4 vault-token-1",
            "POST /keys/graph/1/sign?api-version=7.4 vault-token-2",
        ]
    );
    assert!(credential.status().ends_at().is_some());
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_wait_for_one_reading_and_one_signature() {
    let vault = signing_with(TestKey::first());
    let credential = Arc::new(vault.certificate());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let credential = Arc::clone(&credential);
        all.spawn(async move { at(&credential, NOW).await.is_ok() });
    }
    assert_eq!(all.join_all().await, [true; 50]);
    assert_eq!(vault.requests().len(), 2);
}

#[tokio::test]
async fn a_signature_of_another_key_is_not_sent() {
    let vault = signing_with(TestKey::second());
    assert!(why(at(&vault.certificate(), NOW).await).contains("not a signature of the certificate's key"));
}

#[tokio::test]
async fn a_key_elsewhere_is_not_asked_to_sign() {
    for kid in ["https://evil.example/keys/graph/1", "https://fabrikam.vault.azure.net/keys/graph/1", "graph"] {
        let vault = Vault::answering(move |_| certificate(TestKey::first(), kid));
        assert!(why(at(&vault.certificate(), NOW).await).contains("not a key of the same vault"), "{kid}");
        assert_eq!(vault.requests().len(), 1, "{kid}");
    }
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_with_its_reason() {
    let ec = rcgen::generate_simple_self_signed(Vec::new()).unwrap().cert.der().to_vec();
    for (name, answer, reason) in [
        ("no kid", json!({ "cer": "" }), "not a certificate with a key"),
        ("not base64", json!({ "cer": "!", "kid": KID }), "could not be read"),
        ("not DER", json!({ "cer": "MAA=", "kid": KID }), "could not be read"),
        ("EC", json!({ "cer": STANDARD.encode(ec), "kid": KID }), "not RSA"),
    ] {
        let answer = answer.to_string();
        let vault = Vault::answering(move |_| status(200, &[], &answer));
        let why = why(at(&vault.certificate(), NOW).await);
        assert!(why.contains(reason), "{name}: {why}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_vault_does_not_sign_the_last_assertion_serves_to_its_end() {
    let vault = signing_with(TestKey::first());
    let credential = vault.certificate();
    let first = at(&credential, NOW).await.unwrap();
    vault.answer(|_| status(503, &[], ""));
    assert!(at(&credential, NOW + 500).await.unwrap().is_the_same(&first));
    assert!(why(at(&credential, NOW + 540).await).contains("signing with the key with HTTP 503"));
}
