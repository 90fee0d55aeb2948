//! TCP.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::{net::TcpStream, time};

use super::{
    PATIENCE,
    fault::{ConnectFault, NameFault},
    resolve::Resolver,
};

/// Returns the addresses of a host, which may be one itself.
pub(super) async fn addresses(resolver: &dyn Resolver, host: &str) -> Result<Vec<IpAddr>, NameFault> {
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) => resolver.addresses(host).await,
    }
}

/// Connects to the first address that answers.
pub(super) async fn tcp(addresses: &[IpAddr], port: u16) -> Result<TcpStream, ConnectFault> {
    let all: Vec<_> = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
    let done = time::timeout(PATIENCE, TcpStream::connect(&all[..])).await.map_err(|_| ConnectFault::Late)?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => ConnectFault::Late,
        io::ErrorKind::ConnectionRefused => ConnectFault::Refused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => {
            ConnectFault::Unreachable
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ConnectFault::Reset,
        other => ConnectFault::Other(other),
    })
}
