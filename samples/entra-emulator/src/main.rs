//! Runs the emulator until Ctrl-C.

use std::{io, path::PathBuf};

use clap::Parser;
use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Config, Emulator, TENANT_ID, USERS};

/// A local Entra tenant and Microsoft Graph, on loopback.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port for http; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    http: u16,
    /// Port for https; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    https: u16,
    /// Where to write the certificate of the emulator's own authority.
    #[arg(long)]
    ca_out: Option<PathBuf>,
    /// Issue v1 tokens, as a registration does whose requestedAccessTokenVersion was never set.
    #[arg(long)]
    v1_tokens: bool,
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "telling where it listens is what this program prints")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::default().with_ports(arguments.http, arguments.https);
    let config = if arguments.v1_tokens { config.with_default_token_version() } else { config };
    let emulator = Emulator::start(config).await?;
    if let Some(path) = &arguments.ca_out {
        std::fs::write(path, emulator.ca_pem())?;
    }
    println!("http           {}", emulator.http_url());
    println!("https          {}", emulator.https_url());
    println!("tenant         {TENANT_ID}");
    println!("api app        {API_CLIENT_ID}  secret {API_CLIENT_SECRET}");
    println!("client app     {CLIENT_ID}  (public, PKCE)");
    println!("users          {}", USERS.iter().map(|user| user.name).collect::<Vec<_>>().join(" "));
    println!("ready");
    tokio::signal::ctrl_c().await
}
