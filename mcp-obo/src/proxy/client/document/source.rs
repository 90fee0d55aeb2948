//! Reads documents from the open internet and from nowhere else.
//!
//! The name is looked up once, each address of the answer is judged, and the connection goes to one of exactly these: there is no
//! second look-up that could say something else (DNS rebinding). TLS is asked for the name, as ever. No proxy is used, whatever
//! the environment says, because a proxy would look up the name by itself and reach what this server must not.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::BytesMut;
use http::{HeaderValue, StatusCode, header::ACCEPT};
use mcp_auth_layer::{config::ConfigError, fetch::Egress};
use reqwest::{
    Certificate, Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use super::{Address, DocumentFault, DocumentSource, Fetched, MAX_BODY, MAX_WAIT, public_address::is_public};
use crate::boxed::BoxFuture;

type BoxError = Box<dyn Error + Send + Sync>;

/// The ready-made source.
#[derive(Debug)]
pub(in crate::proxy) struct PublicSource(Client);

/// Says where a name leads.
pub(super) trait Lookup: Send + Sync + 'static {
    fn addresses(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>>;
}

/// The operating system's resolver.
struct SystemNames;

/// Looks names up, and judges what they lead to.
struct Guarded<L> {
    lookup: Arc<L>,
    is_allowed: fn(IpAddr) -> bool,
}

/// A name leads to an address that is not public.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
struct NotPublic;

impl PublicSource {
    /// Makes the source; of the way out only the CAs count.
    pub(in crate::proxy) fn new(egress: &Egress) -> Result<Self, ConfigError> {
        Self::with(&egress.trusted_roots()?, SystemNames, is_public)
    }

    pub(super) fn with(roots: &str, lookup: impl Lookup, is_allowed: fn(IpAddr) -> bool) -> Result<Self, ConfigError> {
        let unbuildable = |error: reqwest::Error| ConfigError::HttpClient { source: error.into() };
        let roots = Certificate::from_pem_bundle(roots.as_bytes()).map_err(unbuildable)?;
        let client = Client::builder()
            .tls_certs_only(roots)
            .https_only(true)
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(Guarded { lookup: Arc::new(lookup), is_allowed })
            // The next connection is judged anew.
            .pool_max_idle_per_host(0)
            .timeout(MAX_WAIT)
            // Nothing is inflated, so nothing can be a bomb.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .user_agent(concat!("mcp-obo/", env!("CARGO_PKG_VERSION")));
        Ok(Self(client.build().map_err(unbuildable)?))
    }

    async fn read(&self, address: &Address) -> Result<Fetched, DocumentFault> {
        let request = self.0.get(address.as_str()).header(ACCEPT, HeaderValue::from_static("application/json"));
        let mut answer = request.send().await.map_err(|error| fault(&error))?;
        // A redirect is not followed, and other successes say nothing of this document.
        if answer.status() != StatusCode::OK {
            return Err(DocumentFault::Status(answer.status().as_u16()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| fault(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(DocumentFault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched { body: body.freeze(), headers: std::mem::take(answer.headers_mut()) })
    }
}

impl DocumentSource for PublicSource {
    fn fetch<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Fetched, DocumentFault>> {
        Box::pin(self.read(address))
    }
}

impl Lookup for SystemNames {
    fn addresses(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        // The client takes the scheme's port for zero.
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

impl<L: Lookup> Resolve for Guarded<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, is_allowed) = (Arc::clone(&self.lookup), self.is_allowed);
        Box::pin(async move {
            let addresses = lookup.addresses(name.as_str().to_owned()).await?;
            // One address that is not public makes the others suspicious, too.
            if addresses.iter().all(|address| is_allowed(address.ip())) {
                Ok(Box::new(addresses.into_iter()) as Addrs)
            } else {
                Err(BoxError::from(NotPublic))
            }
        })
    }
}

fn fault(error: &reqwest::Error) -> DocumentFault {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    if causes.any(|cause| cause.is::<NotPublic>()) { DocumentFault::NotPublic } else { DocumentFault::Unreachable }
}

impl<L> fmt::Debug for Guarded<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

#[cfg(test)]
mod tests;
