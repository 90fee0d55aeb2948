//! Everything behind an authenticating proxy and with a private CA, by the variables that every program knows.

use std::time::{Duration, Instant};

use entra_emulator::{Config, TokenSpec};
use serde_json::json;

use super::{PASSWORD, Site};
use crate::support::{Answer, Era, client, request};

#[tokio::test]
async fn the_server_works_behind_a_proxy_and_a_private_authority_by_the_standard_variables() {
    let site = Site::up(Config::default()).await;
    let program = site.start(&[], &[]).await.serving().await;
    let token = site.emulator.mint_as_entra(TokenSpec::user("alice"));
    let call = json!({"name": "getMessages", "arguments": {"top": 2}});
    let request = request(&client(), &program.base, Era::Modern, "tools/call", call).bearer_auth(token);
    let messages = Answer::of(request.send().await.unwrap()).await.result();
    assert_eq!(messages["value"].as_array().unwrap().len(), 2);
    let counters = site.emulator.counters();
    assert_eq!(counters.obo, 1);
    for host in ["login.microsoftonline.com", "graph.microsoft.com"] {
        assert!(counters.connects[host] >= 1, "{host}: {counters:?}");
    }
    program.terminate().await;
    let ended = program.end().await;
    assert!(ended.status.code() == Some(0) && !ended.stderr.contains(PASSWORD), "{ended:?}");
}

#[tokio::test]
async fn without_the_authority_the_doctor_says_exactly_that() {
    let site = Site::up(Config::default()).await;
    let ended = site.start(&["doctor"], &[("SSL_CERT_FILE", "")]).await.end().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let first = ended.stdout.lines().next().unwrap();
    for part in
        ["message-center: ca: ", "login.microsoftonline.com", "entra-emulator, for tests only", "not trusted here"]
    {
        assert!(first.contains(part), "{part}: {first}");
    }
    for part in ["write its path into SSL_CERT_FILE", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "because of ca"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert_eq!(ended.stdout.matches("\nFAIL: ").count(), 1, "one fault, told once: {}", ended.stdout);
}

#[tokio::test]
async fn without_a_network_it_says_so_and_ends_soon() {
    let site = Site::up(Config::default()).await;
    let begun = Instant::now();
    let said = site.examine(&[("HTTPS_PROXY", ""), ("SSL_CERT_FILE", "")]).await;
    assert!(begun.elapsed() < Duration::from_secs(21), "{:?}", begun.elapsed());
    assert_eq!(said.json["firstFault"], "dns login.microsoftonline.com", "{:#}", said.json);
    // Hosts that only the guide names are no fault of this server's.
    assert_eq!(said.check("dns management.azure.com")["status"], "warn");
    for skipped in ["discovery", "keys", "credential", "permissions", "roles"] {
        assert_eq!(said.check(skipped)["skippedBy"], "dns login.microsoftonline.com");
    }
    assert_eq!(site.emulator.counters().connects.len(), 0);
}
