//! Where the server is, read from a URL.

use std::{fmt, sync::Arc, time::Duration};

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cluster::{ClusterClient, ClusterConfig},
};
use url::Url;

use super::{
    link::{Connection, Open},
    tls::{self, Roots},
};

/// A server that does not take the connection by then is as good as down; a distant one with TLS needs 300 ms.
const CONNECT: Duration = Duration::from_secs(1);

/// A little less than the shared cache waits, so that the connection learns that it hangs, and is replaced.
const ANSWER: Duration = Duration::from_millis(200);

/// A Redis URL that cannot be used; quotes nothing of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisConfigError {
    /// It is not a URL.
    #[error("the Redis URL cannot be parsed")]
    Malformed,
    /// Its scheme is not one of Redis or Valkey.
    #[error("the Redis URL does not begin with redis://, rediss://, redis+cluster:// or rediss+cluster://")]
    Scheme,
    /// It names no host, or one that is none.
    #[error("the Redis URL names no host")]
    Host,
    /// It has a fragment; `#insecure` would accept any certificate.
    #[error("the Redis URL has a fragment, which could only weaken its TLS")]
    Fragment,
    /// It has a query other than `node=host:port` of a cluster.
    #[error("the Redis URL has options, of which only node=host:port of a cluster is known")]
    Options,
    /// Its path is not the number of a database, or a cluster's is not 0.
    #[error("the Redis URL names a database that is no number, or not 0 in a cluster")]
    Database,
    /// CA certificates are given for a connection without TLS.
    #[error("CA certificates are of no use to a Redis URL without TLS")]
    RootsWithoutTls,
    /// The CA certificates cannot be read, or there are none.
    #[error("the CA certificates for Redis cannot be read, or there are none")]
    Roots,
    /// The client library refuses the URL for another reason.
    #[error("the Redis client refuses the URL")]
    Client,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Topology {
    Single,
    Cluster,
}

/// A server, or some nodes of a cluster.
#[derive(Clone)]
pub(super) struct Address {
    topology: Topology,
    nodes: Vec<ConnectionInfo>,
    roots: Option<Roots>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, RedisConfigError> {
        let mut url = Url::parse(text.trim()).map_err(|_| RedisConfigError::Malformed)?;
        let (topology, scheme) = match url.scheme() {
            "redis" | "valkey" => (Topology::Single, "redis"),
            "rediss" | "valkeys" => (Topology::Single, "rediss"),
            "redis+cluster" | "valkey+cluster" => (Topology::Cluster, "redis"),
            "rediss+cluster" | "valkeys+cluster" => (Topology::Cluster, "rediss"),
            _ => return Err(RedisConfigError::Scheme),
        };
        url.set_scheme(scheme).map_err(|()| RedisConfigError::Scheme)?;
        check(&url, topology)?;
        let others = others(&url, topology)?;
        url.set_query(None);
        let nodes = std::iter::once(url).chain(others).map(node).collect::<Result<_, _>>()?;
        let roots = (scheme == "rediss").then(Roots::default);
        Ok(Self { topology, nodes, roots })
    }

    pub(super) fn with_roots(self, pem: &[u8]) -> Result<Self, RedisConfigError> {
        if !self.is_encrypted() {
            return Err(RedisConfigError::RootsWithoutTls);
        }
        Ok(Self { roots: Some(Roots::parse(pem)?), ..self })
    }

    pub(super) const fn is_encrypted(&self) -> bool {
        self.roots.is_some()
    }

    /// Prepares all that connecting needs, and connects to nothing.
    pub(super) fn opener(&self) -> Result<Open, RedisConfigError> {
        let certificates = self.roots.as_ref().and_then(Roots::certificates);
        if self.roots.is_some() {
            tls::provide();
        }
        match self.topology {
            Topology::Single => single(self.nodes.first().ok_or(RedisConfigError::Host)?, certificates),
            Topology::Cluster => cluster(&self.nodes, certificates),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Their own Debug would show the user's name.
        f.debug_list().entries(self.nodes.iter().map(|node| node.addr().to_string())).finish()
    }
}

fn check(url: &Url, topology: Topology) -> Result<(), RedisConfigError> {
    if url.fragment().is_some() {
        return Err(RedisConfigError::Fragment);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(RedisConfigError::Host);
    }
    match (topology, url.path().trim_matches('/')) {
        (_, "" | "0") => Ok(()),
        (Topology::Single, number) if number.parse::<u16>().is_ok() => Ok(()),
        _ => Err(RedisConfigError::Database),
    }
}

/// The further nodes of a cluster, with the first one's user and password.
fn others(url: &Url, topology: Topology) -> Result<Vec<Url>, RedisConfigError> {
    let nodes = url.query_pairs().map(|(name, node)| {
        if topology == Topology::Single || name != "node" {
            return Err(RedisConfigError::Options);
        }
        // Read as an authority of its own, so that nothing but host and port can be in it.
        let authority = Url::parse(&format!("{}://{node}", url.scheme())).map_err(|_| RedisConfigError::Host)?;
        let is_bare = authority.username().is_empty()
            && authority.password().is_none()
            && matches!(authority.path(), "" | "/")
            && authority.query().is_none()
            && authority.fragment().is_none();
        let host = authority.host_str().filter(|host| is_bare && !host.is_empty()).ok_or(RedisConfigError::Host)?;
        let mut other = url.clone();
        other.set_query(None);
        other.set_host(Some(host)).map_err(|_| RedisConfigError::Host)?;
        other.set_port(authority.port()).map_err(|()| RedisConfigError::Host)?;
        Ok(other)
    });
    nodes.collect()
}

fn node(url: Url) -> Result<ConnectionInfo, RedisConfigError> {
    let info = url.into_connection_info().map_err(|_| RedisConfigError::Client)?;
    match info.addr() {
        ConnectionAddr::Tcp(..) | ConnectionAddr::TcpTls { insecure: false, .. } => Ok(info),
        _ => Err(RedisConfigError::Client),
    }
}

fn single(node: &ConnectionInfo, certificates: Option<TlsCertificates>) -> Result<Open, RedisConfigError> {
    let client = match certificates {
        Some(certificates) => Client::build_with_tls(node.clone(), certificates),
        None => Client::open(node.clone()),
    };
    let client = client.map_err(|_| RedisConfigError::Client)?;
    // Without retries: who asks now would only wait for them, and the next one tries again anyway.
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER));
    Ok(Arc::new(move || {
        ConnectionManager::new_lazy_with_config(client.clone(), config.clone()).map(Connection::Single)
    }))
}

fn cluster(nodes: &[ConnectionInfo], certificates: Option<TlsCertificates>) -> Result<Open, RedisConfigError> {
    let mut builder = ClusterClient::builder(nodes.iter().cloned())
        // One for a slot that has moved, one for a node that has gone.
        .retries(2)
        .connection_timeout(CONNECT)
        .response_timeout(ANSWER);
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates);
    }
    let client = builder.build().map_err(|_| RedisConfigError::Client)?;
    Ok(Arc::new(move || Ok(Connection::Cluster(client.get_pending_async_connection_with_config(ClusterConfig::new())))))
}

#[cfg(test)]
mod tests;
