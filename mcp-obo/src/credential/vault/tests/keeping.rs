//! When a vault is read again, and what holds while it does not answer.

use super::*;

const HOUR: u64 = 3_600;

fn files() -> (String, String) {
    (TestKey::first().file(), TestKey::second().file())
}

#[tokio::test(start_paused = true)]
async fn a_new_version_is_in_use_four_hours_later_and_nobody_waits_for_it() {
    let (first, second) = files();
    let vault = Vault::holding(first);
    let credential = vault.secret();
    header(&at(&credential, NOW).await.unwrap(), TestKey::first());
    vault.hold(second);
    header(&at(&credential, NOW + 4 * HOUR - 1).await.unwrap(), TestKey::first());
    assert_eq!(vault.requests().len(), 1);
    header(&at(&credential, NOW + 4 * HOUR).await.unwrap(), TestKey::first());
    settle().await;
    assert_eq!(vault.requests().len(), 2);
    header(&at(&credential, NOW + 4 * HOUR).await.unwrap(), TestKey::second());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_reads_the_vault_at_once_but_not_again_and_again() {
    let (first, second) = files();
    let vault = Vault::holding(first);
    let credential = vault.secret();
    let spent = at(&credential, NOW).await.unwrap();
    vault.hold(second);
    credential.refused(&spent);
    header(&at(&credential, NOW + 20).await.unwrap(), TestKey::second());
    // Refused ever after: the vault is not asked for each exchange.
    for second in 20..40 {
        let spent = at(&credential, NOW + second).await.unwrap();
        credential.refused(&spent);
    }
    assert_eq!(vault.requests().len(), 3, "{:?}", vault.requests());
}

#[tokio::test(start_paused = true)]
async fn an_outage_keeps_what_was_read_and_is_tried_again_every_half_minute() {
    let (first, second) = files();
    let vault = Vault::holding(first);
    let credential = vault.secret();
    at(&credential, NOW).await.unwrap();
    vault.answer(|_| status(503, &[], "busy"));
    crate::testlog::begin();
    for later in [0, 10, 29, 30, 31] {
        header(&at(&credential, NOW + 4 * HOUR + later).await.unwrap(), TestKey::first());
        settle().await;
    }
    assert_eq!(vault.requests().len(), 3, "{:?}", vault.requests());
    assert_eq!(crate::testlog::logged().matches("stays in use").count(), 2, "{}", crate::testlog::logged());
    vault.hold(second);
    at(&credential, NOW + 4 * HOUR + 60).await.unwrap();
    settle().await;
    header(&at(&credential, NOW + 4 * HOUR + 61).await.unwrap(), TestKey::second());
}

#[tokio::test(start_paused = true)]
async fn a_broken_new_version_keeps_the_one_before_even_when_that_is_refused() {
    let (first, _) = files();
    let vault = Vault::holding(first);
    let credential = vault.secret();
    let spent = at(&credential, NOW).await.unwrap();
    vault.hold("not a key");
    credential.refused(&spent);
    assert!(at(&credential, NOW + 20).await.unwrap().is_the_same(&spent));
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_was_never_reached_is_asked_once_for_all_and_again_later() {
    let vault = Vault::answering(|_| status(503, &[], ""));
    let credential = Arc::new(vault.secret());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let credential = Arc::clone(&credential);
        all.spawn(async move { why(at(&credential, NOW).await) });
    }
    assert!(all.join_all().await.iter().all(|why| why == "Key Vault answered reading the secret with HTTP 503"));
    at(&credential, NOW + 29).await.unwrap_err();
    assert_eq!(vault.requests().len(), 1);
    vault.hold(TestKey::first().file());
    at(&credential, NOW + 30).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_throttled_vault_is_left_alone_as_long_as_it_wants() {
    let vault = Vault::answering(|_| status(429, &[("retry-after", "120")], ""));
    let credential = vault.secret();
    assert!(why(at(&credential, NOW).await).contains("too often"));
    at(&credential, NOW + 119).await.unwrap_err();
    assert_eq!(vault.requests().len(), 1);
    at(&credential, NOW + 120).await.unwrap_err();
    assert_eq!(vault.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn near_its_end_a_certificate_is_read_more_often_and_after_it_before_use() {
    // `NOW` is eight in the morning of 2027-01-15.
    let ending = TestKey::first().certificate((2020, 1, 1), (2027, 1, 16)) + &TestKey::first().pem();
    let vault = Vault::holding(ending);
    let credential = vault.secret();
    at(&credential, NOW).await.unwrap();
    let end = credential.status().ends_at().unwrap().as_secs();
    assert_eq!(end, NOW + 16 * HOUR);
    at(&credential, NOW + 599).await.unwrap();
    settle().await;
    assert_eq!(vault.requests().len(), 1);
    at(&credential, NOW + 600).await.unwrap();
    settle().await;
    assert_eq!(vault.requests().len(), 2);
    assert!(why(at(&credential, end).await).contains("ended"));
    vault.hold(TestKey::second().file());
    header(&at(&credential, end + 60).await.unwrap(), TestKey::second());
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_hangs_is_given_up() {
    let vault = Vault::holding("x");
    let http = HttpClient::new(tower::service_fn(|_| std::future::pending::<Result<Response<Bytes>, Infallible>>()));
    let hanging = KeyVault::over(http, URL, Cloud::Public, vault.tokens.clone()).unwrap();
    let credential = KeyVaultCertificate::from_secret(&hanging, "graph").unwrap();
    assert_eq!(why(at(&credential, NOW).await), "Key Vault did not answer within 10 s");
}
