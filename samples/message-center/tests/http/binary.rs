//! The program itself: how it starts, refuses to start, ends, and what it never prints.

use std::fs;

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID, TokenSpec};
use serde_json::{Value, json};

use crate::support::{
    Answer, Era, client,
    person::{Person, error},
    program::Program,
    request,
};

/// What the article's quick start tells a newcomer to write, and nothing else.
fn env_local() -> String {
    format!("GRAPH_TENANT_ID={TENANT_ID}\nGRAPH_CLIENT_ID={API_CLIENT_ID}\nGRAPH_CLIENT_SECRET={API_CLIENT_SECRET}\n")
}

/// Starts the server in front of an emulator, as a developer does.
async fn developing(emulator: &Emulator, more: &[(&str, &str)]) -> Program {
    let (authority, graph) = (emulator.http_url(), format!("{}/v1.0", emulator.http_url()));
    let mut variables =
        vec![("MCP_ENV", "development"), ("AZURE_AUTHORITY_HOST", &*authority), ("GRAPH_BASE_URL", &*graph)];
    variables.extend(more);
    Program::start(&[], &variables, Some(&env_local())).await.serving().await
}

async fn call(program: &Program, token: &str, arguments: Value) -> Answer {
    let parameters = json!({"name": "getMessages", "arguments": arguments});
    let request = request(&client(), &program.base, Era::Modern, "tools/call", parameters);
    Answer::of(request.bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test]
async fn all_mistakes_are_reported_at_once_with_exit_code_2() {
    let variables = [
        ("GRAPH_TENANT_ID", "common"),
        ("GRAPH_CLIENT_ID", "not-a-guid"),
        ("GRAPH_CLIENT_SECRET", API_CLIENT_SECRET),
        ("BIND_ADDR", "everywhere"),
        ("MCP_REQUIRE_AUTH", "False"),
        ("AZURE_AUTHORITY_HOST", "http://login.example"),
        ("GRAPH_BASE_URL", "http://127.0.0.1:9/v1.0"),
        ("MCP_OAUTH_REDIRECT_URI_PREFIXES", "https://*.example"),
        ("MCP_ALLOWED_ORIGINS", "app.example"),
        ("MCP_AUDIENCES", "https://graph.microsoft.com"),
    ];
    let ended = Program::start(&["serve"], &variables, None).await.end().await;
    assert_eq!((ended.status.code(), &*ended.stdout), (Some(2), ""), "{ended:?}");
    for name in variables.iter().map(|(name, _)| name).filter(|name| **name != "GRAPH_CLIENT_SECRET") {
        assert!(ended.stderr.contains(name), "{name}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains(API_CLIENT_SECRET));
}

#[tokio::test]
async fn no_door_opens_by_itself_where_nothing_says_development() {
    for (name, value, environment) in [
        ("MCP_REQUIRE_AUTH", "false", None),
        ("MCP_REQUIRE_AUTH", "false", Some("Development")),
        ("MCP_REQUIRE_AUTH", "false", Some("dev")),
        ("ALLOW_GRAPH_BEARER_TOKEN", "true", None),
        ("ALLOW_GRAPH_BEARER_TOKEN", "1", Some("development")),
        ("ALLOW_MCP_ACCESS_TOKEN_ARG", "yes", Some("development")),
        ("ALLOW_MCP_ACCESS_TOKEN_ARG", "True ", None),
        ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:9", None),
    ] {
        let mut variables = vec![(name, value)];
        variables.extend(environment.map(|word| ("MCP_ENV", word)));
        let ended = Program::start(&[], &variables, Some(&env_local())).await.end().await;
        // With a misspelt environment the file is not read, so other mistakes stand beside this one.
        assert_eq!(ended.status.code(), Some(2), "{name}={value} {environment:?}: {ended:?}");
        assert!(ended.stderr.contains(name), "{name}={value} {environment:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn three_variables_start_a_safe_server_on_loopback() {
    let program = Program::start(&[], &[], Some(&env_local())).await.serving().await;
    let health = Answer::of(client().get(format!("{}/healthz", program.base)).send().await.unwrap()).await;
    assert_eq!(health.json(), json!({"ok": true}));
    let tools = request(&client(), &program.base, Era::Modern, "tools/list", json!({}));
    assert_eq!(Answer::of(tools.send().await.unwrap()).await.status, 401);
    let base = program.base.clone();
    program.terminate().await;
    let ended = program.end().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let registration = format!("redirect URI {base}/oauth/callback, platform Web, app {API_CLIENT_ID}");
    for word in [".env.local", "Production", "127.0.0.1", &registration] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn three_variables_complete_the_exchange() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let program = developing(&emulator, &[]).await;
    let body = call(&program, &emulator.mint(TokenSpec::user("alice")), json!({"top": 2})).await.result();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert_eq!(emulator.counters().obo, 1);
    program.terminate().await;
    assert_eq!(program.end().await.status.code(), Some(0));
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let program = developing(&emulator, &[]).await;
    // Two seconds at the exchange.
    let token = emulator.mint(TokenSpec::user("slow"));
    let stop = async {
        while emulator.counters().obo == 0 {
            tokio::task::yield_now().await;
        }
        program.terminate().await;
    };
    let (answer, ()) = tokio::join!(call(&program, &token, json!({"top": 1})), stop);
    answer.result();
    let ended = program.end().await;
    assert!(ended.status.code() == Some(0) && ended.stderr.contains("all requests have ended"), "{ended:?}");
}

#[tokio::test]
async fn in_production_the_token_argument_works_by_its_own_variable_alone() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, emulator.ca_pem()).unwrap();
    let authority = emulator.https_url();
    let (graph, scope) = (format!("{authority}/v1.0"), format!("{authority}/.default"));
    let variables = [
        ("ALLOW_MCP_ACCESS_TOKEN_ARG", "true"),
        ("AZURE_AUTHORITY_HOST", &*authority),
        ("GRAPH_BASE_URL", &graph),
        // A target on this machine, because a Graph token goes to the target's own host only.
        ("GRAPH_OBO_SCOPES", &scope),
        ("SSL_CERT_FILE", ca.to_str().unwrap()),
    ];
    let program = Program::start(&[], &variables, Some(&env_local())).await.serving().await;
    let own = TokenSpec::user("alice").claim("iss", format!("{authority}/{TENANT_ID}/v2.0"));
    let lent = crate::hatches::graph_token(&emulator, "alice").await;
    let answer = call(&program, &emulator.mint(own), json!({"top": 1, "accessToken": lent})).await;
    answer.result();
    assert_eq!(answer.header("mcp-bypass"), Some("token-argument"));
    program.terminate().await;
    let ended = program.end().await;
    for word in ["Production", "token-argument", "is open", "bypassed"] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn no_caller_begins_a_line_of_the_log() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let token = emulator.mint(TokenSpec::user("alice"));
    for (level, format) in [("info", "text"), ("info", "json"), ("trace", "text")] {
        let program = developing(&emulator, &[("RUST_LOG", level), ("LOG_FORMAT", format)]).await;
        // rmcp writes the id of a request that fails as it is.
        let (id, name) = ("x\nforged \u{1b}[2J", "y\nforged");
        let body = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name}});
        let request = client().post(format!("{}/mcp", program.base)).bearer_auth(&token).json(&body);
        let request = request.header("accept", "application/json, text/event-stream");
        let answer = request.header("mcp-protocol-version", "2025-11-25").send().await.unwrap();
        assert!(answer.text().await.unwrap().contains("no such tool"), "{level}, {format}");
        program.terminate().await;
        let log = program.end().await.stderr;
        assert!(log.contains("admitted"), "{level}, {format}: {log}");
        let forged = |line: &str| line.starts_with("forged") || line.contains('\u{1b}');
        assert!(!log.lines().any(forged), "{level}, {format}: {log}");
    }
}

#[tokio::test]
async fn nothing_secret_is_printed_at_the_finest_level() {
    for format in ["text", "json"] {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        let lent = crate::hatches::graph_token(&emulator, "alice").await;
        let variables = [
            ("RUST_LOG", "trace"),
            ("LOG_FORMAT", format),
            ("ALLOW_MCP_ACCESS_TOKEN_ARG", "true"),
            ("GRAPH_ACCESS_TOKEN", &*lent),
            ("GRAPH_CLIENT_CAPABILITIES", "cp1"),
        ];
        let program = developing(&emulator, &variables).await;
        let signed_in = Person::at(&program.base).sign_in("alice").await;
        let (token, mut secrets) = (signed_in.token, signed_in.secrets);
        call(&program, &token, json!({"top": 1})).await.result();
        call(&program, &token, json!({"top": 1, "accessToken": lent})).await.result();
        for user in ["noconsent", "mfa", "cae", "throttled", "blocked", "disabled", "norole"] {
            let token = emulator.mint(TokenSpec::user(user));
            assert!(call(&program, &token, json!({})).await.text.contains("rror"), "{user} fails");
            secrets.push(token);
        }
        let expired = emulator.mint(TokenSpec::user("bob").expires_in(-3_600));
        assert_eq!(call(&program, &expired, json!({})).await.status, 401);
        program.terminate().await;
        let ended = program.end().await;
        secrets.extend([lent, expired, API_CLIENT_SECRET.to_owned()]);
        let output = ended.stdout + &ended.stderr;
        assert!(output.contains("TRACE") && output.contains("admitted") && output.contains("step_up"), "{format}");
        for (number, secret) in secrets.iter().enumerate() {
            assert!(!output.contains(secret.as_str()), "secret {number} was printed in {format}");
        }
        // Every JWT begins like this, those too that only the server and Graph have seen.
        assert!(!output.contains("eyJ"), "a JWT was printed in {format}");
    }
}

#[tokio::test]
async fn the_demo_shows_the_whole_chain_and_ends() {
    let ended = Program::start(&["demo", "--once"], &[], None).await.end().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    for word in ["signed in as alice", "1 exchange", "2 calls of Graph", " ms", "severity", "MC", "messages"] {
        assert!(ended.stdout.contains(word), "{word}: {}", ended.stdout);
    }
    assert!(ended.stdout.lines().filter(|line| line.trim_start().starts_with("MC")).count() >= 10, "{}", ended.stdout);
    assert!(!ended.stdout.contains("eyJ"));
}

#[tokio::test]
async fn call_prints_the_result_and_fails_with_the_tool() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let server = developing(&emulator, &[]).await;
    let url = format!("{}/mcp", server.base);
    let called = ["call", "getMessages", r#"{"top":1}"#, "--url", &url];
    for (name, token, code, words) in [
        ("good", emulator.mint(TokenSpec::user("alice")), 0, "admin.microsoft.com"),
        ("no role", emulator.mint(TokenSpec::user("norole")), 1, "forbidden_role"),
        ("expired", emulator.mint(TokenSpec::user("alice").expires_in(-3_600)), 1, "401"),
    ] {
        let ended = Program::start(&called, &[("MCP_TOKEN", &*token)], None).await.end().await;
        assert_eq!(ended.status.code(), Some(code), "{name}: {ended:?}");
        assert!((ended.stdout + &ended.stderr).contains(words), "{name}");

        let mut by_input = Program::start(&called, &[], None).await;
        by_input.tell(&format!("{token}\n")).await;
        let ended = by_input.end().await;
        assert_eq!(ended.status.code(), Some(code), "{name}, by standard input: {ended:?}");
        assert!(!(ended.stdout + &ended.stderr).contains(&token), "{name}");
    }
    let not_json = Program::start(&["call", "getMessages", "{"], &[("MCP_TOKEN", "x")], None).await.end().await;
    assert_eq!(not_json.status.code(), Some(1), "{not_json:?}");
}

#[tokio::test]
async fn a_client_that_insists_on_a_secret_gets_one_that_is_good_here() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let keys = ("MCP_SEALING_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let printed = Program::start(&["register-client"], &[keys], Some(&env_local())).await.end().await;
    assert_eq!(printed.status.code(), Some(0), "{printed:?}");
    let value = |name: &str| {
        let line = printed.stdout.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {printed:?}")).trim().to_owned()
    };
    let (id, secret) = (value("client id"), value("client secret"));
    assert_eq!(id, API_CLIENT_ID);
    assert_ne!(secret, API_CLIENT_SECRET, "worth nothing at the tenant");
    assert!(value("token URL").ends_with("/token"));

    let server = developing(&emulator, &[keys]).await;
    for (name, shown, expected) in [
        ("the one that was printed", &*secret, (400, json!("invalid_grant"))),
        ("the app's own at the tenant", API_CLIENT_SECRET, (401, json!("invalid_client"))),
        ("another", "another", (401, json!("invalid_client"))),
    ] {
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", &*id), ("client_secret", shown)];
        assert_eq!(error(&Person::at(&server.base).token(&form).await), expected, "{name}");
    }

    let unkept = Program::start(&["register-client"], &[], Some(&env_local())).await.end().await;
    assert_eq!(unkept.status.code(), Some(2), "{unkept:?}");
    assert!(unkept.stderr.contains("MCP_SEALING_KEYS"), "{unkept:?}");
}
