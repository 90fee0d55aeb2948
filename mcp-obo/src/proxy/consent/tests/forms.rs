use super::*;

#[test]
fn the_answer_of_the_browser_that_was_asked_is_heard_whole() {
    for (answer, expected) in [("approve", Verdict::Approved), ("cancel", Verdict::Cancelled)] {
        let consent = consent(Remembering::Never);
        let mut browser = Browser::default();
        let page = browser.is_asked(&consent, &registered(), LOOPBACK);
        let decision = browser.answers(&consent, &filled(&page, answer, &[])).unwrap();
        assert_eq!((decision.verdict, &decision.pending), (expected, &pending(LOOPBACK)));
        assert!(browser.0.is_empty(), "nothing of it is left: {browser:?}");
    }
}

/// What a browser other than the one that was asked sends, or at another time.
struct Attempt {
    form: Parameters,
    headers: HeaderMap,
    at: UnixTime,
}

#[test]
fn every_other_form_does_nothing() {
    let ring = KeyRing::ephemeral();
    let consent = consent_with(&ring, Remembering::OnRequest);
    let mut asked = Browser::default();
    let page = asked.is_asked(&consent, &registered(), LOOPBACK);
    let mut other = Browser::default();
    let others = other.is_asked(&consent, &registered(), LOOPBACK);
    let ours = || filled(&page, "approve", &[]);
    let sends = || asked.sends(Some("same-origin"));
    let attempt = |form, headers, at| Attempt { form, headers, at };

    let mut renamed = asked.clone();
    renamed.0[0].1 = other.0[0].1.clone();
    let mut twice = asked.clone();
    twice.0.push(asked.0[0].clone());
    let foreign = consent_with(&KeyRing::ephemeral(), Remembering::Never);
    let elsewhere = Browser::default().is_asked(&foreign, &registered(), LOOPBACK);
    let ticket = page.value_of("ticket").unwrap();
    let changed = format!("{}{}", &ticket[..ticket.len() - 8], "AAAAAAAA");
    let memory = {
        let mut browser = Browser::default();
        let page = browser.is_asked(&consent, &document(), WEBSITE);
        browser.answers(&consent, &filled(&page, "approve", &[("remember", "yes")])).unwrap();
        browser.0[0].1.clone()
    };

    for (name, attempt, expected) in [
        ("no cookie", attempt(ours(), HeaderMap::new(), NOW), Refusal::NoProof),
        ("another browser's cookie", attempt(ours(), other.sends(None), NOW), Refusal::NoProof),
        ("another value under the name", attempt(ours(), renamed.sends(None), NOW), Refusal::NoProof),
        ("the cookie twice", attempt(ours(), twice.sends(None), NOW), Refusal::NoProof),
        ("another browser's ticket", attempt(filled(&others, "approve", &[]), sends(), NOW), Refusal::NoProof),
        ("another server's ticket", attempt(filled(&elsewhere, "approve", &[]), sends(), NOW), Refusal::Foreign),
        (
            "a changed ticket",
            attempt(form(&[("ticket", &changed), ("answer", "approve")]), sends(), NOW),
            Refusal::Foreign,
        ),
        ("no ticket", attempt(form(&[("answer", "approve")]), sends(), NOW), Refusal::Incomplete),
        (
            "an endless ticket",
            attempt(form(&[("ticket", &"A".repeat(100_000)), ("answer", "approve")]), sends(), NOW),
            Refusal::Foreign,
        ),
        (
            "the memory for a ticket",
            attempt(form(&[("ticket", &memory), ("answer", "approve")]), sends(), NOW),
            Refusal::Foreign,
        ),
        ("no answer", attempt(form(&[("ticket", &ticket)]), sends(), NOW), Refusal::Incomplete),
        ("another answer", attempt(filled(&page, "yes", &[]), sends(), NOW), Refusal::Incomplete),
        ("from another site", attempt(ours(), asked.sends(Some("cross-site")), NOW), Refusal::OtherSite),
        ("from a neighbour", attempt(ours(), asked.sends(Some("same-site")), NOW), Refusal::OtherSite),
        ("ten minutes later", attempt(ours(), sends(), NOW.saturating_add(10 * MINUTE)), Refusal::Expired),
        ("before it was made", attempt(ours(), sends(), NOW.saturating_sub(2 * MINUTE)), Refusal::Expired),
    ] {
        let refused = consent.decide(&attempt.form, &attempt.headers, attempt.at);
        assert_eq!(refused.map(|decision| decision.verdict), Err(expected), "{name}");
    }
    // The same form, sent by its own browser in its time, is heard: nothing above failed for another reason.
    for (name, headers, at) in [
        ("at once", sends(), NOW),
        ("in the last second", sends(), NOW.saturating_add(10 * MINUTE).saturating_sub(Duration::from_secs(1))),
        ("by a replica whose clock is behind", sends(), NOW.saturating_sub(MINUTE)),
        ("by a browser that does not say where from", asked.sends(None), NOW),
    ] {
        assert_eq!(consent.decide(&ours(), &headers, at).unwrap().verdict, Verdict::Approved, "{name}");
    }
}

#[test]
fn a_form_is_good_for_what_it_was_made_for() {
    let consent = consent(Remembering::OnRequest);
    let mut browser = Browser::default();
    let page = browser.is_asked(&consent, &document(), WEBSITE);
    browser.answers(&consent, &filled(&page, "approve", &[("remember", "yes")])).unwrap();
    let asks = browser.is_asked(&consent, &registered(), LOOPBACK);
    let forgets = browser.show(&consent.offer_to_forget(&browser.sends(None), NOW).unwrap());
    let headers = browser.sends(Some("same-origin"));
    let decided = consent.decide(&filled(&forgets, "approve", &[]), &headers, NOW);
    assert_eq!(decided.map(|decision| decision.verdict), Err(Refusal::Foreign));
    assert_eq!(consent.forget(&filled(&asks, "approve", &[]), &headers, NOW).err(), Some(Refusal::Foreign));
    assert_eq!(consent.forget(&form(&[]), &headers, NOW).err(), Some(Refusal::Incomplete));
    assert!(consent.forget(&filled(&forgets, "", &[]), &headers, NOW).is_ok());
}

#[test]
fn a_form_is_heard_once() {
    for answer in ["approve", "cancel"] {
        let consent = consent(Remembering::Never);
        let mut browser = Browser::default();
        let page = browser.is_asked(&consent, &registered(), LOOPBACK);
        assert!(browser.answers(&consent, &filled(&page, answer, &[])).is_ok());
        let again = browser.answers(&consent, &filled(&page, "approve", &[]));
        assert_eq!(again.map(|decision| decision.verdict), Err(Refusal::NoProof), "{answer}, then again");
    }
}

#[test]
fn two_pages_side_by_side_do_not_end_each_other() {
    let consent = consent(Remembering::Never);
    let mut browser = Browser::default();
    let first = browser.is_asked(&consent, &registered(), LOOPBACK);
    let second = browser.is_asked(&consent, &document(), WEBSITE);
    let answer = browser.answers(&consent, &filled(&second, "cancel", &[])).unwrap();
    assert_eq!(answer.pending.redirect, WEBSITE);
    let answer = browser.answers(&consent, &filled(&first, "approve", &[])).unwrap();
    assert_eq!(answer.pending.redirect, LOOPBACK);
}

#[test]
fn a_browser_has_five_pages_open_at_most() {
    let consent = consent(Remembering::Never);
    let mut browser = Browser::default();
    for opened in 1..=12 {
        let page = browser.is_asked(&consent, &registered(), LOOPBACK);
        assert_eq!(browser.0.len(), opened.min(5), "after {opened}");
        let newest = consent.decide(&filled(&page, "approve", &[]), &browser.sends(None), NOW);
        assert!(newest.is_ok(), "the newest page is good, after {opened}");
    }
}

#[test]
fn any_replica_with_the_same_keys_hears_the_answer() {
    let ring = KeyRing::ephemeral();
    let (one, other) = (consent_with(&ring, Remembering::Never), consent_with(&ring, Remembering::Never));
    let mut browser = Browser::default();
    let page = browser.is_asked(&one, &registered(), LOOPBACK);
    assert!(browser.answers(&other, &filled(&page, "approve", &[])).is_ok());
}

#[test]
fn the_largest_request_fits_and_a_larger_one_is_refused() {
    let consent = consent(Remembering::Never);
    let mut large = pending(&format!("http://127.0.0.1:1/{}", "p".repeat(480)));
    large.client = "c".repeat(2_048);
    large.state = Some("s".repeat(2_048));
    large.claims = Some("{}".repeat(2_048));
    assert!(consent.ask(&registered(), &large, &HeaderMap::new(), NOW).is_ok());
    large.claims = Some("{}".repeat(8_192));
    assert_eq!(consent.ask(&registered(), &large, &HeaderMap::new(), NOW).err(), Some(TooLong));
}

#[test]
fn a_ticket_shows_nothing_of_the_request() {
    let text = format!("{:?}", pending(LOOPBACK));
    for secret in ["client-state", "adele", "ccccc"] {
        assert!(!text.contains(secret), "{text}");
    }
    let page = Browser::default().is_asked(&consent(Remembering::Never), &registered(), LOOPBACK);
    let ticket = page.value_of("ticket").unwrap();
    let plain = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, &ticket).unwrap();
    assert!(!String::from_utf8_lossy(&plain).contains("client-state"));
}
