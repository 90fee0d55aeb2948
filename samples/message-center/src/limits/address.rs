//! Where a request came from.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::extract::ConnectInfo;
use http::{
    HeaderMap,
    header::{FORWARDED, HeaderName},
    request::Parts,
};
use ipnet::{IpNet, Ipv6Net};

use super::forwarded;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies whose word for where a request came from is taken.
///
/// # Defaults
/// None: the address is that of the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// Why a list of proxies cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// There is no entry.
    #[error("the list is empty")]
    Empty,
    /// An entry is something else.
    #[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
    NotAnAddress(String),
    /// An address stands where a network is meant, and nobody can say which of the two is wrong.
    #[error("{written} has bits beyond its prefix; write {network}, or the address alone")]
    BitsBeyondThePrefix {
        /// What was written.
        written: IpNet,
        /// The network around it.
        network: IpNet,
    },
    /// Whoever trusts everybody lets every caller choose an address.
    #[error("{0} is every address there is")]
    Everybody(IpNet),
}

impl TrustedProxies {
    /// Reads addresses and networks (CIDR).
    ///
    /// # Errors
    /// [`ProxyError`] when there is none, or one that is neither, or everything.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, ProxyError> {
        let networks = entries.into_iter().map(network).collect::<Result<Arc<[_]>, _>>()?;
        if networks.is_empty() { Err(ProxyError::Empty) } else { Ok(Self(networks)) }
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds the address of a request; nothing when the server did not say who is connected.
    pub(super) fn origin(&self, parts: &Parts) -> Option<IpAddr> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(self.behind(peer.ip().to_canonical(), &parts.headers))
    }

    /// Follows the headers of trusted proxies from the connection outwards.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trust(peer) {
            return peer;
        }
        let by_x = self.walk(peer, forwarded::x_forwarded_for(headers.get_all(X_FORWARDED_FOR)));
        let by_standard = self.walk(peer, forwarded::forwarded(headers.get_all(FORWARDED)));
        match (headers.contains_key(X_FORWARDED_FOR), headers.contains_key(FORWARDED)) {
            (true, false) => by_x,
            (false, true) => by_standard,
            // A proxy writes one of them and may let the caller's own pass in the other.
            (true, true) if by_x == by_standard => by_x,
            (true, true) | (false, false) => peer,
        }
    }

    /// Goes from hop to hop until the first that is not trusted, or that is no address.
    fn walk(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut last = peer;
        for hop in hops {
            match hop {
                Some(address) => last = address,
                None => break,
            }
            if !self.trust(last) {
                break;
            }
        }
        last
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(entry: &str) -> Result<IpNet, ProxyError> {
    let written = match entry.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => entry.parse().map_err(|_| ProxyError::NotAnAddress(entry.to_owned()))?,
    };
    let network = written.trunc();
    if network != written {
        Err(ProxyError::BitsBeyondThePrefix { written, network })
    } else if network.prefix_len() == 0 {
        Err(ProxyError::Everybody(network))
    } else {
        Ok(network)
    }
}

/// Returns what counts as one address: who has an IPv6 address has 2^64 of them.
pub(super) fn household(address: IpAddr) -> IpNet {
    match address {
        IpAddr::V4(_) => IpNet::from(address),
        IpAddr::V6(address) => IpNet::from(Ipv6Net::new_assert(address, 64).trunc()),
    }
}
