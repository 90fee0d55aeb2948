use http::{StatusCode, header::RETRY_AFTER};

use super::*;

#[test]
fn each_page_says_what_happened_and_what_to_do() {
    let pages = consent(Remembering::Never).pages();
    let reference = Reference::random();
    let app = "11111111-2222-3333-4444-555555555555";
    let lacks = Registration::new("https://mcp.contoso.com/oauth/callback", Platform::Web, app);
    let refused = |why| pages.form_refused(why, reference);
    for (name, response, status, title, says) in [
        ("unknown client", pages.client_unknown(reference), 400, "App not known", "connect again"),
        (
            "redirect",
            pages.redirect_not_allowed("https://evil.example/cb?x=<b>", reference),
            400,
            "Address not allowed",
            "https://evil.example/cb?x=<b>",
        ),
        (
            "request",
            pages.request_malformed("a parameter comes twice", reference),
            400,
            "Request not understood",
            "a parameter comes twice.",
        ),
        ("answer", pages.answer_malformed(reference), 400, "Answer not understood", "Nobody was signed in."),
        ("no answer", refused(Refusal::Incomplete), 400, "No answer", "Nothing was allowed."),
        ("late", refused(Refusal::Expired), 400, "Too late", "open for too long"),
        ("forged", refused(Refusal::Foreign), 403, "Answer not accepted", "Nothing was allowed."),
        ("other site", refused(Refusal::OtherSite), 403, "Answer not accepted", "Nothing was allowed."),
        ("no proof", refused(Refusal::NoProof), 403, "Answer not accepted", "it was given before"),
        ("another browser", pages.begun_elsewhere(reference), 403, "Sign-in stopped", "Nobody was signed in."),
        ("outage", pages.unavailable(MINUTE, reference), 503, "Try again later", "Wait a minute"),
        ("callback", pages.not_set_up(&lacks, reference), 503, "Not set up", lacks.callback()),
        ("platform", pages.not_set_up(&lacks, reference), 503, "Not set up", "PlatformWeb"),
        ("app", pages.not_set_up(&lacks, reference), 503, "Not set up", lacks.app()),
    ] {
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap(), "{name}");
        let page = Dom::of(&response);
        assert_eq!(page.errors, Vec::<String>::new(), "{name}");
        assert_eq!(page.one("h1").text(), title, "{name}");
        assert_eq!(page.one("title").text(), format!("{title} – Message Center"), "{name}");
        assert!(page.one("main").text().contains(says), "{name}: {}", page.text());
        assert!(page.one("footer").text().ends_with(&reference.to_string()), "{name}");
        // Nothing leads anywhere, and nothing can be sent.
        assert!(page.all(&["a", "form", "button", "script", "meta[http-equiv]"]).is_empty(), "{name}");
        assert!(page.all(&["meta"]).iter().all(|meta| meta.attribute("http-equiv").is_none()), "{name}");
        assert_eq!(page.one("html").attribute("lang").as_deref(), Some("en"), "{name}");
    }
}

#[test]
fn an_outage_says_when_to_come_back() {
    let pages = consent(Remembering::Never).pages();
    for (after, expected) in [(MINUTE, "60"), (Duration::ZERO, "1"), (Duration::from_millis(1_500), "1")] {
        let response = pages.unavailable(after, Reference::random());
        assert_eq!(response.headers()[RETRY_AFTER], expected);
    }
}
