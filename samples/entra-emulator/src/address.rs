//! Where the emulator listens, and which issuers are its own by that.

use std::net::SocketAddr;

use crate::{azure::Site, tenant::TENANT_ID};

/// The ports to listen on; 0 is any free one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) https: u16,
    pub(crate) gateway: u16,
}

/// The listeners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    pub(crate) gateway: SocketAddr,
}

impl Addresses {
    pub(crate) fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://localhost:{}", self.https.port())
    }

    /// The network's proxy; proxies are spoken to without TLS.
    pub(crate) fn gateway_url(&self) -> String {
        format!("http://{}", self.gateway)
    }

    /// Tells whether this is the tenant's v2 issuer, under any address by which a client may have reached it.
    pub(crate) fn is_tenant_issuer(&self, issuer: &str) -> bool {
        let Some(base) = issuer.strip_suffix(&format!("/{TENANT_ID}/v2.0")) else { return false };
        if base.strip_prefix("https://") == Some(Site::LOGIN) {
            return true;
        }
        [("http", self.http.port()), ("https", self.https.port())].iter().any(|(scheme, port)| {
            ["localhost", "127.0.0.1"].iter().any(|host| base == format!("{scheme}://{host}:{port}"))
        })
    }

    /// The cluster's issuer; Entra takes none without TLS, so it is the same however the emulator was reached.
    pub(crate) fn cluster_issuer(&self) -> String {
        format!("{}/cluster", self.https_url())
    }
}
