//! What the doctor says when all is well, and what the administrator gets.

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, TokenSpec};

use super::{PASSWORD, Site};

#[tokio::test]
async fn where_all_is_well_each_check_says_what_it_saw() {
    let site = Site::up(Config::default()).await;
    let token = site.emulator.mint_as_entra(TokenSpec::user("alice"));
    let said = site.examine(&[("MCP_TOKEN", &token)]).await;
    assert_eq!((said.ended.status.code(), &said.json["firstFault"]), (Some(0), &serde_json::Value::Null));
    for (check, seen) in [
        ("proxy", "with a name and password"),
        ("reach graph.microsoft.com", "TLS issued by entra-emulator"),
        ("reach management.azure.com", "connected"),
        ("clock", "s ahead of Entra's"),
        ("discovery", "issuer https://login.microsoftonline.com/"),
        ("keys", "keys, certificates"),
        ("credential", "Entra accepts client_secret"),
        ("permissions https://graph.microsoft.com", "ServiceMessage.Read.All"),
        ("roles getMessages", "lets the acting identity read"),
        ("redirects", &*format!("platform Web, app {API_CLIENT_ID}")),
        ("listener", "is free"),
    ] {
        let check = said.check(check);
        assert_eq!(check["status"], "ok", "{check:#}");
        assert!(check["seen"].as_str().unwrap().contains(seen), "{check:#}");
    }
    let output = format!("{}{}", said.ended.stdout, said.ended.stderr);
    assert!(!output.contains("eyJ") && !output.contains(PASSWORD) && !output.contains(API_CLIENT_SECRET), "{output}");
}

#[tokio::test]
async fn without_a_user_it_says_what_cannot_be_known() {
    let site = Site::up(Config::default()).await;
    let said = site.examine(&[]).await;
    assert_eq!(said.ended.status.code(), Some(0));
    let permissions = said.check("permissions https://graph.microsoft.com");
    assert_eq!(permissions["status"], "skipped", "{permissions:#}");
    assert!(permissions["details"][1].as_str().unwrap().contains("MCP_TOKEN"), "{permissions:#}");
    assert_eq!(said.check("roles getMessages")["status"], "skipped");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_a_mistake_of_the_configuration() {
    let ended = crate::support::program::Program::start(&["doctor"], &[], Some("this is no line of variables\n"))
        .await
        .end()
        .await;
    let first = ended.stdout.lines().next().unwrap();
    assert!(first.starts_with("message-center: configuration: ") && first.contains(".env.local"), "{ended:?}");
    assert_eq!(ended.status.code(), Some(1));
}

#[tokio::test]
async fn the_administrator_gets_one_text_without_secrets() {
    let site = Site::up(Config::default()).await;
    let token = site.emulator.mint_as_entra(TokenSpec::user("noconsent"));
    let ended = site.start(&["doctor", "--for-admin"], &[("MCP_TOKEN", &token)]).await.end().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    for part in [
        API_CLIENT_ID,
        "Message Center Reader",
        "graph.microsoft.com:443",
        "az ad app permission admin-consent --id",
        "eda39fa6-f8cf-4c3c-a909-432c683e4c9b=Scope",
        "az ad sp create-for-rbac",
        "AADSTS65001",
        "correlation id ",
        "- Is there an exception for development?",
        "credential used  client_secret",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    let output = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!output.contains("eyJ") && !output.contains(PASSWORD) && !output.contains(API_CLIENT_SECRET), "{output}");
}

#[tokio::test]
async fn a_vault_with_the_certificate_is_a_host_with_a_private_zone() {
    let site = Site::up(Config::default()).await;
    let variables = [
        ("GRAPH_CLIENT_SECRET", ""),
        ("GRAPH_CLIENT_CERT_KEYVAULT_URL", "https://contoso-keys.vault.azure.net"),
        ("GRAPH_CLIENT_CERT_NAME", "message-center"),
        ("IDENTITY_ENDPOINT", &*site.emulator.identity_endpoint()),
        ("IDENTITY_HEADER", site.emulator.identity_header()),
    ];
    let said = site.examine(&variables).await;
    assert_eq!(said.check("reach contoso-keys.vault.azure.net")["status"], "ok", "{:#}", said.json);
    let ended = site.start(&["doctor", "--for-admin"], &variables).await.end().await;
    for part in [
        "contoso-keys.vault.azure.net:443",
        "contoso-keys.privatelink.vaultcore.azure.net",
        "credential used  key_vault",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
}
