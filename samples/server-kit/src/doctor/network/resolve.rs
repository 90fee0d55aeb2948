//! From names to addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use mcp_obo::BoxFuture;
use tokio::{net::lookup_host, time};

use super::{PATIENCE, fault::NameFault};

/// Who knows the addresses of names.
pub trait Resolver: fmt::Debug + Send + Sync {
    /// Returns the addresses of a name; at least one.
    ///
    /// # Errors
    /// [`NameFault`].
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, NameFault>>;
}

/// The system's resolver, as every program here asks it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, NameFault>> {
        Box::pin(async move {
            let found = time::timeout(PATIENCE, lookup_host((name, 0))).await.map_err(|_| NameFault::Late)?;
            let mut addresses: Vec<_> = found.map_err(|error| of_system(&error))?.map(|found| found.ip()).collect();
            addresses.dedup();
            if addresses.is_empty() { Err(NameFault::NotFound) } else { Ok(addresses) }
        })
    }
}

/// The system's code does not get through to here; its words do.
fn of_system(error: &std::io::Error) -> NameFault {
    if error.to_string().contains("emporary failure") { NameFault::Again } else { NameFault::NotFound }
}

/// Tells whether an address belongs to a network of somebody's own (RFC 1918, RFC 6598, RFC 4193).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => ip.is_private() || is_shared(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(ip.is_unique_local(), |ip| ip.is_private() || is_shared(ip)),
    }
}

fn is_shared(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 100 && (64..128).contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_those_of_ones_own_networks() {
        for (address, private) in [
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("192.168.0.1", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false),
            ("::ffff:10.0.0.1", true),
            ("fd00::1", true),
            ("20.60.1.2", false),
            ("2603:1030::1", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_has_no_addresses() {
        assert_eq!(SystemResolver.addresses("no-such-host.invalid").await, Err(NameFault::NotFound));
        assert_eq!(SystemResolver.addresses("127.0.0.1").await.unwrap(), [IpAddr::from([127, 0, 0, 1])]);
    }
}
