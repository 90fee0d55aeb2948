//! URIs that must be allowed, byte for byte, and properties of whatever is allowed.

use proptest::prelude::*;
use url::Url;

use super::{super::RedirectAllowlist, list};

const LEGITIMATE: &[&str] = &[
    "http://127.0.0.1",
    "http://127.0.0.1/",
    "http://127.0.0.1:8400",
    "http://127.0.0.1:8400/",
    "http://127.0.0.1:33418/",
    "http://127.0.0.1:1/",
    "http://127.0.0.1:80/",
    "http://127.0.0.1:65535/",
    "http://127.0.0.1:8400/oauth/callback",
    "http://127.0.0.1:8400/a/b/c/",
    "http://127.0.0.1:8400/A-Z_a.z~0",
    "http://127.0.0.1:8400/...",
    "http://127.0.0.1:8400/.well-known/x",
    "http://127.0.0.1:8400/a+b=c,d:e",
    "http://127.0.0.1:8400/with%20space",
    "http://127.0.0.1:8400/r%C3%BCck",
    "http://127.0.0.1:8400/cb?",
    "http://127.0.0.1:8400/cb?flow=1",
    "http://127.0.0.1:8400/cb?flow=1&next=/home?x",
    "http://127.0.0.1:8400/cb?next=http%3A%2F%2Fexample.com%2F",
    "http://127.0.0.1:8400/cb?decoded=1&states=x",
    "http://localhost",
    "http://localhost/",
    "http://localhost:8400/",
    "http://localhost:3000/callback",
    "http://localhost:8082/",
    "http://localhost:6274/oauth/callback/debug",
    "http://localhost:19876/mcp/oauth/callback",
    "http://[::1]",
    "http://[::1]/",
    "http://[::1]:8400/callback",
    "http://[::1]:65535/a?b=c",
    "https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect",
    "https://vscode.dev/redirect",
    "https://insiders.vscode.dev/redirect",
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.com/api/mcp/auth_callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "https://chatgpt.com/connector_platform_oauth_redirect",
    "https://app.example.com/signed-in?tenant=1",
];

#[test]
fn legitimate_uris_are_allowed_byte_for_byte() {
    for uri in LEGITIMATE {
        let allowed = list().check(uri).unwrap_or_else(|error| panic!("{uri}: {:?}", error.kind()));
        assert_eq!(allowed.as_str(), *uri);
        assert_eq!(allowed.to_string(), *uri);
    }
}

#[test]
fn the_default_is_loopback_and_teams_and_nothing_else() {
    let default = RedirectAllowlist::default();
    let rules: Vec<_> = default.rules().iter().map(ToString::to_string).collect();
    assert_eq!(
        rules,
        [
            "http://127.0.0.1",
            "http://localhost",
            "http://[::1]",
            "https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect"
        ],
    );
    assert!(default.check("https://vscode.dev/redirect").is_err());
}

#[test]
fn a_loopback_rule_allows_its_own_spelling_only() {
    let spellings = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    for listed in spellings {
        let list = RedirectAllowlist::parse_list(listed).unwrap();
        for asked in spellings {
            let verdict = list.check(&format!("{asked}:8400/callback"));
            assert_eq!(verdict.is_ok(), listed == asked, "{listed} listed, {asked} asked");
        }
    }
}

#[test]
fn an_exact_loopback_entry_allows_no_other_port_or_path() {
    let list = RedirectAllowlist::parse_list("http://localhost:8400/callback").unwrap();
    assert!(list.check("http://localhost:8400/callback").is_ok());
    for uri in ["http://localhost:8401/callback", "http://localhost:8400/callback/", "http://localhost:8400/"] {
        assert!(list.check(uri).is_err(), "{uri}");
    }
}

/// The hosts that a browser may end up at, given [`list`].
fn is_expected(host: &str) -> bool {
    const HOSTS: [&str; 11] = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "teams.microsoft.com",
        "vscode.dev",
        "insiders.vscode.dev",
        "claude.ai",
        "claude.com",
        "www.cursor.com",
        "chatgpt.com",
        "app.example.com",
    ];
    HOSTS.contains(&host) || host == "anysphere.cursor-mcp"
}

/// What must hold for a URI that was allowed.
fn holds(uri: &str) -> Result<(), TestCaseError> {
    let Ok(allowed) = list().check(uri) else { return Ok(()) };
    prop_assert_eq!(allowed.as_str(), uri);
    let seen = Url::parse(uri).map_err(|error| TestCaseError::fail(format!("{uri:?}: {error}")))?;
    prop_assert!(seen.host_str().is_some_and(is_expected), "{:?} leads to {:?}", uri, seen.host_str());
    prop_assert!(seen.username().is_empty() && seen.password().is_none() && seen.fragment().is_none());
    let mut own: Vec<_> = seen.query_pairs().map(|(name, _)| name.to_ascii_lowercase()).collect();
    own.retain(|name| ["code", "state", "iss", "error"].contains(&name.as_str()));
    prop_assert!(own.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_allowed_leads_where_the_list_says(
        uri in r"(http|https|cursor|HTTP|ftp)?:?/{0,3}[a-z0-9.:@%\\\[\]/?#&=;\t-]{0,12}(127\.0\.0\.1|localhost|\[::1\]|vscode\.dev)[a-z0-9.:@%\\/?#&=; -]{0,20}",
    ) {
        holds(&uri)?;
    }

    #[test]
    fn one_hostile_byte_leads_nowhere_else(
        at in 0_usize..80,
        row in 0..LEGITIMATE.len(),
        removed in 0_usize..3,
        inserted in r"[@:/?#\\%.;&=\[\]\t\n\r \x00a0-]{1,3}|%2[eEfF]|%5c|\.evil\.example|@evil\.example",
    ) {
        let mut uri = LEGITIMATE[row].to_owned();
        let at = at.min(uri.len());
        let until = (at + removed).min(uri.len());
        uri.replace_range(at..until, &inserted);
        holds(&uri)?;
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in any::<String>()) {
        holds(&text)?;
        holds(&format!("http://127.0.0.1{text}"))?;
        holds(&format!("http://[::1]{text}"))?;
    }

    #[test]
    fn every_plain_loopback_uri_is_allowed(
        host in prop_oneof![Just("127.0.0.1"), Just("localhost"), Just("[::1]")],
        port in proptest::option::of(1_u16..),
        path in r"(/[a-zA-Z0-9_~=+-]{1,8}){0,5}/?",
        query in proptest::option::of(r"x[a-z]{1,5}=[a-zA-Z0-9./:-]{0,9}"),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = query.filter(|_| !path.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("http://{host}{port}{path}{query}");
        let allowed = list().check(&uri);
        prop_assert_eq!(allowed.as_ref().map(|allowed| allowed.as_str()), Ok(uri.as_str()));
    }
}
