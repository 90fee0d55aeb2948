//! The way to each host, step by step, as the server's own client takes it: name, proxy, TCP, TLS.
//!
//! The client library says that a request failed; this says at which step, and what was seen there.

mod connect;
pub(super) mod fault;
mod handshake;
pub(super) mod resolve;
#[cfg(test)]
mod tests;
mod tunnel;
pub(super) mod zone;

use std::{net::IpAddr, time::Duration};

use mcp_auth_layer::fetch::{Egress, ProxyHop};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UdpSocket,
};

pub(super) use self::handshake::Trust;
use self::{
    fault::{Fault, NameFault, ProxyFault, Shown},
    resolve::{Resolver, is_private},
    zone::Zone,
};
use super::endpoint::Endpoint;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A connection, however it was made.
type Io = Box<dyn Stream>;

/// What a connection can do.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What was found on the way to a host.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    pub(super) endpoint: Endpoint,
    pub(super) addresses: Result<Vec<IpAddr>, NameFault>,
    /// Where the resource's private address would stand, and what stands there.
    pub(super) private: Option<(Zone, Result<Vec<IpAddr>, NameFault>)>,
    /// The proxy that is in the way.
    pub(super) hop: Option<ProxyHop>,
    /// What the host showed; nothing where the address is plain http.
    pub(super) outcome: Result<Option<Shown>, Fault>,
}

impl Probed {
    /// Says what is known when the time is up.
    pub(super) fn out_of_time(endpoint: &Endpoint, egress: &Egress) -> Self {
        Self {
            endpoint: endpoint.clone(),
            addresses: Err(NameFault::Late),
            private: None,
            hop: egress.proxy_for(endpoint.url()).cloned(),
            outcome: Err(Fault::OutOfTime),
        }
    }

    /// Tells whether all addresses are of somebody's own network.
    pub(super) fn is_private(&self) -> bool {
        self.addresses.as_ref().is_ok_and(|all| all.iter().all(|address| is_private(*address)))
    }

    /// Tells whether the resource has a private endpoint that this machine does not see.
    pub(super) fn misses_private_endpoint(&self) -> bool {
        let exists = self.private.as_ref().is_some_and(|(_, found)| found.is_ok());
        exists && self.addresses.is_ok() && !self.is_private()
    }
}

/// Tells a proxy that is none from one that hangs up on some hosts, as filters do: somebody got through.
pub(super) fn compare(all: &mut [Probed]) {
    let is_through = |one: &Probed| one.hop.is_some() && matches!(one.outcome, Ok(_) | Err(Fault::Tls(_)));
    let through: Vec<_> = all.iter().filter(|one| is_through(one)).filter_map(|one| one.hop.clone()).collect();
    for one in all.iter_mut().filter(|one| one.outcome == Err(Fault::Proxy(ProxyFault::NotAProxy))) {
        if one.hop.as_ref().is_some_and(|hop| through.contains(hop)) {
            one.outcome = Err(Fault::Proxy(ProxyFault::HungUp));
        }
    }
}

/// Takes the way to a host.
pub(super) async fn probe(endpoint: &Endpoint, egress: &Egress, trust: &Trust, resolver: &dyn Resolver) -> Probed {
    let host = endpoint.host();
    let zone = zone::of(host);
    let record = async {
        let zone = zone?;
        let found = resolver.addresses(&zone.record).await;
        Some((zone, found))
    };
    let (addresses, private) = tokio::join!(connect::addresses(resolver, host), record);
    let hop = egress.proxy_for(endpoint.url()).cloned();
    let outcome = take(endpoint, &addresses, hop.as_ref(), trust, resolver).await;
    Probed { endpoint: endpoint.clone(), addresses, private, hop, outcome }
}

async fn take(
    endpoint: &Endpoint,
    addresses: &Result<Vec<IpAddr>, NameFault>,
    hop: Option<&ProxyHop>,
    trust: &Trust,
    resolver: &dyn Resolver,
) -> Result<Option<Shown>, Fault> {
    let (host, port) = (endpoint.host(), endpoint.port());
    let stream: Io = match (hop, addresses) {
        (Some(hop), _) => tunnel::open(hop, resolver, trust, host, port).await.map_err(Fault::Proxy)?,
        (None, Ok(addresses)) => Box::new(connect::tcp(addresses, port).await.map_err(Fault::Connect)?),
        (None, Err(fault)) => return Err(Fault::Name(*fault)),
    };
    if endpoint.is_https() { trust.look(stream, host).await.map(Some).map_err(Fault::Tls) } else { Ok(None) }
}

/// Returns the address that this machine sends from; nothing is sent for it.
pub(super) async fn source() -> Option<IpAddr> {
    // The address is of a documentation network (RFC 5737): only the route is looked up.
    let socket = UdpSocket::bind("0.0.0.0:0").await.ok()?;
    socket.connect("192.0.2.1:443").await.ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}
