//! The program itself, with nothing but the variables that production would have.

use entra_emulator::{
    Config, DeveloperTool, Emulator, Fault, Place, TENANT_ID, TokenSpec, ToolBehaviour, USER_ASSIGNED_CLIENT_ID,
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::{Answer, HOSTING, OBO, certificate, client, config, program::Program, request, variables};

#[tokio::test]
async fn the_program_acts_for_users_behind_a_proxy_with_a_name_and_a_password() {
    let emulator = Emulator::start(Config::default().with_proxy_credentials("corp", "p4ss")).await.unwrap();
    let ca = certificate(&emulator);
    let mut all = variables(&emulator, &ca);
    all.insert("HTTPS_PROXY".to_owned(), emulator.gateway_url().replace("http://", "http://corp:p4ss@"));
    let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Program::start(&OBO, &all).await.serving().await;
    let token = emulator.mint_as_entra(TokenSpec::user("bob").scopes("Mcp.Tools.ReadWrite"));
    let call = json!({"name": "azmcp_storage_blob_container_list", "arguments": {"account": "contosodocs", "top": 1}});
    let request = request(&client(), &program.base, "tools/call", call).bearer_auth(&token);
    let result = Answer::of(request.send().await.unwrap()).await.result();
    assert_eq!((&result["containers"][0]["name"], &result["truncated"]), (&json!("archive"), &json!(true)));
    let counters = emulator.counters();
    assert_eq!(counters.obo_by_user["bob"], 2, "Resource Manager and Storage");
    assert!(!program.said().contains("p4ss") && !program.said().contains("eyJ"), "{}", program.said());
}

/// The environment of a managed identity.
fn hosted<'a>(
    emulator: &'a Emulator,
    [endpoint, gateway]: [&'a str; 2],
    ca: &'a NamedTempFile,
) -> [(&'static str, &'a str); 8] {
    [
        ("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential"),
        ("AZURE_CLIENT_ID", USER_ASSIGNED_CLIENT_ID),
        ("AZURE_TENANT_ID", TENANT_ID),
        ("AZURE_SUBSCRIPTION_ID", entra_emulator::SUBSCRIPTION_ID),
        ("IDENTITY_ENDPOINT", endpoint),
        ("IDENTITY_HEADER", emulator.identity_header()),
        ("HTTPS_PROXY", gateway),
        ("SSL_CERT_FILE", ca.path().to_str().unwrap()),
    ]
}

#[tokio::test]
async fn the_program_acts_as_a_managed_identity_over_http_and_over_standard_input() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let ca = certificate(&emulator);
    let (gateway, endpoint) = (emulator.gateway_url(), emulator.identity_endpoint());
    let hosted = hosted(&emulator, [&endpoint, &gateway], &ca);
    let query = json!({"account": "contoso-orders", "database": "shop", "container": "customers"});
    let call = json!({"name": "azmcp_cosmos_database_container_item_query", "arguments": query});

    let incoming = [("AzureAd__TenantId", TENANT_ID), ("AzureAd__ClientId", entra_emulator::API_CLIENT_ID)];
    let program = Program::start(&HOSTING, &[&hosted[..], &incoming].concat()).await.serving().await;
    let token = emulator.mint_as_entra(TokenSpec::user("norole").scopes("Mcp.Tools.ReadWrite"));
    let asked = request(&client(), &program.base, "tools/call", call.clone()).bearer_auth(&token);
    let result = Answer::of(asked.send().await.unwrap()).await.result();
    assert_eq!(result["items"].as_array().unwrap().len(), 3);
    assert!(program.said().contains("all callers share one identity"), "{}", program.said());

    let mut local = Program::start(&[], &hosted).await;
    local.greet().await;
    let tools = local.ask("tools/list", json!({})).await;
    assert_eq!(tools["tools"].as_array().unwrap().len(), azure_tools::tools::all().len());
    let answer = local.ask("tools/call", call).await;
    assert_eq!(answer["structuredContent"]["items"].as_array().unwrap().len(), 3, "{answer}");
    assert_eq!(emulator.counters().obo, 0);
    assert_eq!(emulator.counters().azure["cosmos"].keys().collect::<Vec<_>>(), [USER_ASSIGNED_CLIENT_ID]);
}

/// What sends a text message, whose service hangs.
fn sms(emulator: &Emulator) -> Value {
    emulator.control().set_fault(Place::Communication, "", Fault::Hang);
    let sms = json!({"endpoint": "contoso-comms", "from": "+14255550100", "to": ["+14255550123"], "message": "hello"});
    json!({"name": "azmcp_communication_sms_send", "arguments": sms})
}

/// Lets the message go out, and expects that the program has written that down when it ends.
async fn ends_with_a_written_line(emulator: &Emulator, mut program: Program) {
    assert!(program.said().lines().any(|line| line.contains("tool_begun") && line.contains("sms_send")));
    emulator.control().clear_fault(Place::Communication, "");
    assert!(program.ended().await, "{}", program.said());
    let said = program.said();
    let written_down = |line: &str| line.contains("tool_called") && line.contains(r#"outcome="ok""#);
    assert!(said.lines().any(written_down), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_program_does_not_end_before_what_it_writes_is_written_down() {
    let emulator = Emulator::start(config()).await.unwrap();
    let ca = certificate(&emulator);
    let all = variables(&emulator, &ca);
    let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Program::start(&HOSTING, &all).await.serving().await;
    let token = emulator.mint_as_entra(TokenSpec::user("alice").scopes("Mcp.Tools.ReadWrite"));
    let call = request(&client(), &program.base, "tools/call", sms(&emulator)).bearer_auth(token).send();
    let call = tokio::spawn(call);
    emulator.control().until_held(1).await;
    call.abort();
    program.terminate();
    program.until_said("waiting for calls under way").await;
    ends_with_a_written_line(&emulator, program).await;
}

/// Begins a session with a program that acts as a managed identity.
async fn local(emulator: &Emulator) -> (Program, NamedTempFile) {
    let ca = certificate(emulator);
    let (gateway, endpoint) = (emulator.gateway_url(), emulator.identity_endpoint());
    let mut program = Program::start(&[], &hosted(emulator, [&endpoint, &gateway], &ca)).await;
    program.greet().await;
    (program, ca)
}

fn call(parameters: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": parameters})
}

#[tokio::test]
async fn a_client_that_closes_standard_input_loses_no_line_of_what_it_had_written() {
    let emulator = Emulator::start(config()).await.unwrap();
    let (mut program, _ca) = local(&emulator).await;
    program.tell(&call(&sms(&emulator))).await;
    emulator.control().until_held(1).await;
    program.leave();
    ends_with_a_written_line(&emulator, program).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_loses_no_line_of_what_is_written_for_a_local_client() {
    let emulator = Emulator::start(config()).await.unwrap();
    let (mut program, _ca) = local(&emulator).await;
    program.tell(&call(&sms(&emulator))).await;
    emulator.control().until_held(1).await;
    program.terminate();
    program.until_said("waiting for calls under way").await;
    ends_with_a_written_line(&emulator, program).await;
}

#[tokio::test]
async fn a_local_client_ends_a_call_that_reads_by_its_id() {
    let emulator = Emulator::start(config()).await.unwrap();
    let (mut program, _ca) = local(&emulator).await;
    emulator.control().set_fault(Place::Management, "", Fault::Hang);
    program.tell(&call(&json!({"name": "azmcp_group_list", "arguments": {}}))).await;
    emulator.control().until_held(1).await;
    let id = json!({"requestId": 8});
    program.tell(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": id})).await;
    program.until_said(r#"outcome="cancelled""#).await;
    program.leave();
    assert!(program.ended().await, "{}", program.said());
}

#[tokio::test]
async fn whoever_is_at_the_machine_learns_why_no_credential_of_it_works() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let (ca, tools) = (certificate(&emulator), tempfile::tempdir().unwrap());
    let signed_out = [(DeveloperTool::AzureCli, ToolBehaviour::NotSignedIn)];
    emulator.write_developer_tools(tools.path(), &signed_out).unwrap();
    let gateway = emulator.gateway_url();
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    let own = [
        ("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential"),
        ("PATH", &*path),
        ("HTTPS_PROXY", &*gateway),
        ("SSL_CERT_FILE", ca.path().to_str().unwrap()),
    ];
    let mut local = Program::start(&[], &own).await;
    local.greet().await;
    let answer = local.ask("tools/call", json!({"name": "azmcp_subscription_list", "arguments": {}})).await;
    let error = &answer["structuredContent"]["error"];
    assert_eq!((&error["kind"], &error["who"]), (&json!("client_credential"), &json!("you")), "{answer}");
    let text = answer["content"][0]["text"].as_str().unwrap();
    for part in ["AzureCliCredential: nobody", "az login", "AZURE_TOKEN_CREDENTIALS"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Entra refused") && !text.contains("EnvironmentCredential"), "{text}");

    // Over HTTP callers are elsewhere, and what is on the host is none of their business.
    let incoming = [("AzureAd__TenantId", TENANT_ID), ("AzureAd__ClientId", entra_emulator::API_CLIENT_ID)];
    let program = Program::start(&HOSTING, &[&own[..], &incoming].concat()).await.serving().await;
    let token = emulator.mint_as_entra(TokenSpec::user("alice").scopes("Mcp.Tools.ReadWrite"));
    let call = json!({"name": "azmcp_subscription_list", "arguments": {}});
    let asked = request(&client(), &program.base, "tools/call", call).bearer_auth(&token);
    let failure = Answer::of(asked.send().await.unwrap()).await.failure();
    assert_eq!(
        (&failure["kind"], &failure["who"]),
        (&json!("client_credential"), &json!("the operator of this server"))
    );
    let cause = failure["cause"].as_str().unwrap();
    assert!(cause.starts_with("No credential of the host") && !cause.contains("AzureCli"), "{cause}");
}

#[tokio::test]
async fn the_tenant_in_the_arguments_is_compared_with_the_one_of_whoever_is_signed_in() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let (ca, tools) = (certificate(&emulator), tempfile::tempdir().unwrap());
    emulator.write_developer_tools(tools.path(), &[(DeveloperTool::AzureCli, ToolBehaviour::SignedIn)]).unwrap();
    let (gateway, path) = (emulator.gateway_url(), format!("{}:/usr/bin:/bin", tools.path().display()));
    let own = [
        ("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential"),
        ("PATH", &*path),
        ("HTTPS_PROXY", &*gateway),
        ("SSL_CERT_FILE", ca.path().to_str().unwrap()),
    ];
    let mut local = Program::start(&[], &own).await;
    local.greet().await;
    for (tenant, expected) in
        [(TENANT_ID, json!(null)), ("11111111-1111-4111-8111-111111111111", json!("wrong_tenant"))]
    {
        let call = json!({"name": "azmcp_subscription_list", "arguments": {"tenant": tenant}});
        let answer = local.ask("tools/call", call).await;
        assert_eq!(answer["structuredContent"]["error"]["kind"], expected, "{tenant}: {answer}");
    }
}
