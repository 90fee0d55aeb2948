//! What a client says about itself never becomes a part of the page.

use super::*;

/// The shape of a page: its elements with their attributes, but for the values that differ each time.
fn shape(page: &Dom) -> Vec<(String, Vec<(String, String)>)> {
    let names = page.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let elements = page.all(&names).into_iter();
    elements
        .map(|element| {
            let mut attributes = element.attributes();
            attributes.retain(|(_, value)| value.len() < 100);
            (element.name().unwrap(), attributes)
        })
        .collect()
}

const ATTACKS: [(&str, &str); 14] = [
    ("a script", "<script>alert(1)</script>"),
    ("an end of the paragraph", "</strong></p></main><form action=//evil.example><h1>Sign in</h1>"),
    ("quotes", "\"' onclick='x' style=\"display:none"),
    ("an end of the style", "</style><style>*{display:none}</style>"),
    ("a comment", "<!-- "),
    ("an end of a comment", "--> <b>"),
    ("a CDATA section", "<![CDATA[<b>"),
    ("an entity", "&lt;b&gt; &#60;b&#62; &amp;amp;"),
    ("right-to-left override", "\u{202e}<b>gnp.exe\u{202c}"),
    ("null bytes", "a\0<\0b\0>"),
    ("a template", "{{7*7}} ${7*7} (PreEscaped)"),
    ("a full-width bracket", "＜script＞ ‹b›"),
    ("lines", "a\r\n\r\n<b>\u{2028}\u{2029}"),
    ("an image", "<img src=x onerror=alert(1)>"),
];

#[test]
fn names_are_text_whatever_they_hold() {
    let consent = consent(Remembering::Never);
    let asked = |client: Introduction<'_>| Browser::default().is_asked(&consent, &client, LOOPBACK);
    let registered = |name| asked(registered_as(Some(name)));
    let document = |name| asked(document_of("vscode.dev", Some(name)));
    let preregistered = |name| asked(preregistered_as(Some(name)));
    let pages: [(&str, &dyn Fn(&'static str) -> Dom); 3] =
        [("registered", &registered), ("document", &document), ("preregistered", &preregistered)];
    for (kind, page) in pages {
        let plain = shape(&page("plain"));
        for (name, attack) in ATTACKS {
            let page = page(attack);
            assert_eq!(shape(&page), plain, "{kind}: {name}");
            assert_eq!(page.errors, Vec::<String>::new(), "{kind}: {name}");
            assert!(!page.text().contains(['\0', '\u{202e}', '\u{2028}']), "{kind}: {name}");
        }
        // What is dangerous is shown, not swallowed: a person can read what he was sent.
        assert!(page("<script>alert(1)</script>").text().contains("<script>alert(1)</script>"), "{kind}");
    }
}

#[test]
fn hosts_scopes_and_addresses_are_text_too() {
    let consent = consent(Remembering::Never);
    let question = |host: &str, scope: &str, redirect: &str| {
        let mut pending = pending(redirect);
        pending.names = vec![scope.to_owned()];
        let client = document_of(host, None);
        Dom::of(&consent.ask(&client, &pending, &HeaderMap::new(), NOW).unwrap())
    };
    let reference = Reference::random();
    let refused = |redirect: &str| Dom::of(&consent.pages().redirect_not_allowed(redirect, reference));
    for (name, attack) in ATTACKS {
        let redirect = format!("{attack}:x");
        assert_eq!(
            shape(&question(attack, "Other.Read", APP)),
            shape(&question("a.example", "Other.Read", APP)),
            "host: {name}"
        );
        assert_eq!(
            shape(&question("a.example", attack, APP)),
            shape(&question("a.example", "Other.Read", APP)),
            "scope: {name}"
        );
        assert_eq!(
            shape(&question("a.example", "Other.Read", &redirect)),
            shape(&question("a.example", "Other.Read", APP)),
            "redirect: {name}"
        );
        assert_eq!(shape(&refused(attack)), shape(&refused("https://a.example/")), "address: {name}");
    }
}

#[test]
fn what_the_operator_writes_is_text_as_well() {
    let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
    let page = |text: &str| {
        let wording = Wording {
            service: text.to_owned(),
            authority: text.to_owned(),
            scopes: vec![("access_as_user".to_owned(), text.to_owned())],
        };
        let consent = Consent::new(&issuer, &KeyRing::ephemeral(), wording, Remembering::Never);
        Dom::of(&consent.ask(&registered(), &pending(LOOPBACK), &HeaderMap::new(), NOW).unwrap())
    };
    assert_eq!(shape(&page("R&D <Messages> \"1\"")), shape(&page("plain")));
    assert_eq!(page("R&D").one("h1").text(), "Let an app use R&D?");
}

#[test]
fn a_page_stays_small_whatever_is_said() {
    let consent = consent(Remembering::Never);
    let endless = "<\u{202e}\"".repeat(4_000);
    let mut pending = pending(LOOPBACK);
    let client = document_of(&endless[..3_000], Some(&endless));
    let size = |client: &Introduction<'_>, pending: &Pending| {
        let response = consent.ask(client, pending, &HeaderMap::new(), NOW);
        let page = Dom::of(&response.unwrap());
        page.text().len()
    };
    pending.names = vec!["s".repeat(8_000)];
    let longest = size(&client, &pending);
    assert!(longest < 4_000, "{longest} bytes of text");
    let refused = consent.pages().redirect_not_allowed(&endless, Reference::random());
    assert!(Dom::of(&refused).text().len() < 4_000);
}
