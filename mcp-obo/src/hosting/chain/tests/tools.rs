//! Developers' tools, as programs that the tests write: what comes of what they print, and what they get to see.

use std::{fs, path::Path};

use super::{programs::Host, *};

pub(super) const AZ: Selection = Selection::Only(CredentialName::AzureCli);
const AZD: Selection = Selection::Only(CredentialName::AzureDeveloperCli);
const PWSH: Selection = Selection::Only(CredentialName::AzurePowerShell);
const OTHER_TENANT: &str = "99999999-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

fn chain(selection: Selection, values: HostValues) -> CredentialChain {
    CredentialChain::new(&Tenant::granting().app, selection, values)
}

/// Asks the only credential, and returns what came of it.
pub(super) async fn came(selection: Selection, values: HostValues) -> Attempt {
    let chain = chain(selection, values);
    let answer = ask(&chain).await;
    let attempt = chain.attempts().iter().next().unwrap().clone();
    assert_eq!(answer.is_ok(), attempt.outcome() == Outcome::Used, "{attempt:?}");
    if let Err(error) = answer {
        let text = format!("{error} {error:?} {}", crate::error::explained(&error));
        assert!(!text.contains("e30.") && !text.contains("hunter2"), "{text}");
    }
    attempt
}

fn az(token: &str) -> String {
    let answer = json!({"accessToken": token, "expiresOn": "2027-01-15 09:00:00.000000", "expires_on": NOW + LIFE,
        "subscription": CLIENT, "tenant": TENANT, "tokenType": "Bearer"});
    format!("cat <<'END'\n{answer:#}\nEND")
}

#[tokio::test]
async fn each_tool_is_asked_in_its_own_words_and_gives_its_token() {
    let token = jwt(&alice());
    let record = "printf '%s\\n' \"$@\" > \"$0.args\"; env > \"$0.env\"; pwd > \"$0.pwd\"; cat >> \"$0.stdin\"\n";
    let azd = format!("echo '{}'", json!({"token": token, "expiresOn": "2027-01-15T09:15:00Z"}));
    let pwsh = format!("echo '{}'", json!({"Token": token, "ExpiresOn": NOW + LIFE, "TenantId": TENANT}));
    for (program, selection, answer, expected) in [
        (
            "az",
            AZ,
            az(&token),
            format!("account get-access-token --output json --scope {STORAGE}/.default --tenant {TENANT}"),
        ),
        (
            "azd",
            AZD,
            azd,
            format!("auth token --output json --no-prompt --scope {STORAGE}/.default --tenant-id {TENANT}"),
        ),
        ("pwsh", PWSH, pwsh, "-NoLogo -NoProfile -NonInteractive -EncodedCommand".to_owned()),
    ] {
        let host = Host::new().with(program, &format!("{record}{answer}"));
        let chain = chain(selection, host.values().with_tenant(TENANT));
        let given = ask(&chain).await.unwrap_or_else(|why| panic!("{program}: {}", crate::error::explained(&why)));
        assert_eq!((given.expose_secret(), given.expires_at().as_secs()), (&*token, NOW + LIFE), "{program}");
        let words = host.read(&format!("{program}.args")).lines().collect::<Vec<_>>().join(" ");
        assert!(words.starts_with(&expected), "{program}: {words}");
        assert_eq!(host.read(&format!("{program}.pwd")), "/\n", "{program}");
        assert_eq!(host.read(&format!("{program}.stdin")), "", "{program}");
        let environment = host.read(&format!("{program}.env"));
        assert!(environment.contains("HTTPS_PROXY=") && environment.contains("HOME=/nowhere"), "{environment}");
        assert!(!environment.contains("hunter2"), "{environment}");
        // And nothing of this process's own; the rest is the shell's.
        let known = ["PATH", "HOME", "HTTPS_PROXY", "PWD", "OLDPWD", "SHLVL", "_"];
        let names = environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
        assert_eq!(names.filter(|name| !known.contains(name)).collect::<Vec<_>>(), [""; 0], "{program}");
    }
    // Without a tenant of its own the tool takes the one that people signed in to.
    let host = Host::new().with("az", &format!("{record}{}", az(&token)));
    ask(&chain(AZ, host.values())).await.unwrap();
    assert!(!host.read("az.args").contains("--tenant"));
}

#[tokio::test]
async fn what_goes_wrong_has_a_reason_and_a_cure() {
    let says = |text: &str| format!("printf '%s\\n' \"{text}\" >&2; exit 1");
    let guest = json!({"tid": TENANT, "unique_name": "live.com#someone@outlook.com", "idp": "live.com"});
    let other = json!({"tid": OTHER_TENANT, "upn": "alice@fabrikam.com"});
    let banner = format!("echo 'WARNING: a new version is there {{'; echo 'Welcome' >&2\n{}", az(&jwt(&alice())));
    let expired = "ERROR: AADSTS700082: The refresh token has expired due to inactivity. Trace ID: x";
    let elsewhere = "ERROR: AADSTS50020: User account from identity provider 'live.com' does not exist in tenant";
    let missing = "ERROR: AADSTS90002: Tenant 'x' not found.";
    let cli = "the Azure CLI";
    let rows: Vec<(&str, Selection, &str, String, &str, &str, &str)> = vec![
        ("a banner", AZ, "az", banner, "used", "alice@contoso.com", ""),
        (
            "not signed in",
            AZ,
            "az",
            says("ERROR: Please run 'az login' to setup account."),
            "unavailable",
            "nobody is signed in",
            "`az login --tenant",
        ),
        ("expired", AZ, "az", says(expired), "failed", "expired (AADSTS700082)", "`az login --tenant"),
        ("revoked", AZ, "az", says("ERROR: AADSTS50173: revoked"), "failed", "expired (AADSTS50173)", "`az login"),
        ("another tenant", AZ, "az", says(missing), "failed", "not one of the tenant (AADSTS90002)", "--tenant"),
        (
            "no such API",
            AZ,
            "az",
            says("AADSTS500011: The resource principal named x"),
            "failed",
            "does not exist in the tenant",
            "az login",
        ),
        (
            "a policy",
            AZ,
            "az",
            says("ERROR: AADSTS50076: you must use MFA"),
            "failed",
            "a policy asks for more",
            "az login",
        ),
        (
            "a personal account that says so",
            AZ,
            "az",
            says(elsewhere),
            "failed",
            "personal Microsoft account",
            "az login",
        ),
        (
            "a personal account's token",
            AZ,
            "az",
            az(&jwt(&json!({"tid": PERSONAL}))),
            "failed",
            "personal Microsoft account",
            "az login",
        ),
        (
            "a personal account as a guest",
            AZ,
            "az",
            az(&jwt(&guest)),
            "failed",
            "personal Microsoft account",
            "az login",
        ),
        (
            "a domain that only ends like the personal accounts'",
            AZ,
            "az",
            says("ERROR: AADSTS700082: bob@olive.com, see https://login.live.com/x"),
            "failed",
            "expired (AADSTS700082)",
            "`az login",
        ),
        (
            "a domain with a hyphen before the personal accounts'",
            AZ,
            "az",
            says("ERROR: AADSTS700082: bob@my-live.com"),
            "failed",
            "expired (AADSTS700082)",
            "`az login",
        ),
        (
            "the personal accounts' tenant",
            AZ,
            "az",
            says(&format!("ERROR: AADSTS50020: the account of tenant {PERSONAL}")),
            "failed",
            "personal Microsoft account",
            "az login",
        ),
        (
            "an unreadable token of the personal accounts' tenant",
            AZ,
            "az",
            az("opaque").replace(TENANT, PERSONAL),
            "failed",
            "personal Microsoft account",
            "az login",
        ),
        (
            "the same of pwsh",
            PWSH,
            "pwsh",
            format!("echo '{}'", json!({"Token": "opaque", "ExpiresOn": NOW + LIFE, "TenantId": PERSONAL})),
            "failed",
            "personal Microsoft account",
            "Connect-AzAccount",
        ),
        (
            "a tenant that is not known",
            AZ,
            "az",
            says("ERROR: The tenant was not found."),
            "failed",
            "does not know the tenant",
            "--tenant",
        ),
        ("a long text", AZ, "az", says(&"The sky fell. ".repeat(60)), "failed", "error: The sky fell.", "az login"),
        ("a token of another tenant", AZ, "az", az(&jwt(&other)), "failed", OTHER_TENANT, "--tenant"),
        ("no network", AZ, "az", says("Max retries exceeded with url"), "failed", "cannot reach Entra", ""),
        (
            "an authority that is not trusted",
            AZ,
            "az",
            says("SSLError CERTIFICATE_VERIFY_FAILED"),
            "failed",
            "does not trust",
            "REQUESTS_CA_BUNDLE",
        ),
        ("something else", AZ, "az", says("noise\nERROR: the sky fell"), "failed", "ERROR: the sky fell", "az login"),
        ("nothing", AZ, "az", "exit 0".to_owned(), "failed", "nothing that can be read as a token", "update"),
        ("no JSON", AZ, "az", "echo e30.e30.hunter2".to_owned(), "failed", "nothing that can be read", "update"),
        ("a token in an error", AZ, "az", says(&format!("ERROR: {}", jwt(&alice()))), "failed", "[...]", "az login"),
        (
            "azd, not signed in",
            AZD,
            "azd",
            says("ERROR: not logged in, run azd auth login to login"),
            "unavailable",
            "nobody is signed in",
            "`azd auth login --tenant-id",
        ),
        (
            "azd in JSON",
            AZD,
            "azd",
            "echo '{\"type\":\"consoleMessage\",\"data\":{\"message\":\"ERROR: it rains\"}}' >&2; exit 1".to_owned(),
            "failed",
            "error: ERROR: it rains",
            "azd",
        ),
        (
            "pwsh, not signed in",
            PWSH,
            "pwsh",
            says("Run Connect-AzAccount to login."),
            "unavailable",
            "nobody is signed in",
            "`Connect-AzAccount -Tenant",
        ),
        (
            "pwsh without its module",
            PWSH,
            "pwsh",
            says("mcp-obo: Az.Accounts is missing"),
            "unavailable",
            "Az.Accounts",
            "Install-Module",
        ),
        (
            "pwsh, expired",
            PWSH,
            "pwsh",
            says("Your Azure credentials have not been set up or have expired"),
            "failed",
            "expired",
            "Connect-AzAccount",
        ),
    ];
    for (name, selection, program, script, outcome, reason, cure) in rows {
        let host = Host::new().with(program, &script);
        let attempt = came(selection, host.values().with_tenant(TENANT)).await;
        assert_eq!(attempt.outcome().as_str(), outcome, "{name}: {attempt:?}");
        assert!(attempt.reason().contains(reason), "{name}: {attempt:?}");
        assert!(attempt.reason().len() < 300, "{name}: {attempt:?}");
        assert!(attempt.cure().unwrap_or_default().contains(cure), "{name}: {attempt:?}");
        assert!(!attempt.reason().contains("e30.") && !attempt.reason().contains(cli) || outcome != "used", "{name}");
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_said_to_pass() {
    let no_network = "echo 'getaddrinfo failed' >&2; exit 1";
    for (name, script, patience) in [("no network", no_network, 30_000), ("no answer", "sleep 300", 100)] {
        let host = Host::new().with("az", script);
        let values = host.values().with_tool_timeout(Duration::from_millis(patience));
        let error = ask(&chain(AZ, values)).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Unavailable, "{name}");
    }
}

#[tokio::test]
async fn a_token_that_an_api_refuses_and_the_tool_gives_again_is_cured_by_a_new_sign_in() {
    let host = Host::new().with("az", &az(&jwt(&alice())));
    let app = Tenant::granting().app;
    let identity = HostingIdentity::chain(&app, CredentialChain::new(&app, AZ, host.values())).add_target(&target());
    identity.token(&target()).await.unwrap();
    let error = identity.token_with_claims(&target(), CLAIMS).await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential);
    assert!(error.advice().contains("run `az login` again"), "{}", error.advice());
}

#[tokio::test]
async fn an_api_that_the_tenant_lacks_brings_in_no_other_account() {
    let bob = json!({"Token": jwt(&json!({"tid": TENANT, "upn": "bob@contoso.com"})), "ExpiresOn": NOW + LIFE});
    for code in ["500011", "65001", "50076"] {
        let refuses = format!("case \"$*\" in *vault*) echo 'ERROR: AADSTS{code}: no' >&2; exit 1;; esac\n");
        let host = Host::new().with("az", &format!("{refuses}{}", az(&jwt(&alice()))));
        let host = host.with("pwsh", &format!("echo run >> \"$0.ran\"; echo '{bob}'"));
        let chain = chain(Selection::Development, host.values());
        ask(&chain).await.unwrap();
        let vault = Target::new("https://vault.azure.net", &[".default"]).unwrap();
        assert!(chain.token(&vault, None).await.is_err(), "{code}");
        assert_eq!(chain.in_use(), Some(CredentialName::AzureCli), "{code}");
        assert_eq!(chain.identity().unwrap().user(), Some("alice@contoso.com"), "{code}");
        assert!(!host.left_behind("pwsh.ran").exists(), "{code}");
    }
}

#[tokio::test]
async fn a_program_is_found_on_the_path_alone() {
    let attempt = came(AZ, Host::new().values()).await;
    assert_eq!(attempt.outcome(), Outcome::Unavailable);
    assert!(attempt.reason().contains("not installed") && attempt.cure().unwrap().contains("install"), "{attempt:?}");
    let host = Host::new().with("az", &az(&jwt(&alice())));
    let folder = host.folder().to_str().unwrap().to_owned();
    // Where this process stands, it would lead to the program.
    let up = "../".repeat(std::env::current_dir().unwrap().components().count() - 1);
    let relative = format!("{up}{}", folder.trim_start_matches('/'));
    assert!(Path::new(&relative).join("az").is_file());
    for (name, path) in
        [("nothing", ""), ("the present folder", "."), ("empty entries", "::"), ("relative", relative.as_str())]
    {
        let values = HostValues::new().with_environment([("PATH".into(), path.into())]);
        assert_eq!(came(AZ, values).await.outcome(), Outcome::Unavailable, "{name}");
    }
    // A file that cannot be run is none.
    fs::write(host.left_behind("azd"), "echo").unwrap();
    let values = HostValues::new().with_environment([("PATH".into(), folder.into())]);
    assert_eq!(came(AZD, values.clone()).await.outcome(), Outcome::Unavailable);
    // Nor is a folder.
    fs::create_dir(host.left_behind("pwsh")).unwrap();
    assert_eq!(came(PWSH, values).await.outcome(), Outcome::Unavailable);
}

#[tokio::test]
async fn nothing_that_looks_like_an_option_or_means_something_to_a_shell_is_passed_on() {
    let host = Host::new().with("az", "touch \"$0.ran\"");
    for tenant in ["--help", "-t", "contoso.com;id", "$(id).com", "a b.com", "contoso", "`id`.com", "'.com", "common"] {
        let attempt = came(AZ, host.values().with_tenant(tenant)).await;
        assert_eq!((attempt.outcome(), attempt.cure()), (Outcome::Failed, Some("correct AZURE_TENANT_ID")), "{tenant}");
    }
    for resource in ["--query", "https://a.example/$(id)", "https://a.example/';id", "https://a.example/&x", "-x"] {
        let Ok(target) = Target::new(resource, &[".default"]) else { continue };
        let chain = chain(AZ, host.values());
        assert!(chain.token(&target, None).await.is_err(), "{resource}");
        let attempts = chain.attempts();
        assert!(attempts.iter().next().unwrap().reason().contains("no part of a scope"), "{resource}: {attempts}");
    }
    assert!(!host.left_behind("az.ran").exists());
}
