//! What may stand in the configured list.

use super::super::{EntryFault, LoopbackHost, RedirectAllowlist, RedirectErrorKind as Kind, RedirectRule};

#[test]
fn good_entries_become_the_rule_they_say() {
    let loopback = [
        ("http://127.0.0.1", LoopbackHost::V4),
        ("http://localhost", LoopbackHost::Localhost),
        ("http://[::1]", LoopbackHost::V6),
    ];
    for (entry, host) in loopback {
        assert_eq!(RedirectRule::parse(entry).unwrap(), RedirectRule::Loopback { host }, "{entry}");
    }
    let exact = [
        "https://app.example.com/callback",
        "https://app.example.com/",
        "https://app.example.com:8443/callback?tenant=1",
        "https://localhost:3000/callback",
        "http://localhost:8400/",
        "http://127.0.0.1:8400/callback",
        "http://[::1]:8400/callback?a=b",
    ];
    for entry in exact {
        let rule = RedirectRule::parse(entry).unwrap();
        assert_eq!(rule, RedirectRule::Exact(entry.to_owned()));
        assert_eq!(rule.to_string(), entry);
    }
}

#[test]
fn bad_entries_are_refused_with_their_fault() {
    let half = EntryFault::HalfLoopback { host: LoopbackHost::Localhost };
    let rows = [
        ("", EntryFault::Empty),
        ("*", EntryFault::Wildcard),
        ("https://*", EntryFault::Wildcard),
        ("https://*.example.com/callback", EntryFault::Wildcard),
        ("http://localhost:*", EntryFault::Wildcard),
        ("https://app.example.com/*", EntryFault::Wildcard),
        ("http://example.com/callback", EntryFault::PlainHttp),
        ("http://localhost.example.com/", EntryFault::PlainHttp),
        ("http://localhost/", half),
        ("http://localhost:8400", half),
        ("http://localhost/callback", half),
        ("https://app.example.com", EntryFault::NoPath),
        ("https://app.example.com:8443", EntryFault::NoPath),
        ("cursor://anysphere.cursor-mcp/oauth/callback", EntryFault::PrivateScheme),
        ("localhost", EntryFault::UnknownName),
        ("Default", EntryFault::UnknownName),
        ("copilot", EntryFault::UnknownName),
        ("localhost:8400", EntryFault::Uri(Kind::Scheme)),
        ("javascript:alert", EntryFault::Uri(Kind::Scheme)),
        ("com.example.app:/callback", EntryFault::Uri(Kind::Scheme)),
        ("HTTPS://app.example.com/callback", EntryFault::Uri(Kind::Scheme)),
        ("https://App.example.com/callback", EntryFault::Uri(Kind::Host)),
        ("http://LOCALHOST", EntryFault::Uri(Kind::Host)),
        ("https://app.example.com./callback", EntryFault::Uri(Kind::Host)),
        ("https://intranet/callback", EntryFault::Uri(Kind::Host)),
        ("https://10.0.0.5/callback", EntryFault::Uri(Kind::Host)),
        ("https://user:password@app.example.com/callback", EntryFault::Uri(Kind::Userinfo)),
        ("https://app.example.com/callback#", EntryFault::Uri(Kind::Fragment)),
        ("https://app.example.com\\callback", EntryFault::Uri(Kind::Byte)),
        ("https://app.example.com/call back", EntryFault::Uri(Kind::Byte)),
        ("https://app.example.com:0/callback", EntryFault::Uri(Kind::Port)),
        ("https://app.example.com/a/../b", EntryFault::Uri(Kind::DotSegment)),
        ("https://app.example.com/a?code=1", EntryFault::Uri(Kind::ResponseParameter)),
        ("https://app.example.com?a=1", EntryFault::Uri(Kind::Query)),
    ];
    for (entry, fault) in rows {
        assert_eq!(RedirectRule::parse(entry).map_err(|error| error.fault()), Err(fault), "{entry:?}");
    }
}

#[test]
fn an_error_says_what_to_write_instead() {
    let rows = [
        ("http://localhost:3000", "write http://localhost for any port and path, or the exact URI"),
        ("http://example.com/cb", "write https, or http with a loopback host"),
        ("https://app.example.com", "write the exact URI with its path"),
        ("https://*.example.com/", "write each URI in full"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "write `cursor`"),
        (
            "vs-code",
            "`default`, `loopback`, `teams`, `vscode`, `claude`, `cursor`, `chatgpt`, `copilot-studio`, `foundry`, or a whole URI",
        ),
        ("https://App.example.com/", "lower-case DNS name"),
    ];
    for (entry, advice) in rows {
        let text = RedirectRule::parse(entry).unwrap_err().to_string();
        assert!(text.contains(advice), "{text}");
        assert!(text.starts_with(&format!("redirect entry {entry:?}: ")), "{text}");
    }
}

#[test]
fn an_error_hides_what_may_be_a_password_and_escapes_the_rest() {
    let text = RedirectRule::parse("https://user:pa@ss@app.example.com/\n").unwrap_err().to_string();
    assert!(text.starts_with(r#"redirect entry "…@app.example.com/\n": "#), "{text}");
    assert!(!text.contains("ss@"), "{text}");
}

#[test]
fn a_list_reports_every_bad_entry() {
    let errors =
        RedirectAllowlist::parse_list("default, https://*.a.example/ ,teams,,http://b.example/,none").unwrap_err();
    let faults: Vec<_> = errors.iter().map(super::super::EntryError::fault).collect();
    assert_eq!(faults, [EntryFault::Wildcard, EntryFault::Empty, EntryFault::PlainHttp, EntryFault::NoneBesideOthers],);
    let text = errors.to_string();
    assert_eq!(text.matches("redirect entry").count(), 4, "{text}");
}

#[test]
fn none_is_the_list_that_allows_nothing_and_a_blank_is_an_error() {
    for list in [RedirectAllowlist::parse_list(" none ").unwrap(), RedirectAllowlist::new([])] {
        assert!(list.rules().is_empty());
        assert_eq!(list.check("http://127.0.0.1:8400/").unwrap_err().kind(), Kind::NotListed);
    }
    for blank in ["", "  ", ",", "default,", ",default"] {
        assert!(RedirectAllowlist::parse_list(blank).is_err(), "{blank:?}");
    }
    assert!(RedirectAllowlist::parse_list("None").is_err());
}

#[test]
fn names_and_uris_add_up_without_repeating() {
    let list = RedirectAllowlist::parse_list("default, https://app.example.com/cb, teams, http://localhost").unwrap();
    assert_eq!(list.rules().len(), 5);
    assert!(list.check("https://app.example.com/cb").is_ok());
    assert!(list.check("http://127.0.0.1:9/").is_ok());
}

#[test]
fn a_list_replaces_the_default() {
    let list = RedirectAllowlist::parse_list("https://app.example.com/cb").unwrap();
    assert!(list.check("http://127.0.0.1:8400/").is_err());
}

#[test]
fn rules_survive_being_written_and_read_again() {
    let list = super::list();
    for rule in list.rules().iter().filter(|rule| !rule.to_string().starts_with("cursor:")) {
        assert_eq!(RedirectAllowlist::parse_list(&rule.to_string()).unwrap().rules(), std::slice::from_ref(rule));
    }
}
