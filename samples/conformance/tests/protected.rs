//! What the comparison rests on: the one server needs a token, the other does not, and the proxy brings it.
#![allow(clippy::unwrap_used, reason = "clippy knows test functions, not the functions that they call")]

use std::net::Ipv4Addr;

use axum::Router;
use conformance::{proxy::Proxy, stack};
use entra_emulator::{Config, Emulator, TokenSpec};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Every method of both revisions that the suite calls, with what it names.
const METHODS: [(&str, Option<&str>); 19] = [
    ("initialize", None),
    ("ping", None),
    ("server/discover", None),
    ("subscriptions/listen", None),
    ("logging/setLevel", None),
    ("completion/complete", None),
    ("tools/list", None),
    ("tools/call", Some("test_simple_text")),
    ("prompts/list", None),
    ("prompts/get", Some("test_simple_prompt")),
    ("resources/list", None),
    ("resources/templates/list", None),
    ("resources/read", Some("test://static-text")),
    ("resources/subscribe", None),
    ("resources/unsubscribe", None),
    ("tasks/get", None),
    ("tasks/update", None),
    ("tasks/cancel", None),
    ("unknown/method", None),
];

async fn serve(make: impl FnOnce(u16) -> Router) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = make(port);
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

async fn protected() -> (Emulator, u16) {
    let tenant = Emulator::start(Config::default()).await.unwrap();
    let port = serve(|port| stack::protected(port, &tenant).unwrap()).await;
    (tenant, port)
}

async fn proxy(to: u16, token: &str) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    tokio::spawn(Proxy::new(to, value).serve(listener));
    port
}

fn request(port: u16, verb: Method) -> reqwest::RequestBuilder {
    Client::builder().no_proxy().build().unwrap().request(verb, format!("http://127.0.0.1:{port}/mcp"))
}

/// A request as 2026-07-28 has it.
fn ask(port: u16, method: &str, name: Option<&str>) -> reqwest::RequestBuilder {
    let mut params = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let mut request = request(port, Method::POST)
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header("Mcp-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", method);
    if let Some(name) = name {
        params[if method == "resources/read" { "uri" } else { "name" }] = json!(name);
        request = request.header("Mcp-Name", name);
    }
    request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}

async fn result(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.text().await.unwrap();
    let data = body.lines().filter_map(|line| line.strip_prefix("data:")).find(|data| data.contains("\"result\""));
    serde_json::from_str::<Value>(data.unwrap_or(&body)).unwrap()["result"].take()
}

fn assert_challenged(response: &Response, port: u16, name: &str) {
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{name}");
    let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
    let metadata = format!("resource_metadata=\"http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp\"");
    assert!(challenge.starts_with("Bearer ") && challenge.contains(&metadata), "{name}: {challenge}");
    assert!(!response.headers().contains_key("mcp-session-id"), "{name}");
}

#[tokio::test]
async fn the_protected_server_refuses_every_method_without_a_token() {
    let (_tenant, port) = protected().await;
    for (method, name) in METHODS {
        assert_challenged(&ask(port, method, name).send().await.unwrap(), port, method);
    }
    for verb in [Method::GET, Method::DELETE, Method::OPTIONS] {
        let response = request(port, verb.clone()).header("Mcp-Session-Id", "guessed").send().await.unwrap();
        assert_challenged(&response, port, verb.as_str());
    }
}

#[tokio::test]
async fn the_bare_server_asks_for_no_token() {
    let port = serve(|port| stack::bare(port).unwrap()).await;
    let result = result(ask(port, "tools/call", Some("test_simple_text")).send().await.unwrap()).await;
    assert_eq!(result["content"][0]["text"], "This is a simple text response for testing.");
    for (method, name) in METHODS {
        let response = ask(port, method, name).send().await.unwrap();
        assert_ne!(response.status(), StatusCode::UNAUTHORIZED, "{method}");
    }
}

#[tokio::test]
async fn the_proxy_brings_the_token_that_the_client_lacks() {
    let (tenant, port) = protected().await;
    let proxy = proxy(port, &tenant.mint(TokenSpec::user("alice"))).await;
    let result = result(ask(proxy, "tools/call", Some("test_simple_text")).send().await.unwrap()).await;
    assert_eq!(result["content"][0]["text"], "This is a simple text response for testing.");
}

#[tokio::test]
async fn the_proxy_leaves_a_token_that_the_client_has() {
    let (tenant, port) = protected().await;
    let proxy = proxy(port, &tenant.mint(TokenSpec::user("alice"))).await;
    let response = ask(proxy, "tools/list", None).bearer_auth("not.a.token").send().await.unwrap();
    assert_challenged(&response, port, "a bad token");
}

#[tokio::test]
async fn the_proxy_leaves_foreign_hosts_and_origins_foreign() {
    let (tenant, port) = protected().await;
    let proxy = proxy(port, &tenant.mint(TokenSpec::user("alice"))).await;
    for (header, value) in [(header::HOST, "evil.example.com"), (header::ORIGIN, "http://evil.example.com")] {
        let response = ask(proxy, "tools/list", None).header(header.clone(), value).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{header}");
    }
    let own = format!("http://localhost:{proxy}");
    let response = ask(proxy, "tools/list", None).header(header::ORIGIN, own).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_session_of_the_protected_server_serves_nobody_else() {
    let (tenant, port) = protected().await;
    let (alice, bob) = (tenant.mint(TokenSpec::user("alice")), tenant.mint(TokenSpec::user("bob")));
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }});
    let post = |body: &Value, token: &str| {
        let accept = "application/json, text/event-stream";
        request(port, Method::POST).header(header::ACCEPT, accept).bearer_auth(token).json(body)
    };
    let opened = post(&initialize, &alice).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].clone();
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    for (name, token, status) in [("bob", &bob, StatusCode::NOT_FOUND), ("alice", &alice, StatusCode::OK)] {
        let response = post(&ping, token)
            .header("Mcp-Session-Id", session.clone())
            .header("Mcp-Protocol-Version", "2025-11-25")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{name}");
    }
}
