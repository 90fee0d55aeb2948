//! Ports of this machine for tests and benches: one on which a program can be started, and one that refuses.
//!
//! Both are more than a port that was free a moment ago. The system gives such a port to the next who asks for any, which
//! among tests that run side by side is another test's listener; and a connection to it can come out of that very port
//! and so be answered by itself.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use socket2::{Domain, Socket, Type};

/// Where programs listen: below the ports that Linux, macOS and Windows give out.
const PORTS: Range<u16> = 20_000..32_000;

/// Returns a port on 127.0.0.1 where nobody listens at this moment.
///
/// It is none of those that systems give out by themselves, and none that this process was told before, as long as
/// there are others: whoever starts meanwhile would be given it.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    static TURN: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new((RandomState::new().hash_one(()) as u16).into()));
    let mut ports = PORTS.map(|_| PORTS.start + (TURN.fetch_add(1, Relaxed) % PORTS.len() as u32) as u16);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}

/// A port on 127.0.0.1 that refuses every connection for as long as this value lives.
#[derive(Debug)]
pub struct ClosedPort {
    address: SocketAddr,
    _holds_it: Socket,
}

impl ClosedPort {
    /// Takes a port and never listens on it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port is free");
        let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("it has an address");
        Self { address, _holds_it: socket }
    }

    /// Returns where nobody answers.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Default for ClosedPort {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, io::ErrorKind, net::TcpStream};

    use super::*;

    #[test]
    fn a_port_is_told_once_and_never_given_out_by_the_system() {
        let told: HashSet<_> = (0..500).map(|_| free_port()).collect();
        assert_eq!(told.len(), 500);
        assert!(told.iter().all(|port| PORTS.contains(port)));
    }

    #[test]
    fn a_closed_port_refuses_and_nobody_else_can_have_it() {
        let closed = ClosedPort::new();
        assert_eq!(TcpStream::connect(closed.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(TcpListener::bind(closed.address()).unwrap_err().kind(), ErrorKind::AddrInUse);
        let address = closed.address();
        drop(closed);
        assert!(TcpListener::bind(address).is_ok());
    }
}
