//! Requests, and what becomes of them.

mod address;
mod layer;
mod rule;

use std::net::{IpAddr, SocketAddr};

use axum::{body::Body, extract::ConnectInfo};
use http::{Request, request};

use super::TrustedProxies;

/// A request that comes over a connection from this address.
fn from(peer: &str) -> request::Builder {
    let peer: IpAddr = peer.parse().unwrap();
    Request::builder().extension(ConnectInfo(SocketAddr::new(peer, 50_000)))
}

fn parts(request: request::Builder) -> request::Parts {
    request.body(Body::empty()).unwrap().into_parts().0
}

fn proxies(entries: &[&str]) -> TrustedProxies {
    TrustedProxies::parse(entries.iter().copied()).unwrap()
}
