//! TCP.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{net::TcpStream, time};

use super::{
    PATIENCE,
    fault::{ConnectFault, NameFault},
    resolve::Resolver,
};

const HEAD_START: Duration = Duration::from_millis(300);

/// Returns the addresses of a host, which may be one itself.
pub(super) async fn addresses(resolver: &dyn Resolver, host: &str) -> Result<Vec<IpAddr>, NameFault> {
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) => resolver.addresses(host).await,
    }
}

/// Connects to the first address that answers; the next one is tried a moment later, while the others are still asked.
///
/// As the server's own client does (RFC 8305): a network in which one family of addresses is dropped works all the same.
pub(super) async fn tcp(addresses: &[IpAddr], port: u16) -> Result<TcpStream, ConnectFault> {
    let mut attempts: FuturesUnordered<_> = addresses
        .iter()
        .zip(0_u32..)
        .map(|(address, place)| async move {
            time::sleep(HEAD_START * place).await;
            TcpStream::connect(SocketAddr::new(*address, port)).await
        })
        .collect();
    let first = async {
        let mut failed = None;
        while let Some(attempt) = attempts.next().await {
            match attempt {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
    };
    let done = time::timeout(PATIENCE, first).await.map_err(|_| ConnectFault::Late)?;
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

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// A full listener drops what else wants to connect, as a firewall does.
    #[tokio::test]
    async fn an_address_that_is_dropped_does_not_hide_one_that_answers() {
        let good = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let port = good.local_addr().unwrap().port();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new([127, 0, 0, 3].into(), port)).unwrap();
        let full = socket.listen(1).unwrap();
        let address = full.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = time::timeout(Duration::from_millis(60), TcpStream::connect(address)).await {
            waiting.push(stream.unwrap());
        }
        assert!(matches!(tcp(&[address.ip()], port).await, Err(ConnectFault::Late)));
        let stream = tcp(&[address.ip(), [127, 0, 0, 2].into()], port).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good.local_addr().unwrap());
    }
}
