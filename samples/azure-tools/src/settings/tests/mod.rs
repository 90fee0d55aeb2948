mod app;

use std::collections::BTreeMap;

use clap::Parser as _;
use mcp_obo::credential::CredentialKind;

use super::*;
use crate::{
    arguments::{Arguments, Command, Server},
    services::Service,
    tools::all,
};

type Pairs<'a> = &'a [(&'a str, &'a str)];

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const IDENTITY: &str = "99999999-2222-3333-4444-555555555555";
const SECRET: &str = "a-secret-that-nobody-prints";

/// As the original's deployment template has it.
const TEMPLATE: [(&str, &str); 6] = [
    ("ASPNETCORE_ENVIRONMENT", "Production"),
    ("AzureAd__Instance", "https://login.microsoftonline.com/"),
    ("AzureAd__TenantId", TENANT),
    ("AzureAd__ClientId", CLIENT),
    ("AzureAd__ClientCredentials__0__SourceType", "SignedAssertionFromManagedIdentity"),
    ("AzureAd__ClientCredentials__0__ManagedIdentityClientId", IDENTITY),
];

fn start(options: &[&str]) -> Start {
    let line = ["azure-tools", "server", "start"].iter().chain(options);
    match Arguments::try_parse_from(line).unwrap().command {
        Command::Server(Server::Start(start)) => *start,
        other => panic!("{other:?}"),
    }
}

/// Reads the template with changes, of which a blank one unsets.
fn read(options: &[&str], more: Pairs<'_>) -> Result<Settings, Mistakes> {
    let vars: BTreeMap<_, _> = TEMPLATE.iter().chain(more).map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let read = Settings::read(&start(options), &vars);
    let printed = format!("{read:?} {}", read.as_ref().err().map(ToString::to_string).unwrap_or_default());
    assert!(!printed.contains(SECRET), "a secret was printed: {printed}");
    read
}

fn mistakes(options: &[&str], more: Pairs<'_>) -> String {
    read(options, more).map(|_| String::new()).unwrap_or_else(|mistakes| mistakes.to_string())
}

const HTTP: [&str; 2] = ["--transport", "http"];
const DOCUMENTED: [&str; 9] = [
    "--transport",
    "http",
    "--outgoing-auth-strategy",
    "UseOnBehalfOf",
    "--mode",
    "all",
    "--read-only",
    "--namespace",
    "subscription",
];

#[test]
fn the_documented_line_and_variables_are_enough() {
    let settings = read(&DOCUMENTED, &[]).unwrap();
    let incoming = settings.incoming.unwrap();
    assert_eq!(settings.acting.strategy, ActingAs::User);
    assert_eq!(incoming.app.unwrap().client_id(), CLIENT);
    let kinds: Vec<_> = incoming.credentials.unwrap().status(mcp_auth_layer::clock::UnixTime::from_secs(0));
    assert_eq!(kinds.iter().map(|one| one.kind()).collect::<Vec<_>>(), [CredentialKind::ManagedIdentity]);
    assert!(settings.acting.hosting.is_none(), "nobody lends an identity that nobody asked for");
    assert_eq!((settings.environment, settings.cloud), (Environment::Production, Cloud::Public));
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
}

#[test]
fn the_strategy_follows_from_the_transport_where_none_is_chosen() {
    let off = ["--transport", "http", "--dangerously-disable-http-incoming-auth"];
    let development = [("ASPNETCORE_ENVIRONMENT", "Development")];
    for (name, options, more, expected) in [
        ("http", &HTTP[..], &[][..], Some(ActingAs::User)),
        ("http, not authenticated", &off, &development, Some(ActingAs::HostingIdentity)),
        ("stdio", &[], &[], Some(ActingAs::HostingIdentity)),
        ("stdio by name, in any case", &["--transport", "STDIO"], &[], Some(ActingAs::HostingIdentity)),
        ("NotSet", &["--transport", "http", "--outgoing-auth-strategy", "notset"], &[], Some(ActingAs::User)),
        (
            "hosting over http",
            &["--transport", "http", "--outgoing-auth-strategy", "UseHostingEnvironmentIdentity"],
            &[],
            Some(ActingAs::HostingIdentity),
        ),
        ("users over stdio", &["--outgoing-auth-strategy", "UseOnBehalfOf"], &[], None),
        (
            "users who are not known",
            &[
                "--transport",
                "http",
                "--outgoing-auth-strategy",
                "UseOnBehalfOf",
                "--dangerously-disable-http-incoming-auth",
            ],
            &development,
            None,
        ),
    ] {
        let read = read(options, more);
        assert_eq!(read.as_ref().ok().map(|settings| settings.acting.strategy), expected, "{name}: {read:?}");
        if let Err(mistakes) = read {
            assert!(mistakes.to_string().contains("UseOnBehalfOf needs callers who are known"), "{name}: {mistakes}");
        }
    }
}

#[test]
fn incoming_authentication_is_switched_off_in_development_on_loopback_only() {
    let off = ["--transport", "http", "--dangerously-disable-http-incoming-auth"];
    let development = ("ASPNETCORE_ENVIRONMENT", "Development");
    for (name, more, expected) in [
        ("development on loopback", &[development][..], true),
        ("production", &[], false),
        ("two names that differ", &[development, ("MCP_ENV", "production")], false),
        (
            "a wildcard",
            &[development, ("ASPNETCORE_URLS", "http://+:8080"), ("PUBLIC_BASE_URL", "http://localhost")],
            false,
        ),
        (
            "a wildcard, insisted on",
            &[
                development,
                ("ASPNETCORE_URLS", "http://+:8080"),
                ("PUBLIC_BASE_URL", "http://localhost"),
                ("ALLOW_INSECURE_EXTERNAL_BINDING", "true"),
            ],
            false,
        ),
        ("a tunnel", &[development, ("PUBLIC_BASE_URL", "https://tools.example.com")], false),
    ] {
        let read = read(&off, more);
        assert_eq!(read.is_ok(), expected, "{name}: {read:?}");
        if let Ok(settings) = read {
            let incoming = settings.incoming.unwrap();
            assert!(incoming.app.is_none() && incoming.permits.len() == 1, "{name}");
        }
    }
    assert!(mistakes(&["--dangerously-disable-http-incoming-auth"], &[]).contains("--transport http only"));
}

#[test]
fn a_listener_that_others_reach_needs_its_public_name() {
    assert!(mistakes(&HTTP, &[("ASPNETCORE_URLS", "http://+:8080")]).contains("PUBLIC_BASE_URL: needed"));
    let named = [("ASPNETCORE_URLS", "http://+:8080"), ("PUBLIC_BASE_URL", "https://tools.example.com")];
    let incoming = read(&HTTP, &named).unwrap().incoming.unwrap();
    assert_eq!(incoming.address.to_string(), "0.0.0.0:8080");
    assert_eq!(incoming.public_base_url, "https://tools.example.com");
}

#[test]
fn what_is_offered_is_chosen_by_namespace_or_name() {
    assert!(mistakes(&["--namespace", "moon"], &[]).contains("--namespace: \"moon\" is not known"));
    assert!(mistakes(&["--tool", "azmcp_moon_land"], &[]).contains("--tool: \"azmcp_moon_land\" is not known"));
    let settings = read(&["--namespace", "Subscription"], &[]).unwrap();
    assert_eq!(settings.offer.tools().map(|tool| tool.spec().name).collect::<Vec<_>>(), ["azmcp_subscription_list"]);
    assert_eq!(read(&[], &[]).unwrap().offer.tools().count(), all().len());
}

#[test]
fn an_identity_is_lent_for_the_services_that_are_named_and_that_is_announced() {
    let lent = ["--transport", "http", "--hosting-identity-for", "cosmos"];
    let settings = read(&lent, &[]).unwrap();
    assert_eq!(settings.acting.acting_as(Service::Cosmos), ActingAs::HostingIdentity);
    assert_eq!(settings.acting.acting_as(Service::Storage), ActingAs::User);
    assert!(settings.warnings.iter().any(|it| it.contains("Azure Cosmos DB is called as")), "{:?}", settings.warnings);
    assert!(mistakes(&["--transport", "http", "--hosting-identity-for", "moon"], &[]).contains("is not a service"));
    let shared = ["--transport", "http", "--outgoing-auth-strategy", "UseHostingEnvironmentIdentity"];
    let warnings = read(&shared, &[]).unwrap().warnings;
    assert!(warnings.iter().any(|it| it.contains("all callers share one identity")), "{warnings:?}");
}

#[test]
fn a_service_can_be_declared_to_have_got_a_permission() {
    let spec = all().into_iter().find(|tool| tool.spec().needs.iter().any(|need| need.service == Service::Cosmos));
    let declared = read(&HTTP, &[("AZURE_MCP_DELEGATED_SERVICES", "cosmos")]).unwrap();
    if let Some(tool) = spec {
        assert_eq!(declared.acting.undelegable(tool.spec()), None);
        assert_eq!(read(&HTTP, &[]).unwrap().acting.undelegable(tool.spec()), Some(Service::Cosmos));
    }
    let other = read(&HTTP, &[("AZURE_MCP_DELEGATED_SERVICES", "communication")]).unwrap().acting;
    for tool in all() {
        let service = tool.spec().service();
        let closed = service.delegated_permissions().is_empty() && service != Service::Communication;
        assert_eq!(other.undelegable(tool.spec()), closed.then_some(service), "{}", tool.spec().name);
    }
    assert!(mistakes(&HTTP, &[("AZURE_MCP_DELEGATED_SERVICES", "moon")]).contains("is not a service"));
}

#[test]
fn what_is_not_in_a_cloud_is_refused_before_anybody_is_asked() {
    for options in [&["--transport", "http", "--cloud", "AzureUSGovernment"][..], &["--cloud", "AzureUSGovernment"]] {
        let acting = read(options, &[("AzureAd__Instance", "")]).unwrap().acting;
        for tool in all() {
            let spec = tool.spec();
            let is_there = spec.needs.iter().all(|need| need.service.place(Cloud::UsGov).is_some());
            let refusal = acting.refusal(spec).map(|failure| failure.kind);
            assert_eq!(refusal, (!is_there).then_some("not_in_this_cloud"), "{}", spec.name);
            assert_eq!(acting.limitation(spec).is_some(), !is_there, "{}", spec.name);
        }
    }
}

#[test]
fn every_option_of_the_original_is_taken_and_what_has_no_effect_is_said() {
    let all = [
        "--transport",
        "http",
        "--debug",
        "--disable-caching",
        "--disable-proxy-tools",
        "--structured-output-mode",
        "compact",
        "--mode",
        "single",
        "--cloud",
        "AzureCloud",
        "--dangerously-disable-elicitation",
        "--dangerously-disable-retry-limits",
        "--dangerously-disable-ssrf-protections-by-namespace",
        "ALL",
        "--dangerously-write-support-logs-to-dir",
        "logs",
    ];
    let warnings = read(&all, &[]).unwrap().warnings;
    for name in all.iter().filter(|one| one.starts_with("--")) {
        let works = ["--transport", "--debug", "--cloud"].contains(name);
        assert_eq!(
            !works,
            warnings.iter().any(|it| it.starts_with(&format!("{name}: no effect"))),
            "{name}: {warnings:?}"
        );
    }
}

#[test]
fn the_restart_line_is_the_same_server_with_its_own_identity() {
    let line = start(&DOCUMENTED).restart_line(crate::arguments::Strategy::UseHostingEnvironmentIdentity);
    assert_eq!(
        line,
        "azure-tools server start --transport http --outgoing-auth-strategy UseHostingEnvironmentIdentity --namespace \
         subscription --read-only"
    );
    let words: Vec<_> = line.split(' ').skip(3).collect();
    assert!(read(&words, &[]).is_ok(), "it starts");
}

#[test]
fn the_hosting_identity_is_the_chain_that_the_variables_choose() {
    let hosting = ["--transport", "http", "--outgoing-auth-strategy", "UseHostingEnvironmentIdentity"];
    for (name, options, more, expected) in [
        ("nothing", &hosting[..], &[][..], Ok("the default chain")),
        ("production", &hosting, &[("AZURE_TOKEN_CREDENTIALS", "prod")], Ok("AZURE_TOKEN_CREDENTIALS=prod")),
        ("one", &[], &[("AZURE_TOKEN_CREDENTIALS", "azureclicredential")], Ok("AzureCliCredential")),
        (
            "a broker over stdio",
            &[],
            &[("AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL", "true")],
            Ok("AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL=true"),
        ),
        (
            "a broker over http",
            &hosting,
            &[("AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL", "true")],
            Err("over HTTP callers are elsewhere"),
        ),
        (
            "a word",
            &hosting,
            &[("AZURE_TOKEN_CREDENTIALS", "managed")],
            Err("AZURE_TOKEN_CREDENTIALS: \"managed\" is not known"),
        ),
        ("no id", &hosting, &[("AZURE_CLIENT_ID", "me")], Err("AZURE_CLIENT_ID: ")),
    ] {
        match (read(options, more), expected) {
            (Ok(settings), Ok(words)) => {
                let description = settings.acting.hosting.unwrap().description();
                assert_eq!(description, format!("credential chain ({words})"), "{name}");
            }
            (Err(mistakes), Err(words)) => assert!(mistakes.to_string().contains(words), "{name}: {mistakes}"),
            (read, _) => panic!("{name}: {read:?}"),
        }
    }
    let warned = read(&hosting, &[("CONTAINER_APP_NAME", "tools")]).unwrap().warnings;
    assert!(warned.iter().any(|text| text.contains("set it to prod")), "{warned:?}");
}
