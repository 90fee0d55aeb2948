//! The ready-made HTTP client against real sockets: what failed is told apart, and nothing is followed, unbounded or hung.
#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "a helper that cannot set up its server fails the test")]

mod authority;
mod bodies;
mod bulkhead;
mod child;
mod faults;
mod peers;
mod pool;
mod proxies;
mod roots;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::fetch::{Egress, FetchError, FetchLimits, HttpClient};

/// Bounds that a test can wait for.
fn limits() -> FetchLimits {
    FetchLimits::default()
        .with_connect_timeout(Duration::from_millis(800))
        .with_timeout(Duration::from_millis(1_500))
        .with_max_body(1_000)
}

fn client() -> HttpClient {
    HttpClient::reqwest(limits()).unwrap()
}

/// A client with these variables, and no others.
fn client_with(variables: &[(&str, &str)], extra_ca: &str) -> HttpClient {
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let egress = Egress::from_variables(lookup).unwrap().add_roots(extra_ca.as_bytes()).unwrap();
    HttpClient::reqwest_through(limits(), &egress).unwrap()
}

async fn get(client: &HttpClient, url: &str) -> Result<Response<Bytes>, FetchError> {
    client.send(Request::get(url).body(Bytes::new()).unwrap()).await
}

/// Everything that an error shows, with its sources.
fn texts(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(|error| format!("{error} | {error:?} | ")).collect()
}
