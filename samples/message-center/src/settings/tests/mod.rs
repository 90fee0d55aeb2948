//! Environments, and what becomes of them.

mod credentials;
mod front_door;
mod limits;
mod sharing;
mod strategy;

use std::collections::BTreeMap;

use mcp_auth_layer::bypass::{Environment, Hatch};
use mcp_auth_layer::{cloud::Cloud, policy::AccessPolicy};
use mcp_obo::credential::CredentialKind;

use super::{Mistakes, Settings};

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const OTHER: &str = "99999999-2222-3333-4444-555555555555";
const SECRET: &str = "a-secret-that-nobody-prints";

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn vars(pairs: Pairs<'_>) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(pairs: Pairs<'_>) -> Result<Settings, Mistakes> {
    let read = Settings::read(&vars(pairs));
    let printed = format!("{read:?} {}", read.as_ref().err().map(ToString::to_string).unwrap_or_default());
    assert!(!printed.contains(SECRET), "a secret was printed: {printed}");
    read
}

/// The three variables of the quick start, and more, which win.
fn with(more: Pairs<'_>) -> Result<Settings, Mistakes> {
    let three = [("GRAPH_TENANT_ID", TENANT), ("GRAPH_CLIENT_ID", CLIENT), ("GRAPH_CLIENT_SECRET", SECRET)];
    let all: Vec<_> = three.iter().chain(more).copied().collect();
    read(&all)
}

/// Each environment must be refused, and the text must name the variable.
fn refused(cases: &[(&str, Pairs<'_>, &str)]) {
    for (name, more, named) in cases {
        let mistakes = with(more).err().unwrap_or_else(|| panic!("{name}: accepted"));
        assert!(mistakes.0.iter().any(|mistake| mistake.starts_with(named)), "{name}: {mistakes}");
    }
}

#[test]
fn three_variables_are_enough_and_everything_is_locked() {
    let settings = with(&[]).unwrap();
    assert_eq!(settings.environment, Environment::Production);
    assert_eq!(settings.address.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.public_base_url, "http://127.0.0.1:8080");
    assert_eq!(settings.graph_base_url, "https://graph.microsoft.com/v1.0");
    assert_eq!(settings.target.scope(), "https://graph.microsoft.com/.default");
    assert_eq!(settings.required_scopes, ["access_as_user"]);
    assert_eq!(settings.app.audiences().collect::<Vec<_>>(), [CLIENT, &format!("api://{CLIENT}")]);
    assert!(settings.hatches.permits.is_empty() && settings.allowed_origins.is_empty());
}

#[test]
fn the_sample_file_starts_once_its_three_values_are_filled_in() {
    let sample = include_str!("../../../.env.local.sample");
    let filled = sample
        .replace("GRAPH_TENANT_ID=\n", &format!("GRAPH_TENANT_ID={TENANT}\n"))
        .replace("GRAPH_CLIENT_ID=\n", &format!("GRAPH_CLIENT_ID={CLIENT}\n"))
        .replace("GRAPH_CLIENT_SECRET=\n", &format!("GRAPH_CLIENT_SECRET={SECRET}\n"));
    let file: BTreeMap<_, _> = dotenvy::from_read_iter(filled.as_bytes()).collect::<Result<_, _>>().unwrap();
    assert_eq!(file.len(), 3);
    let settings = Settings::read(&file).unwrap();
    assert_eq!(settings.graph_base_url, with(&[]).unwrap().graph_base_url);
    // Every commented line `# NAME=value` must be what the server does without it.
    for line in sample.lines().filter_map(|line| line.strip_prefix("# ")) {
        let Some((name, value)) =
            line.split_once('=').filter(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        else {
            continue;
        };
        let with_default = with(&[(name, value)]).unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"));
        let (one, other) = (format!("{with_default:?}"), format!("{:?}", with(&[]).unwrap()));
        assert_eq!(one, other, "{name} is not the default");
    }
}

#[test]
fn an_identity_is_never_taken_for_the_app() {
    let azure = [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", OTHER)];
    let service_principal = [azure[0], ("AZURE_CLIENT_ID", CLIENT), ("AZURE_CLIENT_SECRET", SECRET)];
    let settings = read(&service_principal).unwrap();
    assert_eq!((settings.app.client_id(), credentials::kinds(&settings)), (CLIENT, vec![CredentialKind::Secret]));

    // The Kubernetes webhook injects id and token file for managed identities too.
    let webhook = [
        azure[0],
        azure[1],
        ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token"),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"),
    ];
    let mistakes = read(&webhook).unwrap_err();
    assert!(mistakes.0.iter().any(|mistake| mistake.starts_with("GRAPH_CLIENT_ID")), "{mistakes}");
    let app = [("GRAPH_CLIENT_ID", CLIENT), ("GRAPH_CLIENT_SECRET", SECRET)];
    let settings = read(&[&webhook[..], &app].concat()).unwrap();
    assert_eq!(settings.app.client_id(), CLIENT);
    assert_eq!(settings.app.authority().host(), "https://login.microsoftonline.com");
    assert_eq!(credentials::kinds(&settings), [CredentialKind::Secret]);
    assert!(settings.warnings.iter().any(|warning| warning.starts_with("AZURE_FEDERATED_TOKEN_FILE: not used")));

    // A reader's secret beside our client id is the hosting identity's, and never sent with it.
    let foreign = [
        azure[0],
        azure[1],
        ("AZURE_CLIENT_SECRET", SECRET),
        ("GRAPH_CLIENT_ID", CLIENT),
        ("GRAPH_CLIENT_CERT_KEYVAULT_URL", "https://v.vault.azure.net"),
    ];
    let settings = read(&[&foreign[..], &[("GRAPH_CLIENT_CERT_SECRET_NAME", "key")]].concat()).unwrap();
    assert_eq!(credentials::kinds(&settings), [CredentialKind::KeyVault]);
    let mistakes = read(&foreign[..4]).unwrap_err();
    assert!(mistakes.to_string().contains("AZURE_CLIENT_SECRET belongs to the hosting identity"), "{mistakes}");
    let mistakes = read(&foreign).unwrap_err();
    assert!(mistakes.0.iter().any(|mistake| mistake.starts_with("GRAPH_CLIENT_CERT_SECRET_NAME")), "{mistakes}");
}

#[test]
fn a_tenant_is_one_tenant_in_the_order_of_the_contract() {
    for (name, more, tenant) in [
        ("id", &[][..], TENANT),
        ("domain", &[("GRAPH_TENANT_ID", "Contoso.onmicrosoft.com")][..], "contoso.onmicrosoft.com"),
        (
            "blank falls through",
            &[("GRAPH_TENANT_ID", " "), ("TEAMS_APP_TENANT_ID", OTHER), ("AZURE_TENANT_ID", TENANT)],
            OTHER,
        ),
        ("first wins", &[("AZURE_TENANT_ID", OTHER)], TENANT),
    ] {
        assert_eq!(with(more).unwrap().app.authority().segment(), tenant, "{name}");
    }
    for many in ["common", "organizations", "consumers", "contoso"] {
        refused(&[(many, &[("GRAPH_TENANT_ID", many)], "GRAPH_TENANT_ID")]);
    }
}

#[test]
fn one_cloud_decides_authority_graph_and_scope() {
    let gov = "https://login.microsoftonline.us";
    for (name, more, cloud, graph) in [
        ("by name", &[("AZURE_CLOUD", "AzureUSGovernment")][..], Cloud::UsGov, "https://graph.microsoft.us/v1.0"),
        (
            "by authority",
            &[("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")],
            Cloud::UsGov,
            "https://graph.microsoft.us/v1.0",
        ),
        (
            "both",
            &[("AZURE_CLOUD", "azureusgovernment"), ("AZURE_AUTHORITY_HOST", gov)],
            Cloud::UsGov,
            "https://graph.microsoft.us/v1.0",
        ),
        ("china", &[("AZURE_CLOUD", "AzureChinaCloud")], Cloud::China, "https://microsoftgraph.chinacloudapi.cn/v1.0"),
    ] {
        let settings = with(more).unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"));
        assert_eq!((settings.app.cloud(), settings.graph_base_url.as_str()), (cloud, graph), "{name}");
        assert!(graph.starts_with(settings.target.resource()), "{name}");
    }
    refused(&[
        ("unknown", &[("AZURE_CLOUD", "Mars")], "AZURE_CLOUD"),
        ("mix", &[("AZURE_CLOUD", "AzureCloud"), ("AZURE_AUTHORITY_HOST", gov)], "AZURE_CLOUD"),
        (
            "Graph of another cloud",
            &[("AZURE_CLOUD", "AzureUSGovernment"), ("GRAPH_BASE_URL", "https://graph.microsoft.com/v1.0")],
            "GRAPH_BASE_URL",
        ),
        ("scope of another cloud", &[("GRAPH_OBO_SCOPES", "https://graph.microsoft.us/.default")], "GRAPH_OBO_SCOPES"),
    ]);
}

#[test]
fn plain_http_is_for_loopback_in_development() {
    let development = ("MCP_ENV", "development");
    let local =
        [development, ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:9"), ("GRAPH_BASE_URL", "http://localhost:9/v1.0/")];
    assert_eq!(with(&local).unwrap().graph_base_url, "http://localhost:9/v1.0");
    refused(&[
        ("authority in production", &local[1..2], "AZURE_AUTHORITY_HOST"),
        ("Graph in production", &local[2..], "GRAPH_BASE_URL"),
        (
            "authority elsewhere",
            &[development, ("AZURE_AUTHORITY_HOST", "http://login.example")],
            "AZURE_AUTHORITY_HOST",
        ),
        (
            "authority with a path",
            &[("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/common")],
            "AZURE_AUTHORITY_HOST",
        ),
        ("Graph elsewhere in production", &[("GRAPH_BASE_URL", "https://graph.evil.example/v1.0")], "GRAPH_BASE_URL"),
        (
            "Graph elsewhere, by its other name",
            &[("GRAPH_BASE_URL", "https://graph.evil.example/v1.0"), ("GRAPH_OBO_SCOPES", GRAPH_BY_ID)],
            "GRAPH_BASE_URL",
        ),
        ("a token for another API", &[("GRAPH_OBO_SCOPES", "https://management.azure.com/.default")], "GRAPH_BASE_URL"),
        ("a token for who knows what", &[("GRAPH_OBO_SCOPES", &*format!("{OTHER}/.default"))], "GRAPH_OBO_SCOPES"),
        (
            "Graph with a password",
            &[development, ("GRAPH_BASE_URL", "https://u:a-secret-that-nobody-prints@graph.microsoft.com/v1.0")],
            "GRAPH_BASE_URL",
        ),
        ("Graph with a query", &[("GRAPH_BASE_URL", "https://graph.microsoft.com/v1.0?x=")], "GRAPH_BASE_URL"),
        ("Graph that is no URL", &[("GRAPH_BASE_URL", "graph.microsoft.com")], "GRAPH_BASE_URL"),
    ]);
    with(&[("GRAPH_OBO_SCOPES", GRAPH_BY_ID)]).unwrap();
}

const GRAPH_BY_ID: &str = "00000003-0000-0000-c000-000000000000/.default";

#[test]
fn the_public_url_is_said_and_never_guessed() {
    let public = ("PUBLIC_BASE_URL", "https://mcp.example/");
    assert_eq!(
        with(&[("BIND_ADDR", "0.0.0.0"), public, ("MCP_OAUTH_PROXY", "off")]).unwrap().public_base_url,
        "https://mcp.example"
    );
    refused(&[
        ("beyond loopback without it", &[("BIND_ADDR", "0.0.0.0")], "PUBLIC_BASE_URL"),
        ("plain http", &[("PUBLIC_BASE_URL", "http://mcp.example")], "PUBLIC_BASE_URL"),
        ("with a path", &[("PUBLIC_BASE_URL", "https://mcp.example/mcp")], "PUBLIC_BASE_URL"),
        ("upper case", &[("PUBLIC_BASE_URL", "https://MCP.example")], "PUBLIC_BASE_URL"),
        ("a port that is none", &[("PORT", "80 80")], "PORT"),
        ("a port that the system chooses", &[("PORT", "0")], "PORT"),
        ("an address that is none", &[("BIND_ADDR", "everywhere")], "BIND_ADDR"),
        ("an origin with a path", &[("MCP_ALLOWED_ORIGINS", "https://app.example/x")], "MCP_ALLOWED_ORIGINS"),
    ]);
}

#[test]
fn only_exactly_development_is_development() {
    for (mcp_env, node_env, expected) in [
        ("development", "", Environment::Development),
        ("", "development", Environment::Development),
        ("development", "development", Environment::Development),
        ("development", "production", Environment::Production),
        ("Development", "", Environment::Production),
        (" development", "", Environment::Production),
        ("dev", "", Environment::Production),
        ("", "", Environment::Production),
    ] {
        let settings = with(&[("MCP_ENV", mcp_env), ("NODE_ENV", node_env)]).unwrap();
        assert_eq!(settings.environment, expected, "{mcp_env:?} {node_env:?}");
    }
}

#[test]
fn hatches_open_by_their_own_word_where_they_may() {
    let development = ("MCP_ENV", "development");
    let argument = ("ALLOW_MCP_ACCESS_TOKEN_ARG", "true");
    for (name, more, open) in [
        ("nothing", &[][..], &[][..]),
        ("development alone", &[development], &[]),
        ("no authentication", &[development, ("MCP_REQUIRE_AUTH", "false")], &[Hatch::NoAuthentication]),
        ("foreign bearer", &[development, ("ALLOW_GRAPH_BEARER_TOKEN", "true")], &[Hatch::ForeignBearer]),
        ("argument in production", &[argument], &[Hatch::TokenArgument]),
        ("token without its opt-in", &[("GRAPH_ACCESS_TOKEN", SECRET)], &[]),
        ("token with it", &[argument, ("GRAPH_ACCESS_TOKEN", SECRET)], &[Hatch::TokenArgument, Hatch::StaticToken]),
        ("blank words", &[("MCP_REQUIRE_AUTH", " "), ("ALLOW_MCP_ACCESS_TOKEN_ARG", "")], &[]),
    ] {
        let settings = with(more).unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"));
        let opened: Vec<_> = settings.hatches.permits.iter().map(mcp_auth_layer::bypass::Permit::hatch).collect();
        assert_eq!(opened, open, "{name}");
    }
    let public = [development, ("BIND_ADDR", "0.0.0.0"), ("PUBLIC_BASE_URL", "https://mcp.example")];
    refused(&[
        ("no authentication in production", &[("MCP_REQUIRE_AUTH", "false")], "MCP_REQUIRE_AUTH"),
        ("foreign bearer in production", &[("ALLOW_GRAPH_BEARER_TOKEN", "true")], "ALLOW_GRAPH_BEARER_TOKEN"),
        ("no authentication, reachable", &[&public[..], &[("MCP_REQUIRE_AUTH", "false")]].concat(), "MCP_REQUIRE_AUTH"),
        (
            "static token, reachable",
            &[&public[..], &[argument, ("GRAPH_ACCESS_TOKEN", SECRET)]].concat(),
            "GRAPH_ACCESS_TOKEN",
        ),
    ]);
    for sloppy in ["True", "TRUE", "True ", " true", "1", "yes", "on", "flase"] {
        for name in ["MCP_REQUIRE_AUTH", "ALLOW_MCP_ACCESS_TOKEN_ARG", "ALLOW_GRAPH_BEARER_TOKEN"] {
            refused(&[(sloppy, &[development, (name, sloppy)], name)]);
        }
    }
}

#[test]
fn lists_are_judged_whole() {
    assert_eq!(with(&[("MCP_AUDIENCES", "https://mcp.example, api://x")]).unwrap().app.audiences().count(), 4);
    refused(&[
        ("Graph as audience", &[("MCP_AUDIENCES", "https://graph.microsoft.com")], "MCP_AUDIENCES"),
        ("a scope that is none", &[("MCP_OAUTH_REQUIRED_SCOPES", "a\"b")], "MCP_OAUTH_REQUIRED_SCOPES"),
        ("a capability that is none", &[("GRAPH_CLIENT_CAPABILITIES", "cp2")], "GRAPH_CLIENT_CAPABILITIES"),
        ("a qualified scope", &[("MCP_OAUTH_REQUIRED_SCOPES", "api://x/access_as_user")], "MCP_OAUTH_REQUIRED_SCOPES"),
        ("scopes with commas", &[("MCP_OAUTH_REQUIRED_SCOPES", "a,b")], "MCP_OAUTH_REQUIRED_SCOPES"),
        ("a client id that is none", &[("GRAPH_CLIENT_ID", "x")], "GRAPH_CLIENT_ID"),
        ("an id without its hyphens", &[("GRAPH_CLIENT_ID", "11111111222233334444555555555555")], "GRAPH_CLIENT_ID"),
    ]);
}

#[test]
fn lists_of_callers_are_never_empty_and_hold_what_they_say() {
    refused(&[
        ("a client that is no id", &[("MCP_ALLOWED_CLIENT_IDS", "my-client")], "MCP_ALLOWED_CLIENT_IDS"),
        (
            "one of two",
            &[("MCP_ALLOWED_CLIENT_IDS", "11111111-2222-3333-4444-555555555555,x")],
            "MCP_ALLOWED_CLIENT_IDS",
        ),
        ("no client", &[("MCP_ALLOWED_CLIENT_IDS", " , ")], "MCP_ALLOWED_CLIENT_IDS"),
        ("no role", &[("MCP_REQUIRED_ROLES", ",")], "MCP_REQUIRED_ROLES"),
    ]);
    let any = with(&[("MCP_ALLOWED_CLIENT_IDS", ""), ("MCP_REQUIRED_ROLES", " ")]).unwrap();
    assert_eq!(any.access, AccessPolicy::default());
    let some = with(&[("MCP_ALLOWED_CLIENT_IDS", CLIENT), ("MCP_REQUIRED_ROLES", "Reader, Writer")]).unwrap();
    let expected =
        AccessPolicy::default().allow_clients([CLIENT]).and_then(|it| it.require_any_role(["Reader", "Writer"]));
    assert_eq!(some.access, expected.unwrap());
}

#[test]
fn what_this_version_cannot_do_is_refused_or_announced() {
    refused(&[
        ("unknown strategy", &[("OUTGOING_AUTH_STRATEGY", "OBO")], "OUTGOING_AUTH_STRATEGY"),
        (
            "a token file alone",
            &[("GRAPH_CLIENT_SECRET", ""), ("AZURE_FEDERATED_TOKEN_FILE", "/t")],
            "AZURE_FEDERATED_TOKEN_FILE",
        ),
        (
            "certificate alone",
            &[("GRAPH_CLIENT_SECRET", ""), ("GRAPH_CLIENT_CERT_PATH", "/c.pem")],
            "GRAPH_CLIENT_CERT_PATH",
        ),
    ]);
    let settings = with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")]).unwrap();
    let warned = settings.warnings.iter().any(|warning| warning.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT"));
    assert!(warned, "{:?}", settings.warnings);
}

#[test]
fn all_mistakes_come_at_once() {
    let bad: Pairs<'_> = &[
        ("GRAPH_TENANT_ID", "common"),
        ("GRAPH_CLIENT_ID", "x"),
        ("GRAPH_CLIENT_SECRET", ""),
        ("PORT", "x"),
        ("BIND_ADDR", "x"),
        ("PUBLIC_BASE_URL", "x"),
        ("AZURE_CLOUD", "x"),
        ("AZURE_AUTHORITY_HOST", "x"),
        ("GRAPH_BASE_URL", "x"),
        ("GRAPH_OBO_SCOPES", "x"),
        ("MCP_AUDIENCES", "https://graph.microsoft.com"),
        ("MCP_REQUIRE_AUTH", "maybe"),
        ("REDIS_URL", "x"),
    ];
    for (name, pairs) in [("bad", bad), ("unset", &[])] {
        let mistakes = read(pairs).unwrap_err();
        let named = pairs.iter().map(|(variable, _)| *variable);
        let unset = ["GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET"];
        for variable in named.chain(unset) {
            assert!(mistakes.0.iter().any(|mistake| mistake.starts_with(variable)), "{name}: {variable}: {mistakes}");
        }
        let text = mistakes.to_string();
        assert_eq!(text.lines().count(), mistakes.0.len() + 1, "one a line: {text}");
    }
}
