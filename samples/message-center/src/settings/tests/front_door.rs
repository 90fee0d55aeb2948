//! Where clients sign in.

use std::time::Duration;

use mcp_auth_layer::clock::UnixTime;
use mcp_obo::proxy::DocumentHosts;

use super::{CLIENT, OTHER, Pairs, SECRET, TENANT, read, refused, with};
use crate::settings::{FrontDoor, Settings};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const PUBLIC: (&str, &str) = ("PUBLIC_BASE_URL", "https://mcp.example");

fn door(more: Pairs<'_>) -> FrontDoor {
    with(more).unwrap().front_door.unwrap()
}

#[test]
fn it_is_open_unless_that_is_off() {
    for (value, is_open) in [("", true), ("on", true), ("off", false)] {
        let settings = with(&[("MCP_OAUTH_PROXY", value)]).unwrap();
        assert_eq!(settings.front_door.is_some(), is_open, "{value:?}");
    }
    refused(&[
        ("another word", &[("MCP_OAUTH_PROXY", "On")], "MCP_OAUTH_PROXY"),
        (
            "mistakes behind a closed door",
            &[("MCP_OAUTH_PROXY", "off"), ("MCP_OAUTH_SCOPES", "a/b")],
            "MCP_OAUTH_SCOPES",
        ),
    ]);
}

#[test]
fn three_variables_open_it_with_what_is_safe() {
    let door = door(&[]);
    assert_eq!(door.scopes, ["access_as_user"]);
    assert_eq!(door.redirects.rules().len(), 4);
    assert_eq!(door.session_max, Duration::from_secs(7 * 86_400));
    assert_eq!((door.sessions_not_before, door.clients_not_before), (UnixTime::from_secs(0), UnixTime::from_secs(0)));
    assert!(!door.remembers_consent && door.document_hosts.is_none() && door.client_secret.is_none());
}

#[test]
fn beyond_loopback_what_is_sealed_outlives_the_process() {
    let announces =
        |settings: &Settings| settings.warnings.iter().any(|warning| warning.starts_with("MCP_SEALING_KEYS"));
    assert!(announces(&with(&[]).unwrap()));
    for (name, more) in [
        ("keys", &[("MCP_SEALING_KEYS", KEY)][..]),
        ("keys, in public", &[("MCP_SEALING_KEYS", KEY), PUBLIC]),
        ("closed, in public", &[("MCP_OAUTH_PROXY", "off"), PUBLIC]),
    ] {
        assert!(!announces(&with(more).unwrap()), "{name}");
    }
    refused(&[
        ("none, in public", &[PUBLIC], "MCP_SEALING_KEYS"),
        ("blank ones, in public", &[PUBLIC, ("MCP_SEALING_KEYS", " ")], "MCP_SEALING_KEYS"),
        ("bad ones, in public", &[PUBLIC, ("MCP_SEALING_KEYS", SECRET)], "MCP_SEALING_KEYS"),
    ]);
}

/// The app, its credentials and its platform, as they are printed.
fn client(more: Pairs<'_>) -> String {
    format!("{:?}", door(more).client)
}

#[test]
fn another_app_never_gets_the_credential_of_this_one() {
    let other = ("MCP_OAUTH_EXPECTED_CLIENT_ID", OTHER);
    for (name, more, platform, is_other) in [
        ("this app", &[][..], "Web", false),
        ("this app, named", &[("MCP_OAUTH_EXPECTED_CLIENT_ID", CLIENT)], "Web", false),
        ("another with a secret", &[other, ("MCP_OAUTH_CLIENT_SECRET", SECRET)], "Web", true),
        ("another without", &[other], "MobileAndDesktop", true),
        ("another with a blank one", &[other, ("MCP_OAUTH_CLIENT_SECRET", " ")], "MobileAndDesktop", true),
    ] {
        let shown = client(more);
        assert_eq!(
            (shown.contains(&format!("platform: {platform}")), shown.contains(OTHER)),
            (true, is_other),
            "{name}: {shown}"
        );
        assert_eq!(shown.contains("PublicClient"), platform == "MobileAndDesktop", "{name}: {shown}");
    }
}

#[test]
fn a_server_that_acts_for_nobody_signs_people_in_where_something_proves_its_app() {
    let hosting = [
        ("GRAPH_TENANT_ID", TENANT),
        ("GRAPH_CLIENT_ID", CLIENT),
        ("OUTGOING_AUTH_STRATEGY", "UseHostingEnvironmentIdentity"),
        ("MCP_REQUIRED_ROLES", "Reader"),
    ];
    let read = |more: Pairs<'_>| read(&[&hosting, more].concat());
    for (name, more, is_open) in [
        ("nothing", &[][..], false),
        ("the secret of the hosting identity", &[("AZURE_CLIENT_ID", OTHER), ("AZURE_CLIENT_SECRET", SECRET)], false),
        ("its own secret", &[("GRAPH_CLIENT_SECRET", SECRET)], true),
        ("a public app", &[("MCP_OAUTH_EXPECTED_CLIENT_ID", OTHER)], true),
    ] {
        let settings = read(more).unwrap();
        assert_eq!((settings.front_door.is_some(), settings.credentials.is_some()), (is_open, false), "{name}");
        let is_said = settings.warnings.iter().any(|warning| warning.starts_with("MCP_OAUTH_PROXY"));
        assert_eq!(is_said, !is_open, "{name}: {:?}", settings.warnings);
    }
    let asked_for = read(&[("MCP_OAUTH_PROXY", "on")]).unwrap_err();
    assert!(asked_for.0.iter().any(|mistake| mistake.starts_with("MCP_OAUTH_PROXY")), "{asked_for}");
}

#[test]
fn scopes_are_ours_in_whatever_form_and_hold_what_callers_need() {
    for (text, expected) in [
        ("access_as_user", &["access_as_user"][..]),
        (
            "openid profile offline_access api://11111111-2222-3333-4444-555555555555/access_as_user",
            &["access_as_user"],
        ),
        ("11111111-2222-3333-4444-555555555555/access_as_user,more", &["access_as_user", "more"]),
        ("access_as_user access_as_user", &["access_as_user"]),
    ] {
        assert_eq!(door(&[("MCP_OAUTH_SCOPES", text)]).scopes, expected, "{text}");
    }
    assert_eq!(door(&[("MCP_OAUTH_REQUIRED_SCOPES", "a b")]).scopes, ["a", "b"]);
    let nested = [("MCP_AUDIENCES", "https://mcp.example, https://mcp.example/api")];
    let text = ("MCP_OAUTH_SCOPES", "https://mcp.example/api/access_as_user");
    assert_eq!(door(&[nested[0], text]).scopes, ["access_as_user"]);
    for (name, text) in [
        ("Graph's", "access_as_user https://graph.microsoft.com/Mail.Read"),
        ("Graph's id", "access_as_user 00000003-0000-0000-c000-000000000000/.default"),
        ("another app's", "access_as_user api://99999999-2222-3333-4444-555555555555/x"),
        ("not what callers need", "other"),
        ("OpenID's alone", "openid offline_access"),
    ] {
        refused(&[(name, &[("MCP_OAUTH_SCOPES", text)], "MCP_OAUTH_SCOPES")]);
    }
}

#[test]
fn times_are_said_with_their_unit_and_zone() {
    let door = door(&[
        ("MCP_OAUTH_SESSION_MAX", "12h"),
        ("MCP_OAUTH_SESSIONS_NOT_BEFORE", "2026-07-28T09:00:00Z"),
        ("MCP_OAUTH_CLIENTS_NOT_BEFORE", "2026-07-28T11:00:00+02:00"),
        ("MCP_OAUTH_CONSENT", "remember"),
        ("MCP_OAUTH_CLIENT_DOCUMENT_HOSTS", "vscode.dev, claude.ai"),
    ]);
    assert_eq!(door.session_max, Duration::from_secs(12 * 3_600));
    assert_eq!(door.sessions_not_before, UnixTime::from_secs(1_785_229_200));
    assert_eq!(door.clients_not_before, door.sessions_not_before);
    assert_eq!(door.document_hosts, Some(DocumentHosts::new(["vscode.dev", "claude.ai"]).unwrap()));
    assert!(door.remembers_consent);
    refused(&[
        ("longer than tokens last", &[("MCP_OAUTH_SESSION_MAX", "91d")], "MCP_OAUTH_SESSION_MAX"),
        ("no time at all", &[("MCP_OAUTH_SESSION_MAX", "0s")], "MCP_OAUTH_SESSION_MAX"),
        ("a bare number", &[("MCP_OAUTH_SESSION_MAX", "7")], "MCP_OAUTH_SESSION_MAX"),
        ("no zone", &[("MCP_OAUTH_SESSIONS_NOT_BEFORE", "2026-07-28T09:00:00")], "MCP_OAUTH_SESSIONS_NOT_BEFORE"),
        ("a day", &[("MCP_OAUTH_CLIENTS_NOT_BEFORE", "2026-07-28")], "MCP_OAUTH_CLIENTS_NOT_BEFORE"),
        ("before 1970", &[("MCP_OAUTH_CLIENTS_NOT_BEFORE", "1960-01-01T00:00:00Z")], "MCP_OAUTH_CLIENTS_NOT_BEFORE"),
        ("another word", &[("MCP_OAUTH_CONSENT", "never")], "MCP_OAUTH_CONSENT"),
        ("another tenant", &[("MCP_OAUTH_TENANT_ID", OTHER)], "MCP_OAUTH_TENANT_ID"),
        ("a prefix", &[("MCP_OAUTH_REDIRECT_URI_PREFIXES", "https://app.example")], "MCP_OAUTH_REDIRECT_URI_PREFIXES"),
        (
            "a host with a scheme",
            &[("MCP_OAUTH_CLIENT_DOCUMENT_HOSTS", "https://vscode.dev")],
            "MCP_OAUTH_CLIENT_DOCUMENT_HOSTS",
        ),
        ("a client that is none", &[("MCP_OAUTH_EXPECTED_CLIENT_ID", "x")], "MCP_OAUTH_EXPECTED_CLIENT_ID"),
    ]);
}

#[test]
fn a_time_that_is_still_to_come_is_taken_with_a_warning() {
    for name in ["MCP_OAUTH_SESSIONS_NOT_BEFORE", "MCP_OAUTH_CLIENTS_NOT_BEFORE"] {
        for (text, is_warned) in [("2026-07-28T09:00:00Z", false), ("9999-01-01T00:00:00Z", true)] {
            let warnings = with(&[(name, text)]).unwrap().warnings;
            assert_eq!(warnings.iter().any(|warning| warning.starts_with(name)), is_warned, "{name}={text}");
        }
    }
}

#[test]
fn the_list_of_redirects_is_the_default_unless_it_says_none() {
    assert!(door(&[("MCP_OAUTH_REDIRECT_URI_PREFIXES", "none")]).redirects.rules().is_empty());
    assert_eq!(door(&[("MCP_OAUTH_REDIRECT_URI_PREFIXES", " ")]).redirects.rules().len(), 4);
}

#[test]
fn whom_the_log_names_can_be_shut_out_and_a_slip_shuts_out_nobody_unseen() {
    let digest = "pmWkWSBCL51Bfkhn79xPuKBKHz__H6B-mY6G9_eieuM";
    let denied = door(&[("MCP_OAUTH_DENIED_CLIENTS", &format!("{digest}, {digest}"))]).denied_clients;
    assert_eq!(denied.iter().map(ToString::to_string).collect::<Vec<_>>(), [digest, digest]);
    for bad in ["mcp.AAAA", CLIENT, &digest[1..], &format!("{digest}x")] {
        refused(&[(bad, &[("MCP_OAUTH_DENIED_CLIENTS", bad)], "MCP_OAUTH_DENIED_CLIENTS")]);
    }
}
