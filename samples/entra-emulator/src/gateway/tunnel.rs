//! An open tunnel: TLS with a certificate for the host, and behind it the host's own requests.

use std::{io, sync::Arc};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Gateway, NetworkFault};
use crate::{
    azure::Site,
    server,
    shared::Connection,
    tls::{self, Authority, LateAuthority, Leaves, OfHost},
};

/// What the hosts behind the tunnels show.
pub(crate) struct Hosts {
    trusted: Arc<Leaves>,
    foreign: LateAuthority,
}

impl Hosts {
    pub(crate) fn new(authority: Arc<Authority>) -> Self {
        Self { trusted: Arc::new(Leaves::new(authority)), foreign: LateAuthority::new("an unknown authority") }
    }
}

/// A tunnel that was granted.
pub(super) struct Tunnel {
    pub(super) host: String,
    pub(super) site: Site,
    pub(super) fault: Option<NetworkFault>,
}

impl Tunnel {
    /// Serves until the client or the host ends it.
    pub(super) async fn serve(self, gateway: &Gateway, upgraded: Upgraded) {
        if self.fault == Some(NetworkFault::Reset) {
            return reset(upgraded);
        }
        let Ok(acceptor) = self.acceptor(gateway) else { return };
        // A handshake that fails is the client's business: it does not trust our CA, mostly.
        if let Ok(stream) = acceptor.accept(TokioIo::new(upgraded)).await {
            let router = server::at(&self.site, gateway.shared.clone());
            server::serve(stream, router, Connection::Tunnel { host: self.host.into(), site: self.site }).await;
        }
    }

    fn acceptor(&self, Gateway { shared, hosts }: &Gateway) -> io::Result<TlsAcceptor> {
        let leaves = match (self.fault, &self.site) {
            (Some(NetworkFault::ForeignAuthority), _) => Arc::new(Leaves::new(hosts.foreign.get())),
            // A ledger is its own authority, which its clients learn from the identity service.
            (_, Site::Ledger(_)) => Arc::new(Leaves::new(shared.state.ledger_authority.get())),
            _ => Arc::clone(&hosts.trusted),
        };
        let config = tls::server(Arc::new(OfHost { leaves, host: self.host.clone() }))?;
        Ok(TlsAcceptor::from(config))
    }
}

/// Ends the connection by RST instead of FIN, as a firewall does.
fn reset(upgraded: Upgraded) {
    if let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() {
        let _ = parts.io.into_inner().set_zero_linger();
    }
}
