//! A server and the network around it, and clients of both.

pub(crate) mod program;

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use azure_tools::{
    arguments::{Arguments, Command, Server, Start},
    settings::Settings,
    stack,
};
use clap::Parser as _;
use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, AzureRole, Config, Emulator, SUBSCRIPTION_ID, TENANT_ID, TokenSpec,
};
use serde_json::{Value, json};
use server_kit::{calls::Calls, serve};
use tempfile::NamedTempFile;
use tokio::{net::TcpListener, sync::oneshot};
use tracing::subscriber::DefaultGuard;

pub(crate) use server_kit::testing::{Answer, Log};

pub(crate) const OBO: [&str; 4] = ["--transport", "http", "--outgoing-auth-strategy", "UseOnBehalfOf"];
pub(crate) const HOSTING: [&str; 4] =
    ["--transport", "http", "--outgoing-auth-strategy", "UseHostingEnvironmentIdentity"];

/// A running server with its network. Dropping it ends both.
pub(crate) struct Fixture {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) base: String,
    pub(crate) log: Log,
    pub(crate) http: reqwest::Client,
    _stop: oneshot::Sender<()>,
    _ca: NamedTempFile,
    _recording: DefaultGuard,
}

impl Fixture {
    /// Starts a server with these options, in front of a tenant whose API app has every role in production.
    pub(crate) async fn start(options: &[&str]) -> Self {
        Self::over(Emulator::start(config()).await.unwrap(), options, &[]).await
    }

    pub(crate) async fn over(emulator: impl Into<Arc<Emulator>>, options: &[&str], more: &[(&str, &str)]) -> Self {
        let emulator = emulator.into();
        let (log, recording) = Log::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ca = certificate(&emulator);
        let mut variables = variables(&emulator, &ca);
        variables.insert("ASPNETCORE_URLS".to_owned(), format!("http://{address}"));
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let settings = Settings::read(&start(options), &variables).unwrap();
        let router = stack::router(&settings, settings.incoming.as_ref().unwrap(), &Calls::default()).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve::serve(listener, router, async move { drop(stopped.await) }));
        let base = format!("http://{address}");
        Self { emulator, base, log, http: client(), _stop: stop, _ca: ca, _recording: recording }
    }

    /// Orders a user's token for this server.
    pub(crate) fn token(&self, user: &str) -> String {
        self.emulator.mint_as_entra(TokenSpec::user(user).scopes("Mcp.Tools.ReadWrite"))
    }

    pub(crate) async fn call_as(&self, user: &str, tool: &str, arguments: Value) -> Answer {
        self.call(&self.token(user), tool, arguments).await
    }

    pub(crate) async fn call(&self, token: &str, tool: &str, arguments: Value) -> Answer {
        self.ask(token, "tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Lists the tools, as a user.
    pub(crate) async fn tools(&self) -> Vec<Value> {
        let answer = self.ask(&self.token("alice"), "tools/list", json!({})).await;
        answer.json()["result"]["tools"].as_array().unwrap().clone()
    }

    pub(crate) async fn ask(&self, token: &str, method: &str, parameters: Value) -> Answer {
        let request = request(&self.http, &self.base, method, parameters).bearer_auth(token);
        Answer::of(request.send().await.unwrap()).await
    }

    /// How many requests with a good token each service has got, by whom.
    pub(crate) fn served(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.emulator.counters().azure
    }
}

/// A tenant whose API app has every role in production, by its own identity.
pub(crate) fn config() -> Config {
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    AzureRole::ALL
        .into_iter()
        .fold(Config::default(), |config, role| config.with_azure_role(API_CLIENT_ID, role, &scope))
}

pub(crate) fn certificate(emulator: &Emulator) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(emulator.ca_pem().as_bytes()).unwrap();
    file
}

/// What production would have: the app's section, a service principal, the proxy and the corporate authority.
pub(crate) fn variables(emulator: &Emulator, ca: &NamedTempFile) -> BTreeMap<String, String> {
    let gateway = emulator.gateway_url();
    [
        ("ASPNETCORE_ENVIRONMENT", "Production"),
        ("AzureAd__Instance", "https://login.microsoftonline.com/"),
        ("AzureAd__TenantId", TENANT_ID),
        ("AzureAd__ClientId", API_CLIENT_ID),
        ("AzureAd__ClientCredentials__0__SourceType", "ClientSecret"),
        ("AzureAd__ClientCredentials__0__ClientSecret", API_CLIENT_SECRET),
        ("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential"),
        ("AZURE_TENANT_ID", TENANT_ID),
        ("AZURE_CLIENT_ID", API_CLIENT_ID),
        ("AZURE_CLIENT_SECRET", API_CLIENT_SECRET),
        ("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION_ID),
        ("HTTPS_PROXY", &gateway),
        ("SSL_CERT_FILE", ca.path().to_str().unwrap()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub(crate) fn start(options: &[&str]) -> Start {
    match Arguments::try_parse_from(["azure-tools", "server", "start"].iter().chain(options)).unwrap().command {
        Command::Server(Server::Start(start)) => *start,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

const REVISION: &str = "2026-07-28";

/// Makes a JSON-RPC request that carries no credential yet.
pub(crate) fn request(
    http: &reqwest::Client,
    base: &str,
    method: &str,
    mut parameters: Value,
) -> reqwest::RequestBuilder {
    parameters["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut request = http
        .post(format!("{base}/"))
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", REVISION)
        .header("mcp-method", method);
    if let Some(name) = parameters["name"].as_str() {
        request = request.header("mcp-name", name);
    }
    request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}))
}
