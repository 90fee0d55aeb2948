//! The whole chain on loopback, with a local tenant: sign in, exchange, Graph, messages.

mod sign_in;
mod table;

use std::{collections::BTreeMap, error::Error, future::Future, time::Instant};

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Config, Emulator, TENANT_ID};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{call::Client, serve, settings::Settings, stack};

const USER: &str = "alice";

/// When the demo ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Until {
    /// After the table.
    Table,
    /// At Ctrl-C.
    Interrupted,
}

/// Runs the demo.
///
/// # Errors
/// Whatever hop failed.
pub async fn run(until: Until) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let emulator = Emulator::start(Config::default()).await?;
    say(&format!("  tenant   {}   a local Entra ID and Microsoft Graph", emulator.http_url()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let settings = Settings::read(&variables(&emulator, &base, listener.local_addr()?.port()))?;
    let router = stack::router(&settings)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve::serve(listener, router, async move { drop(stopped.await) }));
    say(&format!("  server   {base}/mcp   ready after {} ms\n", started.elapsed().as_millis()));

    let hops = walk(&emulator, &base).await?;
    say(&hops);
    if until == Until::Interrupted {
        say(&how_to_connect(&emulator, &base));
        serve::stop_signal().await;
    }
    drop(stop);
    server.await??;
    Ok(())
}

/// The settings of a developer's machine, pointed at the local tenant.
fn variables(emulator: &Emulator, base: &str, port: u16) -> BTreeMap<String, String> {
    [
        ("MCP_ENV", "development".to_owned()),
        ("PORT", port.to_string()),
        ("PUBLIC_BASE_URL", base.to_owned()),
        ("GRAPH_TENANT_ID", TENANT_ID.to_owned()),
        ("GRAPH_CLIENT_ID", API_CLIENT_ID.to_owned()),
        ("GRAPH_CLIENT_SECRET", API_CLIENT_SECRET.to_owned()),
        ("AZURE_AUTHORITY_HOST", emulator.http_url()),
        ("GRAPH_BASE_URL", format!("{}/v1.0", emulator.http_url())),
        ("MCP_OAUTH_EXPECTED_CLIENT_ID", CLIENT_ID.to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Walks every hop as an MCP client does, and writes down how long each took.
async fn walk(emulator: &Emulator, base: &str) -> Result<String, Box<dyn Error>> {
    let mut text = format!("  signed in as {USER}, through the client app\n");
    let mut hop = |name: &str, milliseconds: f64| text.push_str(&format!("    {name:<62}{milliseconds:>9.1} ms\n"));

    let (token, time) = timed(sign_in::access_token(base, USER)).await;
    let token = token?;
    hop("authorization code + PKCE, by the server's /authorize", time);

    let client = Client::new(&format!("{base}/mcp"), SecretString::from(token))?;
    let arguments = json!({"top": 12, "prefer": "odata.maxpagesize=12"});
    let (first, time) = timed(client.call("getMessages", &arguments)).await;
    hop("getMessages: verify, exchange On-Behalf-Of, ask Graph", time);
    let (again, time) = timed(client.call("getMessages", &arguments)).await;
    hop("getMessages again: token known, exchange cached", time);

    let counters = emulator.counters();
    let messages = first?;
    again?;
    text.push_str(&format!(
        "  {} exchange at the token endpoint, {} calls of Graph, {} fetch of keys\n\n",
        counters.obo, counters.graph_messages, counters.keys
    ));
    text.push_str(&table::of(&content(&messages)?));
    Ok(text)
}

/// The body behind a result; a failure of the tool ends the demo.
fn content(result: &Value) -> Result<Value, Box<dyn Error>> {
    if result["isError"] == json!(true) {
        return Err(format!("getMessages failed: {}", result["structuredContent"]).into());
    }
    Ok(result["structuredContent"].clone())
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, f64) {
    let started = Instant::now();
    let output = work.await;
    (output, started.elapsed().as_secs_f64() * 1_000.0)
}

fn how_to_connect(emulator: &Emulator, base: &str) -> String {
    let token = format!("{}/_emulator/token?user={USER}", emulator.http_url());
    let body =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"getMessages","arguments":{"top":1}}}"#;
    format!(
        "\n  Call it yourself. bash:\n\n\
         curl -s {base}/mcp -H \"Authorization: Bearer $(curl -s '{token}')\" \\\n  \
         -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\\n  \
         -d '{body}'\n\n  \
         PowerShell:\n\n\
         $token = Invoke-RestMethod '{token}'\n\
         Invoke-RestMethod {base}/mcp -Method Post -ContentType application/json `\n  \
         -Headers @{{ Authorization = \"Bearer $token\"; Accept = 'application/json, text/event-stream' }} `\n  \
         -Body '{body}'\n\n  \
         An MCP client connects to {base}/mcp with that token in its Authorization header.\n  \
         Other users show what goes wrong: norole, noconsent, mfa, blocked, throttled, flaky, cae.\n\n  \
         Ctrl-C ends both."
    )
}

/// Prints a line; what a person reads is this program's job.
#[allow(clippy::print_stdout, reason = "the demo talks to a person")]
fn say(text: &str) {
    println!("{text}");
}
