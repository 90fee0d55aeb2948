//! Serves the fixture on loopback until Ctrl-C, without the layers or behind them.

use std::{error::Error, net::Ipv4Addr};

use clap::{ArgGroup, Parser};
use conformance::stack;
use entra_emulator::{Config, Emulator};
use tokio::net::TcpListener;

/// An MCP server for the conformance suite, on loopback.
#[derive(Debug, Parser)]
#[command(group = ArgGroup::new("stack").required(true))]
struct Arguments {
    /// The server alone.
    #[arg(long, group = "stack")]
    bare: bool,
    /// The server behind the layers; brings a local tenant and says where it is.
    #[arg(long, group = "stack")]
    protected: bool,
    /// Port; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "telling where it listens is what this program prints")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    let address = listener.local_addr()?;
    // Kept until the end, which ends it.
    let tenant = if arguments.protected { Some(Emulator::start(Config::default()).await?) } else { None };
    let router = match &tenant {
        Some(tenant) => stack::protected(address.port(), tenant)?,
        None => stack::bare(address.port())?,
    };
    println!("url     http://{address}/mcp");
    if let Some(tenant) = &tenant {
        println!("tokens  {}/_emulator/token?user=", tenant.http_url());
    }
    println!("ready");
    axum::serve(listener, router).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
