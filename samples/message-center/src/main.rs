//! The program around the server.

use std::{
    error::Error,
    io::{self, Read as _, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use mcp_obo::proxy::DocumentHosts;
use message_center::{call::Client, doctor::patient_in, front_door, settings::Settings, stack};
use secrecy::SecretString;
use serde_json::{Value, json};
use server_kit::{
    doctor::{self, Form, FormOptions},
    logging::Level,
    meter,
    program::{self, Allocator, CONFIGURATION},
    serve,
    settings::{Layered, Process, Vars},
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Microsoft 365 Message Center for MCP clients, as the signed-in user.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves MCP over HTTP; configured by the environment and `.env.local`. The default.
    Serve,
    /// Shows the whole chain on loopback with a local tenant, and keeps serving until Ctrl-C.
    #[cfg(feature = "demo")]
    Demo {
        /// Ends after the table of messages.
        #[arg(long)]
        once: bool,
    },
    /// Says why the server does not work here, the first fault first; ends with 1 if there is one.
    ///
    /// With a user's token for this server in the variable MCP_TOKEN it also finds out what that user may do.
    Doctor(FormOptions),
    /// Prints what to enter where a client asks for an id and a secret.
    ///
    /// The secret is good at this server alone, and worth nothing at Entra.
    RegisterClient,
    /// Calls a tool of a running server and prints the result.
    ///
    /// The access token comes from the variable MCP_TOKEN, else from standard input.
    Call {
        /// The tool, such as getMessages.
        tool: String,
        /// Its arguments, JSON.
        #[arg(default_value = "{}")]
        arguments: String,
        /// The server's MCP endpoint.
        #[arg(long, default_value = "http://127.0.0.1:8080/mcp")]
        url: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => run_server().await,
        #[cfg(feature = "demo")]
        Command::Demo { once } => demo(once).await,
        Command::Doctor(options) => examine(options.into()).await,
        Command::RegisterClient => register_client(),
        Command::Call { tool, arguments, url } => call(&tool, &arguments, &url).await,
    }
}

fn register_client() -> ExitCode {
    let vars = match variables() {
        Ok(vars) => vars,
        Err(code) => return code,
    };
    let text = Settings::read(&vars).map_err(Into::into).and_then(|settings| front_door::registration(&settings));
    match text {
        Ok(text) => {
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&*error, CONFIGURATION),
    }
}

fn variables() -> Result<Layered<Process>, ExitCode> {
    Layered::over_env_local(Process, Path::new(".")).map_err(|text| fail(&*Box::<dyn Error>::from(text), CONFIGURATION))
}

async fn examine(form: Form) -> ! {
    let code = form.print(&doctor::examine(patient_in(Path::new("."))).await);
    // Not by the end of `main`: that would wait for a resolver that hangs.
    std::process::exit(code.into())
}

async fn run_server() -> ExitCode {
    let vars = match variables() {
        Ok(vars) => vars,
        Err(code) => return code,
    };
    let settings = match program::begin(&vars, Level::INFO, |vars| Settings::read(vars)) {
        Ok(settings) => settings,
        Err(mistakes) => return fail(&mistakes, CONFIGURATION),
    };
    announce(&settings, vars.file());
    match listen(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error, 1),
    }
}

/// Says at start what an operator must know, once.
fn announce(settings: &Settings, file: Option<&Path>) {
    program::announce(file, &settings.warnings);
    let now = settings.app.clock().now();
    let credentials: Vec<_> = settings.credentials.iter().flat_map(|list| list.status(now)).collect();
    let credentials: Vec<_> = credentials.iter().map(|status| status.kind().as_str()).collect();
    tracing::info!(
        environment = ?settings.environment,
        tenant = settings.app.authority().segment(),
        client_id = settings.app.client_id(),
        authority = settings.app.authority().host(),
        graph = settings.graph_base_url,
        acting_as = settings.outgoing.acting_as().as_str(),
        credentials = credentials.join(" "),
        tokens_shared = settings.sharing.is_some(),
        "configured"
    );
    let Some(door) = &settings.front_door else {
        tracing::info!("clients sign in at Entra itself; this server has no OAuth front door");
        return;
    };
    let redirects = listed(door.redirects.rules().iter().map(ToString::to_string));
    let documents = listed(door.document_hosts.iter().flat_map(DocumentHosts::iter).map(str::to_owned));
    tracing::info!(
        scopes = door.scopes.join(" "),
        redirects,
        documents,
        session_days = door.session_max.as_secs_f64() / 86_400.0,
        consent_remembered = door.remembers_consent,
        clients_denied = door.denied_clients.len(),
        "clients sign in here"
    );
}

/// An empty list is written as in the settings, since nothing at all looks like a slip of the log.
fn listed(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() { "none".to_owned() } else { entries.join(" ") }
}

async fn listen(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let router = stack::router(settings)?;
    let listener = tokio::net::TcpListener::bind(settings.address).await?;
    tracing::info!(address = %listener.local_addr()?, resource = %format!("{}/mcp", settings.public_base_url), "serving");
    tokio::spawn(meter::upkeep());
    Ok(serve::serve(listener, router, serve::stop_signal()).await?)
}

#[cfg(feature = "demo")]
async fn demo(once: bool) -> ExitCode {
    use message_center::demo::{Until, run};
    match run(if once { Until::Table } else { Until::Interrupted }).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error, 1),
    }
}

async fn call(tool: &str, arguments: &str, url: &str) -> ExitCode {
    match called(tool, arguments, url).await {
        Ok(result) => {
            show(&result);
            if result["isError"] == json!(true) { ExitCode::from(1) } else { ExitCode::SUCCESS }
        }
        Err(error) => fail(&*error, 1),
    }
}

async fn called(tool: &str, arguments: &str, url: &str) -> Result<Value, Box<dyn Error>> {
    let arguments: Value = serde_json::from_str(arguments)?;
    let token = match Process.get("MCP_TOKEN").filter(|token| !token.trim().is_empty()) {
        Some(token) => token,
        None => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text)?;
            text
        }
    };
    Ok(Client::new(url, SecretString::from(token.trim()))?.call(tool, &arguments).await?)
}

fn show(result: &Value) {
    let content = result.get("structuredContent").unwrap_or(result);
    // A reader that has seen enough closes the pipe, as `head` does.
    let _ = writeln!(io::stdout(), "{content:#}");
}

fn fail(error: &dyn Error, code: u8) -> ExitCode {
    program::fail("message-center", error, code).into()
}
