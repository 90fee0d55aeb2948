//! Every form in which a private key is found in a secret.

use jsonwebtoken::Algorithm;

use super::*;

const SHA1: &str = "00112233445566778899aabbccddeeff00112233";

#[tokio::test]
async fn a_key_is_found_in_every_form_that_people_put_it_in() {
    let (file, key) = (TestKey::first().file(), TestKey::first().pem());
    let one_line = |text: &str| text.replace('\n', "\\n");
    let json = |name: &str, text: &str| json!({ name: text }).to_string();
    let sha256 = "11".repeat(32);
    let (ps256, rs256) = (Algorithm::PS256, Algorithm::RS256);
    for (name, value, thumbprint, algorithm) in [
        ("PEM", file.clone(), None, ps256),
        ("PEM in one line", one_line(&file), None, ps256),
        ("PEM in one line, from Windows", file.replace('\n', "\\r\\n"), None, ps256),
        ("white space around it", format!(" \n{file}\n "), None, ps256),
        ("JSON, privateKey", json("privateKey", &key), Some(SHA1), rs256),
        ("JSON, privateKeyPem", json("privateKeyPem", &key), Some(SHA1), rs256),
        ("JSON with lines lost twice", json("privateKey", &one_line(&key)), Some(SHA1), rs256),
        ("JSON with the certificate", json("privateKey", &file), None, ps256),
        ("a bare key, SHA-1", key.clone(), Some(SHA1), rs256),
        ("a bare key in one line", one_line(&key), Some(SHA1), rs256),
        ("a bare key, SHA-256", key.clone(), Some(sha256.as_str()), ps256),
        ("a certificate beside it says more", file.clone(), Some(SHA1), ps256),
    ] {
        let mut credential = Vault::holding(value).secret();
        if let Some(thumbprint) = thumbprint {
            credential = credential.with_thumbprint(thumbprint.parse().unwrap());
        }
        let header = header(&at(&credential, NOW).await.unwrap(), TestKey::first());
        assert_eq!(header.alg, algorithm, "{name}");
        assert_eq!(
            (header.x5t.is_some(), header.x5t_s256.is_some()),
            (algorithm == rs256, algorithm == ps256),
            "{name}"
        );
    }
}

#[cfg(feature = "pfx")]
#[tokio::test]
async fn an_exported_certificate_is_pkcs12_in_base64() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

    let der = |text: &str| pem::parse(text).unwrap().into_contents();
    let certificate = der(&TestKey::first().certificate((2020, 1, 1), (2120, 1, 1)));
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(
        b"1".as_slice(),
        PrivateKey::from_der(&der(&TestKey::first().pem())).unwrap(),
        [Certificate::from_der(&certificate).unwrap()],
    );
    store.add_entry("graph", KeyStoreEntry::PrivateKeyChain(chain));
    let value = STANDARD.encode(store.writer("").write().unwrap());
    for content_type in [Some("application/x-pkcs12"), None] {
        let answer = json!({ "value": value, "contentType": content_type }).to_string();
        let vault = Vault::answering(move |_| status(200, &[], &answer));
        let header = header(&at(&vault.secret().with_x5c(), NOW).await.unwrap(), TestKey::first());
        assert_eq!(header.x5c.unwrap(), [STANDARD.encode(&certificate)], "{content_type:?}");
    }
    let broken = json!({ "value": "MIIA", "contentType": "application/x-pkcs12" }).to_string();
    let vault = Vault::answering(move |_| status(200, &[], &broken));
    assert!(why(at(&vault.secret(), NOW).await).contains("not PKCS#12"));
}

#[tokio::test]
async fn what_is_no_key_is_refused_with_its_reason() {
    let first = TestKey::first();
    for (name, answer, reason) in [
        ("nothing", json!({ "value": "" }), "not PEM"),
        ("a password", json!({ "value": "hunter2" }), "not PEM"),
        ("no value", json!({ "id": "x" }), "it is not a secret"),
        ("a number", json!({ "value": 1 }), "it is not a secret"),
        ("a list", json!([1]), "it is not a secret"),
        ("a bare key without a thumbprint", json!({ "value": first.pem() }), "no certificate beside"),
        ("JSON of something else", json!({ "value": "{\"password\":\"x\"}" }), "without `privateKey`"),
        ("half of JSON", json!({ "value": "{\"privateKey\":" }), "without `privateKey`"),
        ("a certificate alone", json!({ "value": first.certificate((2020, 1, 1), (2120, 1, 1)) }), "no private key"),
    ] {
        let answer = answer.to_string();
        let vault = Vault::answering(move |_| status(200, &[], &answer));
        let why = why(at(&vault.secret(), NOW).await);
        assert!(why.contains(reason) && !why.contains("hunter2"), "{name}: {why}");
    }
}

#[tokio::test]
async fn a_version_is_asked_for_when_it_is_named() {
    let vault = Vault::holding(TestKey::first().file());
    at(&vault.secret(), NOW).await.unwrap();
    at(&vault.secret().with_version("0123abcd").unwrap(), NOW).await.unwrap();
    assert_eq!(
        vault.requests(),
        [
            "GET /secrets/graph?api-version=7.4 vault-token-0",
            "GET /secrets/graph/0123abcd?api-version=7.4 vault-token-1"
        ]
    );
}

#[tokio::test]
async fn nothing_of_a_secret_is_logged_or_shown() {
    crate::testlog::begin();
    let (vault, key) = (Vault::holding(TestKey::first().file()), TestKey::first().pem());
    let credential = vault.secret();
    at(&credential, NOW).await.unwrap();
    vault.hold(key.clone());
    at(&credential, NOW + 5 * 3_600).await.unwrap();
    settle().await;
    let shown = format!("{credential:?} {:?} {}", vault.vault(), crate::testlog::logged());
    assert!(shown.contains("no certificate beside"), "{shown}");
    assert!(key.lines().all(|line| !shown.contains(line)) && !shown.contains("vault-token-"), "{shown}");
}
