use std::sync::LazyLock;

use super::super::need::Site;
use super::*;

static BY_A_PROGRAM: LazyLock<HeaderMap> =
    LazyLock::new(|| [("sec-fetch-site".parse().unwrap(), HeaderValue::from_static("none"))].into_iter().collect());

/// A request that needs no page: each row of the table below changes one thing in it.
fn harmless(destination: &Destination) -> Circumstances<'_> {
    Circumstances {
        client: &ClientKind::Preregistered,
        resource: Resource::Ours,
        destination,
        prompt: None,
        memory: Memory::Nothing,
        browser: &BY_A_PROGRAM,
    }
}

#[test]
fn a_person_is_asked_unless_every_condition_holds() {
    let [loopback, website, shared, app] = [LOOPBACK, WEBSITE, SHARED, APP].map(Destination::of);
    let fine = harmless(&loopback);
    let document = document().kind;
    let remembered = Circumstances { client: &document, memory: Memory::Approved, ..harmless(&website) };
    for (name, request, expected) in [
        ("the operator's client, our resource, loopback", fine, Next::SignIn),
        ("a registered client", Circumstances { client: &ClientKind::Registered, ..fine }, Next::Page),
        ("a client by its document", Circumstances { client: &document, ..fine }, Next::Page),
        ("no resource", Circumstances { resource: Resource::Unsaid, ..fine }, Next::Page),
        ("a website", harmless(&website), Next::Page),
        ("a website of many people", harmless(&shared), Next::Page),
        ("an app's scheme", harmless(&app), Next::Page),
        ("remembered", remembered, Next::SignIn),
        (
            "remembered, the operator's client",
            Circumstances { memory: Memory::Approved, ..harmless(&website) },
            Next::SignIn,
        ),
        ("remembered, but no resource", Circumstances { resource: Resource::Unsaid, ..remembered }, Next::Page),
        ("not remembered", Circumstances { memory: Memory::Nothing, ..remembered }, Next::Page),
        ("without a page, and none is needed", Circumstances { prompt: Some(Prompt::None), ..fine }, Next::SignIn),
        (
            "without a page, and nobody knows who began it",
            Circumstances { prompt: Some(Prompt::None), browser: &HeaderMap::new(), ..fine },
            Next::InteractionRequired,
        ),
        (
            "without a page, and one is needed",
            Circumstances { prompt: Some(Prompt::None), ..harmless(&website) },
            Next::InteractionRequired,
        ),
        ("another prompt", Circumstances { prompt: Some(Prompt::Login), ..harmless(&website) }, Next::Page),
    ] {
        assert_eq!(next(&request), expected, "{name}");
    }
}

#[test]
fn an_account_is_chosen_where_nobody_was_asked_or_many_arrive() {
    for (name, step, redirect, expected) in [
        ("no page", Next::SignIn, LOOPBACK, true),
        ("a page", Next::Page, LOOPBACK, false),
        ("a page, a website", Next::Page, WEBSITE, false),
        ("a page, a website of many people", Next::Page, SHARED, true),
    ] {
        assert_eq!(must_select_account(step, &Destination::of(redirect)), expected, "{name}");
    }
}

#[test]
fn the_browser_says_where_a_request_was_begun() {
    for (values, expected) in [
        (&["none"][..], Site::Nobody),
        (&["same-origin"], Site::Ours),
        (&["same-site"], Site::Foreign),
        (&["cross-site"], Site::Foreign),
        (&["NONE"], Site::Foreign),
        (&[""], Site::Foreign),
        (&["none", "none"], Site::Foreign),
        (&["none, cross-site"], Site::Foreign),
        (&[], Site::Unsaid),
    ] {
        let headers: HeaderMap = values
            .iter()
            .map(|value| (http::HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(Site::of(&headers), expected, "{values:?}");
    }
}
