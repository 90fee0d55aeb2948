//! Asks a server again and again, and prints what came of it as one line of JSON.

use std::{error::Error, fs, path::PathBuf, time::Duration};

use benches::load::{End, Load, Order};
use bytes::Bytes;
use clap::Parser;
use http::{HeaderName, HeaderValue, Uri, header};

/// A load generator of one thread, for HTTP/1.1 without TLS.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Arguments {
    /// Whom to ask.
    #[arg(long)]
    url: Uri,
    /// What to post; without it, requests are GET.
    #[arg(long)]
    body: Option<PathBuf>,
    /// Bearer tokens, one a line, used in turn.
    #[arg(long)]
    tokens: Option<PathBuf>,
    /// Uses the first token most, by Zipf's law; 0.99 unless told.
    #[arg(long, num_args = 0..=1, default_missing_value = "0.99")]
    zipf: Option<f64>,
    /// Connections that ask at the same time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How long to ask and count.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How long to ask before that, without counting.
    #[arg(long, default_value_t = 0.0)]
    warm: f64,
    /// Stops after so many requests instead, such as one with each token.
    #[arg(long, conflicts_with_all = ["seconds", "warm"])]
    requests: Option<u64>,
    /// Requests a second by a fixed schedule, from which time counts; without it, as fast as answers come.
    #[arg(long)]
    rate: Option<f64>,
    /// A header, as `name: value`; may be repeated.
    #[arg(long = "header")]
    headers: Vec<String>,
    /// What the first answer of each connection must contain; all others must be as long.
    #[arg(long)]
    expect: Option<String>,
    /// A process whose processor time and memory to tell; may be repeated.
    #[arg(long = "pid")]
    pids: Vec<u32>,
}

#[allow(clippy::print_stdout, reason = "the line of JSON is what this program prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let outcome = load(Arguments::parse())?.run()?;
    println!("{}", outcome.to_json());
    Ok(())
}

fn load(arguments: Arguments) -> Result<Load, Box<dyn Error>> {
    let mut load = Load::of(arguments.url);
    if let Some(path) = arguments.body {
        load.body = Some(Bytes::from(fs::read(path)?));
        load.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        load.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    }
    for line in &arguments.headers {
        let (name, value) = line.split_once(':').ok_or("--header wants `name: value`")?;
        load.headers.insert(name.trim().parse::<HeaderName>()?, HeaderValue::from_str(value.trim())?);
    }
    if let Some(path) = arguments.tokens {
        let text = fs::read_to_string(path)?;
        let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty());
        load.tokens = tokens.map(|token| HeaderValue::try_from(format!("Bearer {token}"))).collect::<Result<_, _>>()?;
        if load.tokens.is_empty() {
            return Err("there is no token in the file".into());
        }
    }
    load.order = arguments.zipf.map_or(Order::InTurn, Order::Zipf);
    load.connections = arguments.connections;
    load.warm = Duration::try_from_secs_f64(arguments.warm)?;
    load.end = match arguments.requests {
        Some(requests) => End::Requests(requests),
        None => End::After(load.warm + Duration::try_from_secs_f64(arguments.seconds)?),
    };
    load.rate = arguments.rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    load.expect = arguments.expect;
    load.pids = arguments.pids;
    Ok(load)
}
