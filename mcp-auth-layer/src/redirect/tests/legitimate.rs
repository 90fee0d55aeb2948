//! URIs that must be allowed, byte for byte.

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
    "https://global.consent.azure-apim.net/redirect/cr938-5fzephyr-20mcp-5f43bcb8573bc3e84",
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
