//! The ways around the checks: each works when its own variable opens it, and is then announced, audited and marked.

use entra_emulator::{Config, Emulator, Fault, Place, Signer, TokenSpec};
use serde_json::{Value, json};

use crate::support::{Answer, Era, Fields, Fixture, client};

const MARK: &str = "mcp-bypass";

/// Gets a Graph token as a user would: by signing in to Graph itself, as far as the emulator's exchange does that.
pub(crate) async fn graph_token(emulator: &Emulator, user: &str) -> String {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("client_id", emulator.api_app().client_id()),
        ("client_secret", emulator.api_app().client_secret()),
        ("assertion", &emulator.mint(TokenSpec::user(user))),
        ("scope", "https://graph.microsoft.com/.default"),
        ("requested_token_use", "on_behalf_of"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", emulator.http_url(), emulator.tenant_id());
    let answer = Answer::of(client().post(url).form(&form).send().await.unwrap()).await;
    emulator.control().reset_counters();
    answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Starts a tenant, gets `user`'s Graph token, and starts a server whose variables may use it.
async fn with_graph_token(
    user: &str,
    variables: impl FnOnce(&str) -> Vec<(&'static str, String)>,
) -> (Fixture, String) {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let token = graph_token(&emulator, user).await;
    let changes = variables(&token);
    let changes: Vec<_> = changes.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (Fixture::over(emulator, &changes).await, token)
}

/// Tells whether the start announced that this hatch is open.
fn announced(server: &Fixture, hatch: &str) -> bool {
    server.log.audit().iter().any(|event| event["decision"] == "opened" && event["hatch"] == hatch)
}

/// Returns how often the trail says that this hatch was used.
fn uses(server: &Fixture, hatch: &str) -> usize {
    let used = |event: &&Fields| {
        event.get("decision").is_some_and(|decision| decision == "bypassed") && event["hatch"] == hatch
    };
    server.log.audit().iter().filter(used).count()
}

fn flag(name: &'static str) -> (&'static str, String) {
    (name, "true".to_owned())
}

#[tokio::test]
async fn without_authentication_nobody_is_a_caller_and_a_bad_token_is_still_refused() {
    let server = Fixture::with(&[("MCP_REQUIRE_AUTH", "false")]).await;
    assert!(announced(&server, "no-authentication"));
    for (number, era) in Era::BOTH.into_iter().enumerate() {
        let answer = server.call_in(era, None, json!({})).await;
        assert_eq!(answer.failure()["kind"], "no_user");
        assert_eq!(answer.header(MARK), Some("no-authentication"));
        assert_eq!(uses(&server, "no-authentication"), number + 1);
    }
    let forged = server.emulator.mint(TokenSpec::user("alice").signed_by(Signer::Attacker));
    for (name, token) in
        [("forged", &*forged), ("no JWT", "abc"), ("app-only", &*server.emulator.mint(TokenSpec::app(&["x"])))]
    {
        let answer = server.call(Some(token), json!({})).await;
        assert!(matches!(answer.status, 401 | 403), "{name}: {answer:?}");
        assert_eq!(answer.header(MARK), None, "{name}: a refusal used no hatch");
    }
    let other = server.request(Era::Modern, "tools/list", json!({})).header("authorization", "Basic YTpi");
    assert_eq!(Answer::of(other.send().await.unwrap()).await.status, 401);

    let good = server.call_as("alice").await;
    good.result();
    assert_eq!((good.header(MARK), server.emulator.counters().obo), (None, 1));
    assert_eq!(uses(&server, "no-authentication"), 2);
}

#[tokio::test]
async fn the_token_argument_is_advertised_used_and_marked() {
    let (server, lent) = with_graph_token("alice", |_| vec![flag("ALLOW_MCP_ACCESS_TOKEN_ARG")]).await;
    assert!(announced(&server, "token-argument"));
    // norole's own exchange ends in a 403 of Graph; the lent token is alice's.
    let own = server.token("norole");
    for (number, era) in Era::BOTH.into_iter().enumerate() {
        let list = server.ask(era, Some(&own), "tools/list", json!({})).await;
        let properties = list.json()["result"]["tools"][0]["inputSchema"]["properties"].clone();
        assert_eq!((&properties["accessToken"]["type"], list.header(MARK)), (&json!("string"), None));
        let answer = server.call_in(era, Some(&own), json!({"top": 1, "accessToken": lent})).await;
        answer.result();
        assert_eq!(answer.header(MARK), Some("token-argument"));
        assert_eq!((uses(&server, "token-argument"), server.emulator.counters().obo), (number + 1, 0));
    }
    let without = server.call(Some(&own), json!({"top": 1})).await;
    assert_eq!((&without.failure()["kind"], without.header(MARK)), (&json!("forbidden_role"), None));
}

#[tokio::test]
async fn the_token_argument_is_no_identity_and_its_failure_is_final() {
    let (server, lent) = with_graph_token("alice", |_| vec![flag("ALLOW_MCP_ACCESS_TOKEN_ARG")]).await;
    assert_eq!(server.call(None, json!({"accessToken": lent})).await.status, 401);
    let own = server.token("alice");
    for (name, token) in [("nonsense", "not-a-graph-token"), ("two lines", "a\r\nx: y"), ("our own API's", &*own)] {
        let answer = server.call(Some(&own), json!({"accessToken": token})).await;
        assert_eq!(answer.failure()["kind"], "graph_unauthorized", "{name}");
        assert!(!answer.text.contains(token), "{name}: {answer:?}");
    }
    for bad in [json!(""), json!(7), Value::Null] {
        assert_eq!(server.call(Some(&own), json!({"accessToken": bad})).await.failure()["kind"], "invalid_arguments");
    }
    assert_eq!(server.emulator.counters().obo, 0, "no other token is tried");
    let log = server.log.everything();
    assert!(!log.contains(&lent) && !log.contains("not-a-graph-token"));
}

#[tokio::test]
async fn the_configured_token_is_for_calls_that_have_no_user() {
    let (server, _) = with_graph_token("alice", |token| {
        let anonymous = ("MCP_REQUIRE_AUTH", "false".to_owned());
        vec![anonymous, flag("ALLOW_MCP_ACCESS_TOKEN_ARG"), ("GRAPH_ACCESS_TOKEN", token.to_owned())]
    })
    .await;
    assert!(announced(&server, "static-token"));
    let answer = server.call(None, json!({"top": 1})).await;
    answer.result();
    assert_eq!(answer.header(MARK), Some("no-authentication, static-token"));
    assert_eq!((uses(&server, "static-token"), server.emulator.counters().obo), (1, 0));

    // A user's own failure is final: nobody reads with the operator's token what he may not read himself.
    for (user, kind) in
        [("norole", "forbidden_role"), ("noconsent", "consent_required"), ("flaky", "upstream_unavailable")]
    {
        let answer = server.call_as(user).await;
        assert_eq!((&answer.failure()["kind"], answer.header(MARK)), (&json!(kind), None), "{user}");
    }
    assert_eq!(uses(&server, "static-token"), 1);

    // The argument goes first.
    let answer = server.call(None, json!({"accessToken": "not-a-graph-token"})).await;
    assert_eq!(answer.failure()["kind"], "graph_unauthorized");
    assert_eq!(answer.header(MARK), Some("no-authentication, token-argument"));
}

#[tokio::test]
async fn the_configured_token_alone_lets_nobody_in() {
    let (server, _) = with_graph_token("alice", |token| {
        vec![flag("ALLOW_MCP_ACCESS_TOKEN_ARG"), ("GRAPH_ACCESS_TOKEN", token.to_owned())]
    })
    .await;
    assert_eq!(server.call(None, json!({})).await.status, 401);
    let (closed, _) = with_graph_token("alice", |token| {
        vec![("MCP_REQUIRE_AUTH", "false".to_owned()), ("GRAPH_ACCESS_TOKEN", token.to_owned())]
    })
    .await;
    assert_eq!(closed.call(None, json!({})).await.failure()["kind"], "no_user", "its own opt-in is missing");
    assert_eq!(closed.call(None, json!({"accessToken": "x"})).await.failure()["kind"], "accessToken_disabled");
    assert!(!announced(&closed, "static-token") && !announced(&closed, "token-argument"));
}

#[tokio::test]
async fn a_graph_token_in_the_header_goes_to_graph_and_nowhere_else() {
    let (server, foreign) = with_graph_token("alice", |_| vec![flag("ALLOW_GRAPH_BEARER_TOKEN")]).await;
    assert!(announced(&server, "foreign-bearer"));
    for era in Era::BOTH {
        let answer = server.call_in(era, Some(&foreign), json!({"top": 1})).await;
        answer.result();
        assert_eq!(answer.header(MARK), Some("foreign-bearer"));
    }
    assert_eq!((uses(&server, "foreign-bearer"), server.emulator.counters().obo), (2, 0));
    // Graph judges it; here it is nobody's proof of anything.
    let forged = TokenSpec::user("alice").claim("aud", "https://graph.microsoft.com").signed_by(Signer::Attacker);
    let answer = server.call(Some(&server.emulator.mint(forged)), json!({})).await;
    assert_eq!(answer.failure()["kind"], "graph_unauthorized");
    for (name, token) in [
        ("ours, expired", TokenSpec::user("alice").expires_in(-3_600)),
        ("ours, forged", TokenSpec::user("alice").signed_by(Signer::Attacker)),
        ("of another API", TokenSpec::user("alice").claim("aud", "https://management.azure.com")),
    ] {
        let answer = server.call(Some(&server.emulator.mint(token)), json!({})).await;
        assert_eq!((answer.status, answer.header(MARK)), (401, None), "{name}");
    }
    assert_eq!(server.call(None, json!({})).await.status, 401);
    server.call_as("bob").await.result();
    assert_eq!(server.emulator.counters().obo, 1);
    assert!(!server.log.everything().contains(&foreign));
}

#[tokio::test]
async fn a_lent_token_is_neither_renewed_nor_sent_twice() {
    let (server, lent) = with_graph_token("alice", |_| vec![flag("ALLOW_MCP_ACCESS_TOKEN_ARG")]).await;
    let own = server.token("alice");
    for (number, (fault, kind)) in
        [(Fault::Cae, "interaction_required"), (Fault::Unauthorized, "graph_unauthorized")].into_iter().enumerate()
    {
        server.emulator.control().set_fault(Place::Graph, "alice", fault);
        let answer = server.call(Some(&own), json!({"accessToken": lent})).await;
        // A sign-in to this server would not change the token that came as an argument.
        assert_eq!((answer.status, &answer.failure()["kind"]), (200, &json!(kind)));
        let counters = server.emulator.counters();
        assert_eq!((counters.obo, counters.graph_messages), (0, number as u64 + 1), "{kind}");
    }
}

#[tokio::test]
async fn closed_hatches_are_neither_announced_nor_found() {
    let (server, graph) = with_graph_token("alice", |_| Vec::new()).await;
    assert!(server.log.audit().is_empty(), "{:?}", server.log.audit());
    assert_eq!(server.call(None, json!({})).await.status, 401);
    assert_eq!(server.call(Some(&graph), json!({})).await.status, 401);
    assert_eq!(server.log.last_audit()["reason"], "known_resource");
    let answer = server.call(Some(&server.token("alice")), json!({"accessToken": graph})).await;
    assert_eq!((&answer.failure()["kind"], answer.header(MARK)), (&json!("accessToken_disabled"), None));
    assert_eq!(server.emulator.counters().obo, 0);
}
