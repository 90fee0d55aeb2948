use std::sync::LazyLock;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn asks<'a>(redirect: &'a str, names: &'a [String]) -> Matter<'a> {
    static KIND: LazyLock<ClientKind> = LazyLock::new(|| document().kind);
    Matter { client: "mcp.abc", kind: &KIND, redirect, names }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Approves a client and has it remembered.
fn approves(consent: &Consent, browser: &mut Browser, client: &Introduction<'_>, pending: &Pending, now: UnixTime) {
    let page = browser.show(&consent.ask(client, pending, &browser.sends(Some("none")), now).unwrap());
    let form = filled(&page, "approve", &[("remember", "yes")]);
    let decision = consent.decide(&form, &browser.sends(Some("same-origin")), now).unwrap();
    browser.keep(decision.cookies);
}

#[test]
fn an_answer_is_remembered_for_exactly_what_it_was_about() {
    let consent = consent(Remembering::OnRequest);
    let mut browser = Browser::default();
    let mut approved = pending(WEBSITE);
    approved.names = names(&["a", "b"]);
    approves(&consent, &mut browser, &document(), &approved, NOW);

    let (path, port, elsewhere) =
        ("https://app.contoso.com/other", "https://app.contoso.com:444/", "https://b.contoso.com/");
    let (both, turned, fewer, more) = (names(&["a", "b"]), names(&["b", "a"]), names(&["a"]), names(&["a", "b", "c"]));
    let joined = names(&["a b"]);
    let same = asks(WEBSITE, &both);
    let none = Some("none");
    for (name, matter, site, at, expected) in [
        ("the same", same, none, NOW, Memory::Approved),
        ("from a page of this server", same, Some("same-origin"), NOW, Memory::Approved),
        ("scopes in another order", asks(WEBSITE, &turned), none, NOW, Memory::Approved),
        ("another address of the same website", asks(path, &both), none, NOW, Memory::Nothing),
        (
            "the operator's client of that id",
            Matter { kind: &ClientKind::Preregistered, ..same },
            none,
            NOW,
            Memory::Approved,
        ),
        (
            "in the last second",
            same,
            none,
            NOW.saturating_add(30 * DAY).saturating_sub(Duration::from_secs(1)),
            Memory::Approved,
        ),
        ("thirty days later", same, none, NOW.saturating_add(30 * DAY), Memory::Nothing),
        ("before it was given", same, none, NOW.saturating_sub(2 * MINUTE), Memory::Nothing),
        ("from another site", same, Some("cross-site"), NOW, Memory::Nothing),
        ("from a neighbour", same, Some("same-site"), NOW, Memory::Nothing),
        ("by a browser that does not say where from", same, None, NOW, Memory::Nothing),
        ("another client", Matter { client: "mcp.other", ..same }, none, NOW, Memory::Nothing),
        (
            "a registered client of that id",
            Matter { kind: &ClientKind::Registered, ..same },
            none,
            NOW,
            Memory::Nothing,
        ),
        ("another host", asks(elsewhere, &both), none, NOW, Memory::Nothing),
        ("another port", asks(port, &both), none, NOW, Memory::Nothing),
        ("this computer", asks(LOOPBACK, &both), none, NOW, Memory::Nothing),
        ("more scopes", asks(WEBSITE, &more), none, NOW, Memory::Nothing),
        ("fewer scopes", asks(WEBSITE, &fewer), none, NOW, Memory::Nothing),
        ("scopes that read the same together", asks(WEBSITE, &joined), none, NOW, Memory::Nothing),
    ] {
        assert_eq!(consent.recall(&matter, &browser.sends(site), at), expected, "{name}");
    }
    let other = Browser::default().sends(none);
    assert_eq!(consent.recall(&same, &other, NOW), Memory::Nothing, "another browser");
}

#[test]
fn nothing_is_offered_or_kept_unless_every_condition_holds() {
    use Remembering::{Never, OnRequest};
    for (name, remembering, client, redirect, answer, wish, expected) in [
        ("a client by its document", OnRequest, document(), WEBSITE, "approve", "yes", true),
        ("the operator's client", OnRequest, preregistered(), WEBSITE, "approve", "yes", true),
        ("not switched on", Never, document(), WEBSITE, "approve", "yes", false),
        ("a registered client", OnRequest, registered(), WEBSITE, "approve", "yes", false),
        ("this computer", OnRequest, document(), LOOPBACK, "approve", "yes", false),
        ("this computer, the operator's client", OnRequest, preregistered(), LOOPBACK, "approve", "yes", false),
        ("an app's scheme", OnRequest, document(), APP, "approve", "yes", false),
        ("a website of many people", OnRequest, document(), SHARED, "approve", "yes", false),
        ("not wished", OnRequest, document(), WEBSITE, "approve", "", false),
        ("another word", OnRequest, document(), WEBSITE, "approve", "no", false),
        ("cancelled", OnRequest, document(), WEBSITE, "cancel", "yes", false),
    ] {
        let consent = consent(remembering);
        let mut browser = Browser::default();
        let page = browser.is_asked(&consent, &client, redirect);
        let is_offered = page.value_of("remember").is_some();
        let is_allowed = expected || wish != "yes" || answer != "approve";
        assert_eq!(is_offered, is_allowed, "{name}: offered");
        browser.answers(&consent, &filled(&page, answer, &[("remember", wish)])).unwrap();
        let kept: Vec<_> = browser.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, if expected { vec!["__Host-mcp-approved"] } else { vec![] }, "{name}: kept");
    }
}

#[test]
fn twenty_answers_are_remembered_and_the_oldest_go_first() {
    let consent = consent(Remembering::OnRequest);
    let mut browser = Browser::default();
    let host = |number: u64| format!("https://a{number}.contoso.com/cb");
    for number in 0..25 {
        let now = NOW.saturating_add(Duration::from_secs(number));
        approves(&consent, &mut browser, &document(), &pending(&host(number)), now);
    }
    let names = names(&["access_as_user"]);
    let knows = |number: u64| {
        consent.recall(&asks(&host(number), &names), &browser.sends(Some("none")), NOW.saturating_add(MINUTE))
    };
    for number in 0..25 {
        let expected = if number < 5 { Memory::Nothing } else { Memory::Approved };
        assert_eq!(knows(number), expected, "answer {number}");
    }
    assert_eq!(browser.0.len(), 1, "one cookie for all");
    let bytes = browser.0[0].0.len() + browser.0[0].1.len();
    assert!(bytes < 3_800, "{bytes} bytes; a browser keeps 4,096");
}

#[test]
fn an_answer_given_again_is_remembered_anew_and_takes_no_second_place() {
    let consent = consent(Remembering::OnRequest);
    let mut browser = Browser::default();
    let later = NOW.saturating_add(29 * DAY);
    approves(&consent, &mut browser, &document(), &pending(WEBSITE), NOW);
    approves(&consent, &mut browser, &document(), &pending(WEBSITE), later);
    let names = names(&["access_as_user"]);
    let at = NOW.saturating_add(31 * DAY);
    let headers = browser.sends(Some("none"));
    assert_eq!(consent.recall(&asks(WEBSITE, &names), &headers, at), Memory::Approved);
    assert_eq!(consent.remembered.count(&headers, at), 1);
}

#[test]
fn a_browser_forgets_when_it_is_told_to_by_its_own_form() {
    let consent = consent(Remembering::OnRequest);
    let mut browser = Browser::default();
    let links = |page: &Dom| page.all(&["a"]).iter().filter_map(|link| link.attribute("href")).collect::<Vec<_>>();
    let first = browser.is_asked(&consent, &document(), WEBSITE);
    assert_eq!(links(&first), Vec::<String>::new(), "nothing is remembered yet");
    browser.answers(&consent, &filled(&first, "approve", &[("remember", "yes")])).unwrap();
    let next = browser.clone().is_asked(&consent, &registered(), LOOPBACK);
    assert_eq!(links(&next), ["/authorize/forget"]);

    let page = browser.show(&consent.offer_to_forget(&browser.sends(Some("same-origin")), NOW).unwrap());
    assert_eq!(page.errors, Vec::<String>::new());
    assert!(page.text().contains("remembers one app"), "{}", page.text());
    assert_eq!(page.one("form").attribute("action").as_deref(), Some("/authorize/forget"));
    let form = filled(&page, "", &[]);
    for (name, headers, expected) in [
        ("another browser", Browser::default().sends(None), Refusal::NoProof),
        ("another site", browser.sends(Some("cross-site")), Refusal::OtherSite),
    ] {
        assert_eq!(consent.forget(&form, &headers, NOW).err(), Some(expected), "{name}");
    }
    let done = browser.show(&consent.forget(&form, &browser.sends(Some("same-origin")), NOW).unwrap());
    assert_eq!(done.errors, Vec::<String>::new());
    assert!(browser.0.is_empty(), "{browser:?}");
    assert_eq!(consent.forget(&form, &browser.sends(None), NOW).err(), Some(Refusal::NoProof), "again");
    let page = browser.show(&consent.offer_to_forget(&HeaderMap::new(), NOW).unwrap());
    assert!(page.all(&["form"]).is_empty(), "there is nothing to forget");
}

#[test]
fn a_cookie_that_is_not_ours_remembers_nothing() {
    let ring = KeyRing::ephemeral();
    let (ours, theirs) = (consent_with(&ring, Remembering::OnRequest), consent(Remembering::OnRequest));
    let names = names(&["access_as_user"]);
    let matter = asks(WEBSITE, &names);
    let mut foreign = Browser::default();
    approves(&theirs, &mut foreign, &document(), &pending(WEBSITE), NOW);
    let mut own = Browser::default();
    approves(&ours, &mut own, &document(), &pending(WEBSITE), NOW);
    assert_eq!(ours.recall(&matter, &own.sends(Some("none")), NOW), Memory::Approved);

    let ticket = Browser::default().is_asked(&ours, &document(), WEBSITE).value_of("ticket").unwrap();
    let named = |value: &str| Browser(vec![("__Host-mcp-approved".to_owned(), value.to_owned())]);
    for (name, browser) in [
        ("another server's", foreign),
        ("a ticket", named(&ticket)),
        ("a word", named("yes")),
        ("nothing", named("")),
        ("endless", named(&"A".repeat(20_000))),
        ("twice", Browser([own.0.clone(), own.0.clone()].concat())),
    ] {
        assert_eq!(ours.recall(&matter, &browser.sends(Some("none")), NOW), Memory::Nothing, "{name}");
    }
    let switched_off = consent_with(&ring, Remembering::Never);
    assert_eq!(switched_off.recall(&matter, &own.sends(Some("none")), NOW), Memory::Nothing);
}
