//! The network between a server under test and Azure: an HTTP CONNECT proxy, behind which Azure's own names answer.
//!
//! A client sets `HTTPS_PROXY` and trusts the emulator's authority, and asks for the real hosts. It is truthful about
//! what a client can see: tunnels (RFC 9110 section 9.3.6) to port 443 only, 407 until the credentials are right, TLS with
//! a certificate for each name, and 502 for every name that the cloud does not have. What it is not: no proxy forwards
//! anything from here, and HTTP/2 is not offered, which some of the real hosts do.

mod credentials;
mod refusal;
mod trouble;
mod tunnel;

use std::{io, sync::Arc};

use http::{HeaderMap, Method, Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

pub use self::trouble::NetworkFault;
pub(crate) use self::{credentials::Credentials, trouble::Network, tunnel::Hosts};
use self::{refusal::Refusal, tunnel::Tunnel};
use crate::{azure::Site, shared::Shared};

/// What every connection of the proxy shares.
pub(crate) struct Gateway {
    pub(crate) shared: Shared,
    pub(crate) hosts: Hosts,
}

/// Serves the proxy until the task is dropped; that ends its tunnels too.
pub(crate) async fn serve(listener: TcpListener, gateway: Arc<Gateway>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        connections.spawn(connection(stream, Arc::clone(&gateway)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection: requests that are refused, then at most one tunnel.
async fn connection(stream: TcpStream, gateway: Arc<Gateway>) {
    let (sender, mut tunnels) = tokio::sync::mpsc::channel(1);
    let answering = Arc::clone(&gateway);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (gateway, sender) = (Arc::clone(&answering), sender.clone());
        async move {
            Ok::<_, io::Error>(match open(&gateway, &request).await {
                Ok(tunnel) => {
                    // The channel holds the one tunnel that a connection can become.
                    let _ = sender.try_send((tunnel, hyper::upgrade::on(&mut request)));
                    Response::default()
                }
                Err(refusal) => refusal.respond(),
            })
        }
    });
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let _ = served.with_upgrades().await;
    let Ok((tunnel, upgrading)) = tunnels.try_recv() else { return };
    if let Ok(upgraded) = upgrading.await {
        tunnel.serve(&gateway, upgraded).await;
    }
}

/// Judges a request of the proxy in the order of a real one: who asks, for what, and whether that can be reached.
async fn open(gateway: &Gateway, request: &Request<Incoming>) -> Result<Tunnel, Refusal> {
    let state = &gateway.shared.state;
    if !state.network.lets_in(request.headers()) {
        state.counting.count(|counters| counters.proxy_challenges += 1);
        return Err(Refusal::Unauthenticated);
    }
    if request.method() != Method::CONNECT {
        state.counting.count(|counters| counters.proxy_plain += 1);
        return Err(Refusal::NotATunnel);
    }
    let target = request.uri().authority().ok_or(Refusal::Malformed)?;
    let host = target.host().to_ascii_lowercase();
    if !is_one_host(request.headers(), target.as_str()) {
        return Err(Refusal::Malformed);
    }
    let opened = reach(gateway, &host, target.port_u16()).await;
    state.counting.count(|counters| {
        let by_name = if opened.is_ok() { &mut counters.connects } else { &mut counters.connects_refused };
        *by_name.entry(host).or_default() += 1;
    });
    opened
}

async fn reach(gateway: &Gateway, host: &str, port: Option<u16>) -> Result<Tunnel, Refusal> {
    if port != Some(443) {
        return Err(Refusal::Port);
    }
    let fault = gateway.shared.state.network.fault(host).await;
    match fault {
        Some(NetworkFault::NameNotFound) => return Err(Refusal::NameNotFound),
        Some(NetworkFault::TimedOut) => return Err(Refusal::TimedOut),
        _ => {}
    }
    let site = Site::of(host).filter(|site| gateway.shared.state.azure.is_there(site)).ok_or(Refusal::NameNotFound)?;
    Ok(Tunnel { host: host.to_owned(), site, fault })
}

/// Tells whether `Host`, where it is sent, names the target too (RFC 9112 section 3.2.3).
fn is_one_host(headers: &HeaderMap, target: &str) -> bool {
    headers.get_all("host").iter().all(|host| host.as_bytes().eq_ignore_ascii_case(target.as_bytes()))
}
