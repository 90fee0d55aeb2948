//! The Message Center read as the place where the server runs, and not as its callers.

use std::collections::BTreeSet;

use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, Fault, Place, TENANT_ID, TokenSpec, USER_ASSIGNED_CLIENT_ID,
};
use serde_json::{Value, json};

use crate::support::{Answer, Era, Fixture, client, program::Program, request};

const GRAPH_ROLE: &str = "ServiceMessage.Read.All";
const HOSTING: (&str, &str) = ("OUTGOING_AUTH_STRATEGY", "UseHostingEnvironmentIdentity");

/// A service principal that may read messages, in front of a tenant.
async fn hosted(more: &[(&str, &str)]) -> Fixture {
    let emulator = Emulator::start(Config::default().with_graph_role(API_CLIENT_ID, GRAPH_ROLE)).await.unwrap();
    let principal = [HOSTING, ("AZURE_CLIENT_ID", API_CLIENT_ID), ("AZURE_CLIENT_SECRET", API_CLIENT_SECRET)];
    Fixture::over(emulator, &[&principal[..], &[("GRAPH_CLIENT_SECRET", "")], more].concat()).await
}

#[tokio::test]
async fn every_caller_reads_as_the_server_and_is_named_in_its_audit_trail() {
    let server = hosted(&[]).await;
    for user in ["alice", "norole"] {
        server.call_as(user).await.result();
    }
    let counters = server.emulator.counters();
    assert_eq!(counters.graph_by_app[API_CLIENT_ID], 2);
    assert_eq!(server.emulator.counters().obo, 0, "nobody was acted for");
    let lent: Vec<_> = server.log.trail("mcp_obo::audit");
    assert_eq!(lent.len(), 2);
    let callers: BTreeSet<_> = lent.iter().map(|event| event["oid"].clone()).collect();
    assert_eq!(callers.len(), 2, "each caller is named: {lent:?}");
    for event in &lent {
        assert_eq!(event["decision"], "acted_as_service");
        assert_eq!(event["identity"], format!("service principal {API_CLIENT_ID}"));
    }
}

#[tokio::test]
async fn only_callers_with_the_role_may() {
    let server = hosted(&[("MCP_REQUIRED_ROLES", "MessageCenter.Read")]).await;
    assert_eq!(server.call_as("alice").await.status, 403);
    let token = server.emulator.mint(TokenSpec::user("alice").claim("roles", json!(["MessageCenter.Read"])));
    server.call(Some(&token), json!({"top": 1})).await.result();
    assert_eq!(server.call(None, json!({"top": 1})).await.status, 401);
}

#[tokio::test]
async fn a_failure_of_the_server_is_final_and_tells_nobody_to_sign_in() {
    for code in [7_000_215, 65_001, 50_076, 53_003] {
        let server = hosted(&[]).await;
        server.emulator.control().set_fault(Place::ClientCredentials, API_CLIENT_ID, Fault::Code(code));
        let answer = server.call_as("alice").await;
        assert_eq!((answer.status, server.emulator.counters().obo), (200, 0), "{code}");
        let failure = answer.failure();
        let kinds = ["client_credential", "configuration"].map(Value::from);
        assert!(kinds.contains(&failure["kind"]), "{code}: {failure}");
        assert_eq!(failure["who"], "the operator of this server", "{code}");
        assert_eq!(answer.header("www-authenticate"), None, "{code}");
    }
}

#[tokio::test]
async fn what_graph_refuses_to_the_server_is_explained_as_the_servers() {
    let challenged = hosted(&[]).await;
    challenged.emulator.control().set_fault(Place::Graph, API_CLIENT_ID, Fault::Cae);
    let principal = [HOSTING, ("AZURE_CLIENT_ID", API_CLIENT_ID), ("AZURE_CLIENT_SECRET", API_CLIENT_SECRET)];
    let without_permission = Fixture::with(&[&principal[..], &[("GRAPH_CLIENT_SECRET", "")]].concat()).await;
    for (server, kind, cure) in [
        (challenged, "identity_challenged", "Conditional Access policy for workload identities"),
        (without_permission, "forbidden_role", "application permission ServiceMessage.Read.All"),
    ] {
        let answer = server.call_as("alice").await;
        let failure = answer.failure();
        assert_eq!((answer.status, &failure["kind"]), (200, &json!(kind)), "{failure}");
        assert!(failure["cure"].as_str().unwrap().contains(cure), "{failure}");
        assert_eq!(answer.header("www-authenticate"), None, "nobody signs in for a server");
    }
}

/// The program, with the environment of App Service.
#[tokio::test]
async fn a_managed_identity_reads_without_any_secret() {
    let config = Config::default().with_graph_role(USER_ASSIGNED_CLIENT_ID, GRAPH_ROLE);
    let emulator = Emulator::start(config).await.unwrap();
    let (authority, graph) = (emulator.http_url(), format!("{}/v1.0", emulator.http_url()));
    let endpoint = emulator.identity_endpoint();
    let variables = [
        HOSTING,
        ("MCP_ENV", "development"),
        ("GRAPH_TENANT_ID", TENANT_ID),
        ("GRAPH_CLIENT_ID", API_CLIENT_ID),
        ("AZURE_AUTHORITY_HOST", &*authority),
        ("GRAPH_BASE_URL", &graph),
        ("AZURE_CLIENT_ID", USER_ASSIGNED_CLIENT_ID),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", emulator.identity_header()),
    ];
    let program = Program::start(&[], &variables, None).await.serving().await;
    let token = emulator.mint(TokenSpec::user("alice"));
    for _ in 0..3 {
        let call = json!({"name": "getMessages", "arguments": {"top": 1}});
        let request = request(&client(), &program.base, Era::Modern, "tools/call", call).bearer_auth(&token);
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.result();
    }
    let counters = emulator.counters();
    assert_eq!((counters.managed_identity, counters.graph_by_app[USER_ASSIGNED_CLIENT_ID]), (1, 3));
}

#[tokio::test]
async fn readiness_asks_about_the_identity_that_acts() {
    let server = hosted(&[]).await;
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["credentials"][0]["kind"].clone()), (200, json!("client_secret")));
    let server = hosted(&[("AZURE_CLIENT_SECRET", "wrong")]).await;
    let unready = server.get("/readyz").await;
    assert_eq!((unready.status, unready.json()["reasons"].clone()), (503, json!(["credential_refused"])));
}
