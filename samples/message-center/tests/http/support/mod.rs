//! A server and a tenant on free ports, and clients of both.

pub(crate) mod person;
pub(crate) mod program;
pub(crate) mod upstream;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID, TokenSpec};
use message_center::{settings::Settings, stack};
use serde_json::{Value, json};
use server_kit::serve;
use tokio::{net::TcpListener, sync::oneshot};
use tracing::subscriber::DefaultGuard;

pub(crate) use server_kit::testing::{Answer, Fields, Log};

/// A revision of the protocol without sessions, and the last one with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    Modern,
    Legacy,
}

impl Era {
    pub(crate) const BOTH: [Self; 2] = [Self::Modern, Self::Legacy];

    const fn revision(self) -> &'static str {
        match self {
            Self::Modern => "2026-07-28",
            Self::Legacy => "2025-06-18",
        }
    }
}

/// A running server with its tenant. Dropping it ends both.
pub(crate) struct Fixture {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) base: String,
    pub(crate) log: Log,
    pub(crate) http: reqwest::Client,
    _stop: oneshot::Sender<()>,
    _recording: DefaultGuard,
}

impl Fixture {
    /// Starts a server as a developer would set it up.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts one with some variables changed; a blank one is unset.
    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        Self::over(Emulator::start(Config::default()).await.unwrap(), changes).await
    }

    /// Starts one in front of this tenant.
    pub(crate) async fn over(emulator: impl Into<Arc<Emulator>>, changes: &[(&str, &str)]) -> Self {
        let emulator = emulator.into();
        let (log, recording) = Log::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut variables = variables(&emulator, &base);
        variables.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let router = stack::router(&Settings::read(&variables).unwrap()).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve::serve(listener, router, async move { drop(stopped.await) }));
        Self { emulator, base, log, http: client(), _stop: stop, _recording: recording }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Orders a user's token for this server.
    pub(crate) fn token(&self, user: &str) -> String {
        self.emulator.mint(TokenSpec::user(user))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    /// Calls `getMessages` with the token of a user.
    pub(crate) async fn call_as(&self, user: &str) -> Answer {
        self.call(Some(&self.token(user)), json!({"top": 1})).await
    }

    pub(crate) async fn call(&self, token: Option<&str>, arguments: Value) -> Answer {
        self.call_in(Era::Modern, token, arguments).await
    }

    pub(crate) async fn call_in(&self, era: Era, token: Option<&str>, arguments: Value) -> Answer {
        self.ask(era, token, "tools/call", json!({"name": "getMessages", "arguments": arguments})).await
    }

    /// Sends one JSON-RPC request.
    pub(crate) async fn ask(&self, era: Era, token: Option<&str>, method: &str, parameters: Value) -> Answer {
        let request = self.request(era, method, parameters);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// Makes a request that carries no credential yet.
    pub(crate) fn request(&self, era: Era, method: &str, parameters: Value) -> reqwest::RequestBuilder {
        request(&self.http, &self.base, era, method, parameters)
    }
}

/// Makes a JSON-RPC request that carries no credential yet, as clients of that era do.
pub(crate) fn request(
    http: &reqwest::Client,
    base: &str,
    era: Era,
    method: &str,
    mut parameters: Value,
) -> reqwest::RequestBuilder {
    let mut request = http
        .post(format!("{base}/mcp"))
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", era.revision());
    if era == Era::Modern {
        parameters["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": era.revision(),
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        request = request.header("mcp-method", method);
        if let Some(name) = parameters["name"].as_str() {
            request = request.header("mcp-name", name);
        }
    }
    request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}))
}

/// A client that follows no redirect, knows no proxy and keeps no connection: time that jumps ends idle ones.
pub(crate) fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.pool_max_idle_per_host(0).build().unwrap()
}

/// The environment of a developer's machine, pointed at the emulator.
pub(crate) fn variables(emulator: &Emulator, base: &str) -> BTreeMap<String, String> {
    [
        ("MCP_ENV", "development".to_owned()),
        ("PUBLIC_BASE_URL", base.to_owned()),
        ("GRAPH_TENANT_ID", TENANT_ID.to_owned()),
        ("GRAPH_CLIENT_ID", API_CLIENT_ID.to_owned()),
        ("GRAPH_CLIENT_SECRET", API_CLIENT_SECRET.to_owned()),
        ("AZURE_AUTHORITY_HOST", emulator.http_url()),
        ("GRAPH_BASE_URL", format!("{}/v1.0", emulator.http_url())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Moves tokio's time forwards at once; sockets and the wall clock stay as they are.
pub(crate) async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
