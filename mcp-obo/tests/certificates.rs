//! Certificates of every form, from the file to the token, at a tenant that checks assertions as Entra does.

#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{API_CLIENT_ID, Config, Emulator, TENANT_ID, TokenSpec};
use http::Uri;
use mcp_auth_layer::{EntraApp, VerifiedToken, clock::UnixTime, token::BearerToken, verify::Verifier};
use mcp_obo::{
    ClientCertificate, ClientCredential, ClientCredentials, ClientSecret, Exchange, ExchangeErrorKind, PrivateKey,
    Target,
    credential::{ClientContext, CredentialKind, Thumbprint},
};
use serde_json::Value;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("certificates/", $name)).as_slice()
    };
}

const LEAF: &[u8] = fixture!("leaf.crt");

/// A tenant in which the fixtures' certificate is registered, and a user of it.
struct Tenant {
    emulator: Emulator,
    app: EntraApp,
    alice: VerifiedToken,
}

impl Tenant {
    async fn start() -> Self {
        Self::with(Config::default().with_certificate(str::from_utf8(LEAF).unwrap())).await
    }

    async fn with(config: Config) -> Self {
        let emulator = Emulator::start(config).await.unwrap();
        let app = EntraApp::single_tenant(TENANT_ID, API_CLIENT_ID).unwrap();
        let app = app.with_authority_host(&emulator.http_url()).unwrap();
        let token = BearerToken::new(&emulator.mint(TokenSpec::user("alice")));
        let alice = Verifier::entra(&app).verify(token).await.unwrap();
        Self { emulator, app, alice }
    }

    async fn exchange(&self, credential: impl Into<ClientCredentials>) -> Result<(), ExchangeErrorKind> {
        let exchange = Exchange::new(&self.app, credential).add_target(&Target::graph());
        exchange.token(&self.alice, &Target::graph()).await.map(|_| ()).map_err(|error| error.kind())
    }
}

/// Returns the header of the assertion that a credential makes.
async fn header(credential: &dyn ClientCredential) -> Value {
    let endpoint = Uri::from_static("https://login.example/token");
    let client = ClientContext::new("app", &endpoint, UnixTime::from_secs(1_800_000_000));
    let auth = credential.authenticate(&client).await.unwrap();
    let (_, jwt) = auth.fields().into_iter().find(|(name, _)| *name == "client_assertion").unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap()).unwrap()
}

fn der(pem: &[u8]) -> Vec<u8> {
    pem::parse(pem).unwrap().into_contents()
}

#[tokio::test]
async fn a_pem_file_of_any_form_gets_a_token() {
    let tenant = Tenant::start().await;
    let (pkcs8, pkcs1, ca) = (fixture!("pkcs8.key"), fixture!("pkcs1.key"), fixture!("ca.crt"));
    let windows = String::from_utf8([pkcs8, LEAF].concat()).unwrap().replace('\n', "\r\n");
    for (name, file) in [
        ("PKCS#8, then the certificate", [pkcs8, LEAF].concat()),
        ("the certificate, then PKCS#8", [LEAF, pkcs8].concat()),
        ("PKCS#1", [pkcs1, LEAF].concat()),
        ("chain behind", [pkcs8, LEAF, ca].concat()),
        ("chain before", [ca, LEAF, pkcs8].concat()),
        ("key in the middle", [LEAF, pkcs1, ca].concat()),
        ("Windows' line ends", windows.into_bytes()),
        (
            "with openssl's remarks",
            [b"Bag Attributes\n    localKeyID: 01 02\n".as_slice(), pkcs8, b"subject=CN = x\n", LEAF].concat(),
        ),
    ] {
        let certificate = ClientCertificate::from_pem(file).unwrap();
        assert_eq!(tenant.exchange(certificate).await, Ok(()), "{name}");
    }
    assert_eq!(tenant.emulator.counters().obo, 8, "no one was refused first");
}

#[cfg(feature = "pfx")]
#[tokio::test]
async fn a_pfx_file_of_any_encryption_gets_a_token() {
    let tenant = Tenant::start().await;
    for (name, file, password) in [
        ("AES-256", fixture!("aes256.pfx"), "test"),
        ("3DES", fixture!("3des.pfx"), "test"),
        ("RC2 with 40 bits", fixture!("rc2-40.pfx"), "test"),
        ("no password", fixture!("no-password.pfx"), ""),
        ("no checksum", fixture!("no-checksum.pfx"), "test"),
        ("not encrypted", fixture!("open.pfx"), ""),
    ] {
        let certificate = ClientCertificate::from_pfx(file, password).unwrap();
        assert_eq!(tenant.exchange(certificate).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn a_key_alone_gets_a_token_by_either_thumbprint() {
    let tenant = Tenant::start().await;
    let leaf = der(LEAF);
    for (name, hash, algorithm) in
        [("SHA-1", digest(&SHA1_FOR_LEGACY_USE_ONLY, &leaf), "RS256"), ("SHA-256", digest(&SHA256, &leaf), "PS256")]
    {
        let shown: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}:")).collect();
        let thumbprint: Thumbprint = shown.parse().unwrap();
        let key = PrivateKey::from_pem(fixture!("pkcs8.key"), thumbprint).unwrap();
        assert_eq!(header(&key).await["alg"], algorithm, "{name}");
        assert_eq!(tenant.exchange(key).await, Ok(()), "{name}");
        let wrong =
            PrivateKey::from_pem(fixture!("pkcs8.key"), "0".repeat(shown.len() / 3 * 2).parse().unwrap()).unwrap();
        assert_eq!(tenant.exchange(wrong).await, Err(ExchangeErrorKind::ClientCredential), "{name}");
    }
}

#[tokio::test]
async fn the_chain_is_sent_leaf_first_and_only_on_request() {
    let tenant = Tenant::start().await;
    let file = [fixture!("ca.crt"), fixture!("pkcs8.key"), LEAF].concat();
    let certificate = ClientCertificate::from_pem(&file).unwrap();
    assert_eq!(header(&certificate).await["x5c"], Value::Null);
    let certificate = certificate.with_x5c();
    let standard = |pem: &[u8]| base64::engine::general_purpose::STANDARD.encode(der(pem));
    assert_eq!(header(&certificate).await["x5c"], serde_json::json!([standard(LEAF), standard(fixture!("ca.crt"))]));
    assert_eq!(tenant.exchange(certificate).await, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_is_trusted_for_its_subject_and_issuer_must_come_along() {
    let (subject, ca) = ("CN=mcp-obo test app\\, for tests only", str::from_utf8(fixture!("ca.crt")).unwrap());
    let file = [fixture!("pkcs8.key"), LEAF].concat();
    let certificate = || ClientCertificate::from_pem(&file).unwrap();
    let refused = Err(ExchangeErrorKind::ClientCredential);
    for (name, subject, authority, sent, expected) in [
        ("sent", subject, ca, certificate().with_x5c(), Ok(())),
        ("sent, RS256", subject, ca, certificate().with_x5c().with_rs256(), Ok(())),
        ("named alone", subject, ca, certificate(), refused),
        ("of another subject", "CN=other", ca, certificate().with_x5c(), refused),
        ("of another authority", subject, str::from_utf8(LEAF).unwrap(), certificate().with_x5c(), refused),
    ] {
        let tenant = Tenant::with(Config::default().with_trusted_subject(subject, authority)).await;
        assert_eq!(tenant.exchange(sent).await, expected, "{name}");
    }
}

#[tokio::test]
async fn rs256_on_request_names_the_certificate_in_both_ways() {
    let tenant = Tenant::start().await;
    let certificate = ClientCertificate::from_pem([fixture!("pkcs8.key"), LEAF].concat()).unwrap().with_rs256();
    let header = header(&certificate).await;
    let leaf = der(LEAF);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(digest(&SHA256, &leaf)));
    assert_eq!(header["x5t"], URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &leaf)));
    assert_eq!(tenant.exchange(certificate).await, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_is_not_registered_gives_way_to_the_next_credential() {
    let tenant = Tenant::with(Config::default()).await;
    let file = [fixture!("pkcs8.key"), LEAF].concat();
    let certificate = || ClientCertificate::from_pem(&file).unwrap();
    assert_eq!(tenant.exchange(certificate()).await, Err(ExchangeErrorKind::ClientCredential));
    let secret = ClientSecret::new(tenant.emulator.api_app().client_secret());
    assert_eq!(tenant.exchange(ClientCredentials::of(certificate()).or(secret)).await, Ok(()));
}

#[tokio::test]
async fn a_rotated_file_is_used_as_soon_as_entra_refuses_the_old_one() {
    let tenant = Tenant::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    let old = entra_emulator::ClientCertificate::generate();
    std::fs::write(&file, old.private_key_pem().to_owned() + old.certificate_pem()).unwrap();
    let certificate = ClientCertificate::from_pem_file(&file).unwrap();
    // Somebody puts the new one there; nothing is restarted and no time passes.
    std::fs::write(&file, [fixture!("pkcs8.key"), LEAF].concat()).unwrap();
    assert_eq!(tenant.exchange(certificate).await, Ok(()));
}

#[test]
fn the_status_tells_when_it_ends() {
    let certificate = ClientCertificate::from_pem([fixture!("pkcs8.key"), LEAF].concat()).unwrap();
    let status = certificate.status();
    assert_eq!(status.kind(), CredentialKind::Certificate);
    // A hundred years after it was made.
    assert!(status.ends_at().unwrap() > UnixTime::from_secs(4_900_000_000), "{status:?}");
}

#[test]
fn what_openssl_writes_and_entra_does_not_take_is_refused_with_a_reason() {
    for (name, key, reason) in [
        ("RSA with 1024 bits", fixture!("short.key"), "fewer than 2048 bits"),
        ("EC in SEC 1", fixture!("ec-sec1.key"), "not RSA"),
        ("EC in PKCS#8", fixture!("ec-pkcs8.key"), "not RSA"),
        ("Ed25519", fixture!("ed25519.key"), "not RSA"),
        ("encrypted PKCS#1", fixture!("encrypted-pkcs1.key"), "is encrypted"),
        ("encrypted PKCS#8", fixture!("encrypted-pkcs8.key"), "is encrypted"),
    ] {
        let why = ClientCertificate::from_pem([LEAF, key].concat()).unwrap_err().to_string();
        assert!(why.contains(reason), "{name}: {why}");
    }
}

#[cfg(feature = "pfx")]
#[test]
fn a_pfx_file_that_does_not_open_says_why() {
    use mcp_obo::credential::CertificateError::{self, NotPfx, WrongPassword};

    let damaged = &fixture!("aes256.pfx")[..1_000];
    for (name, file, password, is_expected) in [
        (
            "AES-256",
            fixture!("aes256.pfx"),
            "wrong",
            (|why| matches!(why, WrongPassword)) as fn(&CertificateError) -> bool,
        ),
        ("3DES", fixture!("3des.pfx"), "wrong", |why| matches!(why, WrongPassword)),
        ("RC2 with 40 bits", fixture!("rc2-40.pfx"), "wrong", |why| matches!(why, WrongPassword)),
        ("no password given", fixture!("aes256.pfx"), "", |why| matches!(why, WrongPassword)),
        ("no checksum", fixture!("no-checksum.pfx"), "wrong", |why| matches!(why, WrongPassword)),
        ("PEM", fixture!("pkcs8.key"), "test", |why| matches!(why, NotPfx)),
        ("damaged", damaged, "test", |why| matches!(why, NotPfx)),
        ("nothing", b"", "test", |why| matches!(why, NotPfx)),
    ] {
        let why = ClientCertificate::from_pfx(file, password).unwrap_err();
        assert!(is_expected(&why), "{name}: {why}");
    }
}
