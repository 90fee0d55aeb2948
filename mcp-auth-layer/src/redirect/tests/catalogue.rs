//! Every entry of the catalogue, pinned byte for byte, and the one rule that is not exact.

use super::super::{
    RedirectAllowlist, RedirectErrorKind as Kind, RedirectRule,
    catalogue::{CATALOGUE, CONSENT_GATEWAY, Known},
};

const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
const TEAMS: &str = "https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect";

#[test]
fn each_name_holds_exactly_these_rules() {
    let rows: [(&str, &[&str]); 9] = [
        ("default", &[LOOPBACK[0], LOOPBACK[1], LOOPBACK[2], TEAMS]),
        ("loopback", &LOOPBACK),
        ("teams", &[TEAMS]),
        ("vscode", &["https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"]),
        ("claude", &["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"]),
        (
            "cursor",
            &["cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback"],
        ),
        ("chatgpt", &["https://chatgpt.com/connector_platform_oauth_redirect"]),
        ("copilot-studio", &["copilot-studio"]),
        ("foundry", &["copilot-studio"]),
    ];
    assert_eq!(rows.map(|(name, _)| name), CATALOGUE.map(|known| known.name()));
    for (name, expected) in rows {
        let list = RedirectAllowlist::parse_list(name).unwrap();
        let rules: Vec<_> = list.rules().iter().map(ToString::to_string).collect();
        assert_eq!(rules, expected, "{name}");
    }
    assert_eq!(CONSENT_GATEWAY, "https://global.consent.azure-apim.net/redirect/");
}

#[test]
fn the_docs_table_shows_each_entry_with_its_day_and_its_pages() {
    let docs = include_str!("../mod.rs");
    let of = |line: &&str| line.starts_with("//! | `");
    assert_eq!(docs.lines().filter(of).count(), RedirectAllowlist::catalogue().len());
    for known in RedirectAllowlist::catalogue() {
        let allows: Vec<_> = known.allows().iter().map(|known| format!("`{known}`")).collect();
        let pages: Vec<_> = known.sources().iter().map(|page| format!("<{page}>")).collect();
        let (name, day) = (known.name(), known.looked_up());
        let row = format!("//! | `{name}` | {} | {day}, {} |", allows.join(", "), pages.join(", "));
        assert!(docs.lines().any(|line| line == row), "the docs lack {row}");
    }
}

#[test]
fn each_entry_names_a_page_and_a_day_in_its_listing() {
    for known in CATALOGUE {
        assert!(!known.sources().is_empty() && known.sources().iter().all(|page| page.starts_with("https://")));
        let day: Vec<_> = known.looked_up().split('-').map(str::len).collect();
        assert_eq!(day, [4, 2, 2], "{}", known.name());
    }
    let vscode = CATALOGUE.iter().find(|known| known.name() == "vscode").unwrap();
    assert_eq!(
        vscode.to_string(),
        "vscode: https://vscode.dev/redirect https://insiders.vscode.dev/redirect \
         (looked up 2026-11-21: https://github.com/microsoft/vscode/issues/278512)"
    );
}

#[test]
fn every_name_allows_what_it_holds() {
    for known in CATALOGUE {
        let list = RedirectAllowlist::parse_list(known.name()).unwrap();
        for allowed in known.allows() {
            let uri = match allowed {
                Known::Loopback(host) => format!("http://{host}:8400/callback"),
                Known::Exact(uri) => (*uri).to_owned(),
                Known::CopilotStudio => format!("{CONSENT_GATEWAY}cr938-5fzephyr-20mcp-5f43bcb8573bc3e84"),
            };
            assert!(list.check(&uri).is_ok(), "{}: {uri}", known.name());
        }
    }
}

#[test]
fn the_consent_gateway_is_open_only_by_name_and_for_one_segment() {
    let connector = format!("{CONSENT_GATEWAY}a-1");
    assert!(RedirectAllowlist::default().check(&connector).is_err());
    let list = RedirectAllowlist::parse_list("copilot-studio").unwrap();
    assert_eq!(list.rules(), [RedirectRule::CopilotStudio]);
    assert!(list.check(&connector).is_ok());
    let rows = [
        ("no segment", "https://global.consent.azure-apim.net/redirect/", Kind::NotListed),
        ("no slash", "https://global.consent.azure-apim.net/redirect", Kind::NotListed),
        ("two segments", "https://global.consent.azure-apim.net/redirect/a/b", Kind::NotListed),
        ("slash behind it", "https://global.consent.azure-apim.net/redirect/a/", Kind::NotListed),
        ("dot", "https://global.consent.azure-apim.net/redirect/a.b", Kind::NotListed),
        ("underscore", "https://global.consent.azure-apim.net/redirect/a_b", Kind::NotListed),
        ("encoded", "https://global.consent.azure-apim.net/redirect/a%20b", Kind::NotListed),
        ("query", "https://global.consent.azure-apim.net/redirect/a?b=c", Kind::NotListed),
        ("port", "https://global.consent.azure-apim.net:443/redirect/a", Kind::NotListed),
        ("http", "http://global.consent.azure-apim.net/redirect/a", Kind::NotListed),
        ("other path", "https://global.consent.azure-apim.net/redirects/a", Kind::NotListed),
        ("upper-case path", "https://global.consent.azure-apim.net/Redirect/a", Kind::NotListed),
        ("another region", "https://europe.consent.azure-apim.net/redirect/a", Kind::NotListed),
        ("suffix", "https://global.consent.azure-apim.net.evil.example/redirect/a", Kind::NotListed),
        ("prefix", "https://evil.example/global.consent.azure-apim.net/redirect/a", Kind::NotListed),
        ("user information", "https://global.consent.azure-apim.net@evil.example/redirect/a", Kind::Userinfo),
        ("dot segment", "https://global.consent.azure-apim.net/redirect/..", Kind::DotSegment),
        ("fragment", "https://global.consent.azure-apim.net/redirect/a#", Kind::Fragment),
    ];
    for (name, uri, kind) in rows {
        assert_eq!(list.check(uri).map_err(|error| error.kind()), Err(kind), "{name}");
    }
}

#[test]
fn two_names_of_one_rule_are_one_rule() {
    assert_eq!(RedirectAllowlist::parse_list("copilot-studio,foundry").unwrap().rules(), [RedirectRule::CopilotStudio]);
    assert!(RedirectRule::parse("copilot-studio").is_err());
}
