//! The emulator's side of TLS: authorities of its own, and the certificates that it shows.

mod authority;
mod leaves;

use std::{io, sync::Arc};

use rustls::{ServerConfig, crypto::aws_lc_rs, server::ResolvesServerCert, sign::CertifiedKey};

pub(crate) use self::{
    authority::{Authority, LateAuthority},
    leaves::{Leaves, OfHost},
};

/// The names under which clients reach the loopback listener; the last two for clients whose hosts are hard-wired.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "login.microsoftonline.com", "graph.microsoft.com"];

/// The authority that clients must trust, and what the loopback listener shows.
pub(crate) struct Tls {
    pub(crate) authority: Arc<Authority>,
    pub(crate) config: Arc<ServerConfig>,
}

impl Tls {
    pub(crate) fn generate() -> io::Result<Self> {
        let authority = Arc::new(Authority::generate("entra-emulator, for tests only")?);
        let leaf = authority.certify(&NAMES)?;
        let config = server(Arc::new(Always(Arc::new(leaf))))?;
        Ok(Self { authority, config })
    }
}

/// Makes a server's configuration: HTTP/1.1 over TLS 1.2 or later, without client certificates.
pub(crate) fn server(certificates: Arc<dyn ResolvesServerCert>) -> io::Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// One certificate, whatever name the client asks for: a client that came by address asks for none.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
