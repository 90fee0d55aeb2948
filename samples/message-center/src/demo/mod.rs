//! The whole chain on loopback, with a local tenant: sign in, exchange, Graph, messages.

mod browser;
mod guide;
mod hops;
mod sign_in;
mod table;

use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, Write as _},
    time::Instant,
};

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Counters, Emulator, TENANT_ID};
use secrecy::SecretString;
use serde_json::{Value, json};
use server_kit::serve;
use tokio::net::TcpListener;

use self::hops::Hops;
use crate::{call::Client, settings::Settings, stack};

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
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");
    let router = stack::router(&Settings::read(&variables(&emulator, &base, address.port()))?)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve::serve(listener, router, async move { drop(stopped.await) }));
    let ready = started.elapsed().as_millis();
    say(&format!("  tenant   {:<34} a local Entra ID and Microsoft Graph", emulator.http_url()))?;
    say(&format!("  server   {:<34} ready after {ready} ms\n", format!("{base}/mcp")))?;

    let mut hops = Hops::default();
    let body = walk(&base, &mut hops).await?;
    say(&format!("  signed in as {USER}, then called getMessages twice, as an MCP client does\n\n{hops}"))?;
    say(&format!("    {}\n", counted(&emulator.counters())))?;
    say(&table::of(&body))?;
    if until == Until::Interrupted {
        say(&guide::of(&format!("{base}/mcp"), &emulator.http_url(), USER))?;
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
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Walks every hop as an MCP client does, and returns the messages.
async fn walk(base: &str, hops: &mut Hops) -> Result<Value, Box<dyn Error>> {
    let token = sign_in::access_token(base, USER, hops).await?;
    let client = Client::new(&format!("{base}/mcp"), SecretString::from(token))?;
    let arguments = json!({"top": 12, "prefer": "odata.maxpagesize=12"});
    let mut body = Value::Null;
    for meaning in [
        "token verified, exchanged On-Behalf-Of, Graph asked",
        "the same again: token known, exchange cached, Graph asked",
    ] {
        body = content(hops.step("POST /mcp", meaning, client.call("getMessages", &arguments)).await?)?;
    }
    Ok(body)
}

/// Returns the body behind a result; a failure of the tool ends the demo.
fn content(mut result: Value) -> Result<Value, Box<dyn Error>> {
    if result["isError"] == json!(true) {
        return Err(format!("getMessages failed: {}", result["structuredContent"]).into());
    }
    Ok(result["structuredContent"].take())
}

/// Says what tenant and Graph saw of it.
fn counted(counters: &Counters) -> String {
    let plural = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    format!(
        "the tenant saw {} On-Behalf-Of, {} of Graph and {} of its signing keys",
        plural(counters.obo, "exchange", "exchanges"),
        plural(counters.graph_messages, "call", "calls"),
        plural(counters.keys, "fetch", "fetches"),
    )
}

/// Writes a line; what a person reads is this program's job.
fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
