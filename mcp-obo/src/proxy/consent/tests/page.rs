use http::{StatusCode, header::CONTENT_SECURITY_POLICY};

use super::*;

fn asked(client: &Introduction<'_>, redirect: &str) -> Dom {
    Browser::default().is_asked(&consent(Remembering::OnRequest), client, redirect)
}

fn texts(page: &Dom, name: &str) -> Vec<String> {
    page.all(&[name]).iter().map(dom::Element::text).collect()
}

#[test]
fn the_page_is_whole_and_has_its_landmarks() {
    for (name, client, redirect) in [
        ("registered", registered(), LOOPBACK),
        ("by a document, a website", document(), WEBSITE),
        ("the operator's, an app", preregistered(), APP),
    ] {
        let page = asked(&client, redirect);
        assert_eq!(page.errors, Vec::<String>::new(), "{name}");
        assert_eq!(page.one("html").attribute("lang").as_deref(), Some("en"), "{name}");
        assert_eq!(page.one("title").text(), "Let an app in? – Message Center", "{name}");
        assert_eq!(page.one("h1").text(), "Let an app use Message Center?", "{name}");
        assert_eq!((page.all(&["main"]).len(), page.all(&["footer"]).len()), (1, 1), "{name}");
        assert_eq!(page.one("main").below(&["h1", "form"]).len(), 2, "{name}");
        let viewport =
            page.all(&["meta"]).into_iter().find(|meta| meta.attribute("name").as_deref() == Some("viewport"));
        assert_eq!(
            viewport.unwrap().attribute("content").as_deref(),
            Some("width=device-width, initial-scale=1"),
            "{name}"
        );
    }
}

#[test]
fn nothing_in_the_page_runs_or_is_fetched() {
    let page = asked(&document(), WEBSITE);
    for name in ["script", "link", "img", "iframe", "object", "embed", "base"] {
        assert!(page.all(&[name]).is_empty(), "{name}");
    }
    for name in page.all(&["html", "body", "main", "form", "input", "button", "p", "a", "label", "bdi"]) {
        for (attribute, _) in name.attributes() {
            assert!(!attribute.starts_with("on") && attribute != "style", "{attribute}");
        }
    }
}

#[test]
fn one_form_with_two_answers_is_posted_here() {
    let page = asked(&registered(), LOOPBACK);
    let form = page.one("form");
    assert_eq!(form.attribute("method").as_deref(), Some("post"));
    assert_eq!(form.attribute("action").as_deref(), Some("/authorize/consent"));
    let buttons: Vec<_> = form
        .below(&["button"])
        .iter()
        .map(|button| (button.attribute("type"), button.attribute("name"), button.attribute("value"), button.text()))
        .collect();
    let answer = |value: &str, text: &str| {
        (Some("submit".to_owned()), Some("answer".to_owned()), Some(value.to_owned()), text.to_owned())
    };
    // The first is what Enter does.
    assert_eq!(buttons, [answer("cancel", "Cancel"), answer("approve", "Approve")]);
    assert!(page.all(&["button", "input"]).iter().all(|field| field.attribute("autofocus").is_none()));
}

#[test]
fn whoever_asks_is_named_as_surely_as_is_known() {
    for (name, client, expected) in [
        (
            "registered",
            registered(),
            "A program that gives its name as “Claude Code” wants to use Message Center in your name.",
        ),
        (
            "registered without a name",
            registered_as(None),
            "A program that gives no name wants to use Message Center in your name.",
        ),
        (
            "a name that nobody sees",
            registered_as(Some("\u{202e}\u{200b} ")),
            "A program that gives no name wants to use Message Center in your name.",
        ),
        (
            "by a document",
            document(),
            "An app of the website vscode.dev, which calls it “VS Code”, wants to use Message Center in your name.",
        ),
        (
            "by a document without a name",
            document_of("vscode.dev", None),
            "An app of the website vscode.dev wants to use Message Center in your name.",
        ),
        (
            "the operator's",
            preregistered(),
            "An app that this server's operator has set up wants to use Message Center in your name.",
        ),
        (
            "the operator's with a name",
            preregistered_as(Some("Teams")),
            "Teams, an app that this server's operator has set up, wants to use Message Center in your name.",
        ),
    ] {
        let page = asked(&client, LOOPBACK);
        let said = page.one("main").below(&["p"])[0].text();
        assert_eq!(said, expected, "{name}");
        let doubts = page.text().contains("Nobody has checked.");
        assert_eq!(doubts, client.kind == ClientKind::Registered, "{name}");
    }
}

#[test]
fn the_page_says_where_the_answer_goes_and_warns_where_nobody_can_tell_to_whom() {
    for (redirect, goes, warns) in [
        (LOOPBACK, "To a program on this computer (127.0.0.1).", true),
        (APP, "To the app on this computer that opens cursor: links.", true),
        (SHARED, "To the website teams.microsoft.com.", true),
        (WEBSITE, "To the website app.contoso.com.", false),
        ("https://app.contoso.com:8443/x", "To the website app.contoso.com:8443.", false),
    ] {
        let page = asked(&document(), redirect);
        assert!(texts(&page, "dd").contains(&goes.to_owned()), "{redirect}: {:?}", texts(&page, "dd"));
        let notes: Vec<_> =
            page.all(&["p"]).into_iter().filter(|p| p.attribute("role").as_deref() == Some("note")).collect();
        assert_eq!(notes.len(), usize::from(warns), "{redirect}");
        let core = "Only continue if you started this yourself a moment ago.";
        assert!(notes.iter().all(|note| note.text().ends_with(core)), "{redirect}");
    }
}

#[test]
fn scopes_stand_in_plain_words_and_unknown_ones_as_they_are() {
    let mut pending = pending(LOOPBACK);
    pending.names = vec!["access_as_user".to_owned(), "Messages.Read".to_owned()];
    let response = consent(Remembering::Never).ask(&registered(), &pending, &HeaderMap::new(), NOW).unwrap();
    let page = Dom::of(&response);
    let may = ["It may read announcements as you.", "It may use what this server calls Messages.Read."];
    assert_eq!(texts(&page, "li"), may);
    assert_eq!(texts(&page, "code"), ["Messages.Read"]);
    let signs_in = "At Microsoft (login.microsoftonline.com), on the next page. The app does not see your password.";
    assert!(texts(&page, "dd").contains(&signs_in.to_owned()));
}

#[test]
fn every_field_has_a_label() {
    let page = asked(&document(), WEBSITE);
    let boxes: Vec<_> =
        page.all(&["input"]).into_iter().filter(|one| one.attribute("type").as_deref() != Some("hidden")).collect();
    assert_eq!(boxes.len(), 1, "the website's app may be remembered");
    assert_eq!(boxes[0].attribute("checked"), None, "only on request");
    let label = page.one("label").attribute("for").unwrap();
    assert_eq!(page.by_id(&label).unwrap().attribute("name").as_deref(), Some("remember"));
}

#[test]
fn browsers_may_do_nothing_with_a_page_but_show_it() {
    let consent = consent(Remembering::OnRequest);
    let browser = HeaderMap::new();
    let pages = consent.pages();
    let all = [
        ("the question", consent.ask(&registered(), &pending(LOOPBACK), &browser, NOW).unwrap()),
        ("to forget", consent.offer_to_forget(&browser, NOW).unwrap()),
        ("an error", pages.client_unknown(Reference::random())),
        ("an outage", pages.unavailable(MINUTE, Reference::random())),
    ];
    for (name, response) in all {
        for (header, expected) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            let values: Vec<_> = response.headers().get_all(header).into_iter().collect();
            assert_eq!(values, [expected], "{name}: {header}");
        }
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        let directives: Vec<_> = policy.split("; ").map(|one| one.split(' ').next().unwrap()).collect();
        assert_eq!(directives, ["default-src", "base-uri", "frame-ancestors", "style-src"], "{name}");
        assert!(policy.starts_with("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-"));
    }
}

#[test]
fn the_page_is_no_error_and_sets_one_cookie() {
    let response = consent(Remembering::Never).ask(&registered(), &pending(LOOPBACK), &HeaderMap::new(), NOW).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let cookies: Vec<_> = response.headers().get_all(SET_COOKIE).into_iter().collect();
    assert_eq!(cookies.len(), 1);
    let text = cookies[0].to_str().unwrap();
    assert!(text.starts_with("__Host-mcp-ask-"), "{text}");
    assert!(text.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{text}");
}
