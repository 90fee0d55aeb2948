use std::{fs, path::Path, time::Duration};

use http::Uri;
use mcp_auth_layer::clock::UnixTime;
use tempfile::TempDir;

use super::*;
use crate::{
    credential::{
        ClientAuth, ClientContext, ClientCredential, CredentialError, CredentialKind, CredentialStatus, PrivateKey,
    },
    testcertificate::{Day, TestKey},
    testlog,
    testtenant::{CLIENT, NOW},
};

const DAY: u64 = 24 * 60 * 60;

/// `NOW` is 2027-01-15, eight o'clock.
const LONG_AGO: Day = (2020, 1, 1);
const FAR: Day = (2127, 1, 1);

async fn at(credential: &dyn ClientCredential, now: u64) -> Result<ClientAuth, CredentialError> {
    let endpoint = Uri::from_static("https://login.example/token");
    credential.authenticate(&ClientContext::new(CLIENT, &endpoint, UnixTime::from_secs(now))).await
}

fn pem(from: Day, to: Day) -> String {
    TestKey::first().certificate(from, to) + &TestKey::first().pem()
}

/// A file with a certificate in it, and the credential that was read from it.
fn in_file(content: &str) -> (TempDir, PathBuf, ClientCertificate) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    fs::write(&file, content).unwrap();
    let credential = ClientCertificate::from_pem_file(&file).unwrap();
    (folder, file, credential)
}

fn warnings() -> usize {
    testlog::logged().matches(" WARN ").count()
}

#[test]
fn what_entra_would_not_accept_is_refused_with_its_reason() {
    let (first, second) = (TestKey::first(), TestKey::second());
    let certificate = first.certificate(LONG_AGO, FAR);
    let with = |other: &str| certificate.clone() + other;
    let ec = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    let short = "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n";
    let encrypted = short.replace("MAA=", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=");
    for (name, file, expected) in [
        ("nothing", String::new(), "NotPem"),
        ("DER", "\u{30}\u{2}\u{5}".to_owned(), "NotPem"),
        ("half a file", pem(LONG_AGO, FAR)[..2_000].to_owned(), "NoKey"),
        ("no key", with(""), "NoKey"),
        ("no certificate", first.pem(), "NoCertificate"),
        ("two keys", with(&(first.pem() + &second.pem())), "SeveralKeys"),
        ("another's key", with(&second.pem()), "Mismatch"),
        ("EC, PKCS#8", with(&ec), "NotRsa"),
        ("EC, SEC 1", with(&ec.replace("PRIVATE KEY", "EC PRIVATE KEY")), "NotRsa"),
        ("Ed25519", with(&ed25519), "NotRsa"),
        ("not a key", with(short), "UnreadableKey"),
        ("encrypted, PKCS#1", with(&encrypted), "EncryptedKey"),
        ("encrypted, PKCS#8", with(&first.pem().replace("PRIVATE", "ENCRYPTED PRIVATE")), "EncryptedKey"),
        (
            "not a certificate",
            first.pem() + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            "UnreadableCertificate",
        ),
    ] {
        let why = ClientCertificate::from_pem(&file).unwrap_err();
        assert_eq!(format!("{why:?}"), expected, "{name}");
    }
}

#[test]
fn a_file_without_an_end_is_not_read_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    fs::write(&file, vec![b'x'; 2 << 20]).unwrap();
    assert!(matches!(ClientCertificate::from_pem_file(&file), Err(CertificateError::TooLarge { .. })));
    assert!(matches!(ClientCertificate::from_pem_file(folder.path()), Err(CertificateError::File { .. })));
    let zero = Path::new("/dev/zero");
    if zero.exists() {
        assert!(matches!(ClientCertificate::from_pem_file(zero), Err(CertificateError::TooLarge { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_is_noticed_within_half_a_minute_and_not_looked_at_for_each_request() {
    let (_folder, file, credential) = in_file(&TestKey::first().file());
    let old = at(&credential, NOW).await.unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    fs::write(&file, TestKey::second().file()).unwrap();
    tokio::time::advance(Duration::from_secs(24)).await;
    assert!(at(&credential, NOW).await.unwrap().is_the_same(&old), "not looked at yet");
    tokio::time::advance(Duration::from_secs(1)).await;
    let new = at(&credential, NOW).await.unwrap();
    assert!(!new.is_the_same(&old));
    assert!(at(&credential, NOW).await.unwrap().is_the_same(&new));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_and_a_new_assertion_look_at_the_file_at_once() {
    let (_folder, file, credential) = in_file(&TestKey::first().file());
    let first = at(&credential, NOW).await.unwrap();
    credential.refused(&first);
    assert!(at(&credential, NOW).await.unwrap().is_the_same(&first), "the same file: the same would be refused again");
    fs::write(&file, TestKey::second().file()).unwrap();
    credential.refused(&first);
    let second = at(&credential, NOW).await.unwrap();
    assert!(!second.is_the_same(&first));

    fs::write(&file, TestKey::first().file()).unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(at(&credential, NOW).await.unwrap().is_the_same(&second));
    // Eight minutes later it would have to sign anyway: with the key that is there now.
    let third = at(&credential, NOW + 480).await.unwrap();
    credential.refused(&third);
    assert!(at(&credential, NOW + 480).await.unwrap().is_the_same(&third));
}

#[tokio::test(start_paused = true)]
async fn a_broken_new_file_is_reported_once_and_the_old_certificate_stays_in_use() {
    testlog::begin();
    let (_folder, file, credential) = in_file(&TestKey::first().file());
    let good = at(&credential, NOW).await.unwrap();
    for (number, broken) in ["", "not a certificate", &TestKey::first().pem()].into_iter().enumerate() {
        fs::write(&file, broken).unwrap();
        for _ in 0..3 {
            credential.refused(&good);
            assert!(at(&credential, NOW).await.unwrap().is_the_same(&good));
        }
        assert_eq!(warnings(), number + 1, "{}", testlog::logged());
    }
    fs::remove_file(&file).unwrap();
    for _ in 0..3 {
        credential.refused(&good);
        assert!(at(&credential, NOW).await.unwrap().is_the_same(&good));
    }
    assert_eq!(warnings(), 4);
    // Until it is whole again.
    fs::write(&file, TestKey::second().file()).unwrap();
    credential.refused(&good);
    assert!(!at(&credential, NOW).await.unwrap().is_the_same(&good));
    assert!(!testlog::logged().contains("PRIVATE"), "{}", testlog::logged());
}

#[tokio::test]
async fn the_end_of_a_certificate_is_said_once_a_day_from_thirty_days_before() {
    // The machine's own clock judges at construction; this certificate is good by any clock until then.
    let credential = ClientCertificate::from_pem(pem(LONG_AGO, (2107, 3, 1))).unwrap();
    let end = credential.status().ends_at().unwrap().as_secs();
    testlog::begin();
    for (name, now, expected) in [
        ("31 days before", end - 31 * DAY, 0),
        ("30 days before", end - 30 * DAY, 1),
        ("the same day", end - 30 * DAY + 600, 1),
        ("a second less than a day later", end - 29 * DAY - 1, 1),
        ("a day later", end - 29 * DAY, 2),
        ("the last day", end - 1, 3),
    ] {
        at(&credential, now).await.unwrap();
        assert_eq!(warnings(), expected, "{name}: {}", testlog::logged());
    }
    assert!(testlog::logged().contains("days_left=30"), "{}", testlog::logged());
    let ended = at(&credential, end).await.unwrap_err();
    assert!(matches!(ended, CredentialError::Certificate(CertificateError::Ended { .. })), "{ended:?}");
}

#[test]
fn an_ended_or_future_certificate_is_no_error_but_a_warning() {
    for (name, from, to, text) in
        [("ended", LONG_AGO, (2021, 1, 1), "has ended"), ("future", (2120, 1, 1), (2121, 1, 1), "not valid yet")]
    {
        testlog::begin();
        let credential = ClientCertificate::from_pem(pem(from, to)).unwrap();
        assert!(testlog::logged().contains(text), "{name}: {}", testlog::logged());
        assert!(credential.status().ends_at().is_some(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewed_certificate_ends_the_warnings_and_the_refusal() {
    let (_folder, file, credential) = in_file(&pem(LONG_AGO, (2027, 1, 15)));
    let end = UnixTime::from_secs(NOW - 8 * 60 * 60);
    assert_eq!(credential.status().ends_at(), Some(end));
    at(&credential, NOW).await.unwrap_err();
    fs::write(&file, pem(LONG_AGO, FAR)).unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    testlog::begin();
    at(&credential, NOW).await.unwrap();
    assert!(credential.status().ends_at().unwrap() > end);
    assert_eq!(warnings(), 0, "{}", testlog::logged());
}

#[tokio::test]
async fn a_bare_key_takes_the_certificate_beside_it_before_the_thumbprint() {
    testlog::begin();
    let sha1 = "00".repeat(20).parse().unwrap();
    let bare = PrivateKey::from_pem(TestKey::first().pem(), sha1).unwrap();
    assert_eq!(bare.status(), CredentialStatus::of(CredentialKind::Certificate), "nobody knows its end");
    assert!(testlog::logged().contains("SHA-1"), "{}", testlog::logged());
    let beside = PrivateKey::from_pem(TestKey::first().file(), sha1).unwrap();
    assert!(beside.status().ends_at().is_some());
}

#[test]
fn debug_shows_where_it_is_and_which_but_no_key() {
    let (_folder, file, credential) = in_file(&TestKey::first().file());
    let shown =
        format!("{credential:?} {:?}", PrivateKey::from_pem(TestKey::first().pem(), "1".repeat(64).parse().unwrap()));
    assert!(shown.contains(file.file_name().unwrap().to_str().unwrap()) && shown.contains("Thumbprint("), "{shown}");
    let key = TestKey::first().pem();
    assert!(key.lines().skip(1).take(3).all(|line| !shown.contains(line)) && shown.len() < 600, "{shown}");
}

#[test]
fn a_caller_who_goes_away_does_not_take_the_new_certificate_along() {
    let one_reader =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    one_reader.block_on(async {
        let (_folder, file, credential) = in_file(&(TestKey::first().file()));
        let spent = at(&credential, NOW).await.unwrap();
        fs::write(&file, TestKey::second().file()).unwrap();
        credential.refused(&spent);
        // The file is not read before the caller has gone.
        let (gate, opened) = std::sync::mpsc::channel::<()>();
        let reader = tokio::task::spawn_blocking(move || opened.recv());
        // The deadline of the exchange ends in the middle of the look at the file.
        let mut leaving = Box::pin(at(&credential, NOW));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(leaving.as_mut().poll(cx).is_ready())).await;
        assert!(!polled, "the file is read on another thread");
        drop((leaving, gate));
        reader.await.unwrap().unwrap_err();
        let now = at(&credential, NOW).await.unwrap();
        assert!(!now.is_the_same(&spent), "the new key signs");
    });
}
