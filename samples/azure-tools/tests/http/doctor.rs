//! What the doctor finds out about this server, and what it asks an administrator for.

use std::collections::BTreeMap;

use azure_tools::doctor::patient;
use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Emulator, TENANT_ID, TokenSpec};
use server_kit::doctor::{Check, Examination, Status, examine};

use crate::support::{HOSTING, OBO, certificate, config, start, variables};

async fn examined(options: &[&str], hosts: &[&str], user: Option<&str>) -> Examination {
    examined_with(options, hosts, user, &[]).await
}

async fn examined_with(options: &[&str], hosts: &[&str], user: Option<&str>, more: &[(&str, &str)]) -> Examination {
    let emulator = Emulator::start(config()).await.unwrap();
    let ca = certificate(&emulator);
    let mut all: BTreeMap<String, String> = variables(&emulator, &ca);
    let own = [
        ("ASPNETCORE_URLS", "http://127.0.0.1:5998"),
        ("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential"),
        ("AZURE_CLIENT_ID", API_CLIENT_ID),
        ("AZURE_CLIENT_SECRET", API_CLIENT_SECRET),
        ("AZURE_TENANT_ID", TENANT_ID),
    ];
    all.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    if let Some(user) = user {
        let token = emulator.mint_as_entra(TokenSpec::user(user).scopes("Mcp.Tools.ReadWrite"));
        all.insert("MCP_TOKEN".to_owned(), token);
    }
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    examine(patient(&all, None, &start(options), &hosts)).await
}

fn check<'a>(examination: &'a Examination, name: &str) -> &'a Check {
    let checks = examination.report().checks();
    checks.iter().find(|check| check.name() == name).unwrap_or_else(|| panic!("{name}: {}", examination.report()))
}

const LISTS: [&str; 4] =
    ["azmcp_subscription_list", "azmcp_group_list", "azmcp_storage_account_list", "azmcp_cosmos_account_list"];

#[tokio::test]
async fn each_list_is_tried_as_whoever_acts() {
    for (name, options, user, expected) in [
        ("a user with roles", &OBO, Some("alice"), Status::Ok),
        ("a user without", &OBO, Some("norole"), Status::Fail),
        ("nobody", &OBO, None, Status::Skipped),
        ("the server itself", &HOSTING, None, Status::Ok),
    ] {
        let examination = examined(options, &[], user).await;
        for tool in LISTS {
            let check = check(&examination, &format!("roles {tool}"));
            assert_eq!(check.status, expected, "{name}: {check:?}");
            if expected == Status::Fail {
                assert!(check.seen.starts_with("forbidden_role") && check.cure.is_some(), "{name}: {check:?}");
            }
        }
        if name == "a user without" {
            let refused = check(&examination, "roles azmcp_group_list");
            let lines = refused.details.join("\n");
            assert!(lines.contains("bash: az role assignment create") && lines.contains("--role Reader"), "{lines}");
        }
        let text = examination.report().to_string();
        assert!(!text.contains("Contoso Production"), "{name}: nobody's data belongs there: {text}");
    }
}

#[tokio::test]
async fn what_is_refused_as_the_server_runs_is_said_with_the_way_out() {
    let examination = examined(&OBO, &[], None).await;
    let tools = check(&examination, "tools");
    assert_eq!((tools.status, tools.details.len()), (Status::Warn, 6), "{tools:?}");
    assert!(
        tools.cure.as_ref().unwrap().contains("--outgoing-auth-strategy UseHostingEnvironmentIdentity"),
        "{tools:?}"
    );
    assert_eq!(check(&examined(&HOSTING, &[], None).await, "tools").status, Status::Ok);
}

#[tokio::test]
async fn the_request_to_the_administrator_asks_for_what_each_tool_needs_and_no_more() {
    let request = examined(&HOSTING, &[], None).await.request_for_admin();
    let lines: Vec<_> = request.lines().map(str::trim).filter(|line| line.starts_with("az ")).collect();
    let with = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    for (part, times) in [
        ("cosmosdb sql role assignment", 1),
        ("--role-definition-id 00000000-0000-0000-0000-000000000001 --scope /", 1),
        // A ledger has its own list; Azure's role of that name would let its bearer change and delete the ledger.
        ("--role Contributor", 0),
        ("confidentialledger update", 1),
        ("ledger-role-name=Contributor", 1),
        (&*format!("tenant-id={TENANT_ID}"), 1),
        ("create-for-rbac --name azure-tools --role Reader", 1),
        ("'Storage Blob Data Reader'", 1),
    ] {
        assert_eq!(with(part), times, "{part}: {request}");
    }
    for (place, line) in lines.iter().enumerate() {
        assert!(!lines[..place].contains(line), "twice: {line}");
    }
    for part in [
        "identity.confidential-ledger.core.azure.com:443",
        "*.blob.core.windows.net:443",
        "*.vault.azure.net: zone privatelink.vaultcore.azure.net",
    ] {
        assert!(request.contains(part), "{part}: {request}");
    }

    // One tool alone has to find its resource first.
    let one = [&OBO[..], &["--tool", "azmcp_storage_blob_container_list"]].concat();
    let request = examined(&one, &["contosodocs.blob.core.windows.net"], None).await.request_for_admin();
    for part in [
        "--role Reader --scope '<the storage account>'",
        "--api 797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "--api e406a681-f3d4-42a8-90b6-c2b029497af1",
        "contosodocs.blob.core.windows.net:443",
    ] {
        assert!(request.contains(part), "{part}: {request}");
    }
    assert!(!["*.blob", "vault", "ledger"].iter().any(|other| request.contains(other)), "{request}");
}

#[tokio::test]
async fn a_host_that_is_none_is_said_by_its_place_alone() {
    let examination = examined(&OBO, &["contosodocs.blob.core.windows.net", "not a host"], None).await;
    let first = examination.report().first_fault().unwrap();
    assert_eq!(first.name(), "configuration");
    assert!(first.seen.starts_with("--host: number 2 is no host"), "{first:?}");
    assert!(!examination.report().to_string().contains("not a host"));
}

/// A desktop that opens windows, and on which nobody is signed in to any tool.
#[cfg(unix)]
#[tokio::test]
async fn the_doctor_opens_no_window_and_says_that_the_server_would() {
    use std::os::unix::fs::PermissionsExt as _;

    let programs = tempfile::tempdir().unwrap();
    let (opener, opened) = (programs.path().join("xdg-open"), programs.path().join("opened"));
    std::fs::write(&opener, format!("#!/bin/sh\necho x > {}\n", opened.display())).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let desktop = [("AZURE_TOKEN_CREDENTIALS", "dev"), ("DISPLAY", ":0"), ("PATH", programs.path().to_str().unwrap())];
    let examination = examined_with(&["--transport", "stdio"], &[], None, &desktop).await;
    let hosting = check(&examination, "hosting");
    assert!(!opened.exists(), "a window was opened: {hosting:?}");
    assert_eq!(hosting.status, Status::Warn, "{hosting:?}");
    assert!(hosting.details.iter().any(|line| line.contains("the server itself would open a window")), "{hosting:?}");
    assert_eq!(check(&examination, "roles").skipped_by.as_deref(), Some("hosting"));
}
