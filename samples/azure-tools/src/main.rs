//! The program around the server.

use std::{
    error::Error,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use azure_tools::{
    arguments::{Arguments, Command, Doctor, Server, Start, Transport},
    doctor::patient_in,
    known_limits,
    settings::{Incoming, Settings},
    setup::{self, Plan},
    stack,
};
use clap::Parser as _;
use server_kit::{
    calls::Calls,
    doctor::Form,
    logging::Level,
    meter,
    program::{self, Allocator, CONFIGURATION},
    serve,
    settings::{Layered, Process},
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// The Azure CLI; on Windows it is a script, which is found by its whole name alone.
const AZ: &str = if cfg!(windows) { "az.cmd" } else { "az" };

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        // Not by the end of `main`: that would wait for a resolver that hangs, and for standard input.
        Command::Server(Server::Start(start)) => std::process::exit(run(&start).await.into()),
        Command::Doctor(options) => examine(&options).await,
        Command::Setup(options) => set_up(&options).await,
        Command::KnownLimits => {
            // A reader that has seen enough closes the pipe, as `head` does.
            let _ = io::stdout().write_all(known_limits::page().as_bytes());
            ExitCode::SUCCESS
        }
        _ => ExitCode::from(CONFIGURATION),
    }
}

async fn examine(options: &Doctor) -> ! {
    let patient = patient_in(Path::new("."), &options.start, &options.host);
    let code = Form::from(options.form).print(&server_kit::doctor::examine(patient).await);
    // Not by the end of `main`: that would wait for a resolver that hangs.
    std::process::exit(code.into())
}

async fn set_up(options: &setup::Options) -> ExitCode {
    let wanted = match options.read() {
        Ok(wanted) => wanted,
        Err(mistakes) => return fail(&mistakes, CONFIGURATION).into(),
    };
    let plan = Plan::of(&wanted);
    if !options.apply {
        let _ = io::stdout().write_all(plan.script(&options.tenant).as_bytes());
        return ExitCode::SUCCESS;
    }
    let tell = |text: &str| drop(writeln!(io::stderr(), "{text}"));
    match setup::apply(&plan, Path::new(AZ), tell).await {
        Ok(settings) => {
            let _ = io::stdout().write_all(settings.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error, 1).into(),
    }
}

async fn run(start: &Start) -> u8 {
    let vars = match Layered::over_env_local(Process, Path::new(".")) {
        Ok(vars) => vars,
        Err(text) => return fail(&*Box::<dyn Error>::from(text), CONFIGURATION),
    };
    let level = if start.debug { Level::DEBUG } else { Level::INFO };
    let settings = match program::begin(&vars, level, |vars| Settings::read(start, vars)) {
        Ok(settings) => settings,
        Err(mistakes) => return fail(&mistakes, CONFIGURATION),
    };
    announce(&settings, vars.file());
    let served = match &settings.incoming {
        Some(incoming) if settings.transport == Transport::Http => listen(&settings, incoming).await,
        _ => stack::serve_stdio(&settings, serve::stop_signal()).await,
    };
    match served {
        Ok(()) => 0,
        Err(error) => fail(&*error, 1),
    }
}

/// Says at start what an operator must know, once.
fn announce(settings: &Settings, file: Option<&Path>) {
    program::announce(file, &settings.warnings);
    let app = settings.incoming.as_ref().and_then(|incoming| incoming.app.as_ref());
    tracing::info!(
        environment = ?settings.environment,
        cloud = ?settings.cloud,
        tenant = app.map(|app| app.authority().segment()),
        client_id = app.map(|app| app.client_id()),
        acting_as = settings.acting.strategy.as_str(),
        hosting = settings.acting.hosting.as_ref().map(|identity| identity.description()),
        tools = settings.offer.tools().count(),
        "configured"
    );
}

async fn listen(settings: &Settings, incoming: &Incoming) -> Result<(), Box<dyn Error>> {
    let calls = Calls::default();
    let router = stack::router(settings, incoming, &calls)?;
    let listener = tokio::net::TcpListener::bind(incoming.address).await?;
    tracing::info!(address = %listener.local_addr()?, resource = incoming.public_base_url, "serving");
    tokio::spawn(meter::upkeep());
    let served = serve::serve(listener, router, serve::stop_signal()).await;
    calls.ended().await;
    Ok(served?)
}

fn fail(error: &dyn Error, code: u8) -> u8 {
    program::fail("azure-tools", error, code)
}
