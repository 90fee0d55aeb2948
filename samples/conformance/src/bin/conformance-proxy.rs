//! Puts a token on every request on its way to a server on loopback.

use std::{error::Error, net::Ipv4Addr};

use bytes::Bytes;
use clap::Parser;
use conformance::proxy::Proxy;
use http::{HeaderValue, Request};
use mcp_auth_layer::fetch::{FetchLimits, HttpClient};
use tokio::net::TcpListener;

/// A reverse proxy that adds `Authorization`, on loopback.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port of the server.
    #[arg(long)]
    to: u16,
    /// Where a token is to be had, as plain text.
    #[arg(long)]
    tokens: String,
    /// Port; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "telling where it listens is what this program prints")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let client = HttpClient::reqwest(FetchLimits::default())?;
    let answer = client.send(Request::get(&arguments.tokens).body(Bytes::new())?).await?;
    if !answer.status().is_success() {
        return Err(format!("no token: {}", answer.status()).into());
    }
    let mut value = HeaderValue::try_from(format!("Bearer {}", str::from_utf8(answer.body())?))?;
    value.set_sensitive(true);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    println!("url     http://{}/mcp", listener.local_addr()?);
    println!("ready");
    Proxy::new(arguments.to, value).serve(listener).await?;
    Ok(())
}
