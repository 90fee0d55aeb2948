//! Whether the server can listen where it should, and whether its public name leads anywhere.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time,
};
use url::Url;

use super::super::{
    check::{Check, Finding},
    network::resolve::Resolver,
    patient::Listener,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "listener";

pub(in super::super) async fn check(listener: &Listener, resolver: &dyn Resolver) -> Check {
    let address = listener.address;
    let free = match TcpListener::bind(address).await {
        Ok(bound) => {
            drop(bound);
            "free"
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_a_server_of_ours(address).await => {
            "taken by a server that is well: probably this one, running"
        }
        Err(error) => return unusable(address, &error),
    };
    public_name(listener, free, resolver).await
}

fn unusable(address: SocketAddr, error: &io::Error) -> Check {
    let (cause, cure, own) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            "Another program listens there.",
            "End that program, or choose another PORT (see who it is: ss -ltnp).",
            "EADDRINUSE",
        ),
        io::ErrorKind::AddrNotAvailable => {
            ("This machine has no such address.", "Correct BIND_ADDR; 0.0.0.0 is all of them.", "EADDRNOTAVAIL")
        }
        io::ErrorKind::PermissionDenied => (
            "This user may not listen there; ports below 1024 need a privilege.",
            "Choose a PORT above 1023, and let a proxy in front have the other.",
            "EACCES",
        ),
        _ => ("The system does not let this program listen there.", "Correct BIND_ADDR and PORT.", "listen"),
    };
    Check::fail(
        ID,
        format!("{address}: {error}"),
        Finding::new(cause, cure, Who::Operator, &[own, "PORT", "BIND_ADDR"]),
    )
}

async fn public_name(listener: &Listener, free: &str, resolver: &dyn Resolver) -> Check {
    let (address, url) = (listener.address, &listener.public_base_url);
    let seen = format!("{address} is {free}; clients come to {url}");
    let parsed = Url::parse(url).ok();
    // An address needs nobody who knows it.
    let Some(url::Host::Domain(name)) = parsed.as_ref().and_then(Url::host) else { return Check::ok(ID, seen) };
    match resolver.addresses(name).await {
        Ok(_) => Check::ok(ID, seen),
        Err(_) => {
            let finding = Finding::new(
                "Clients come by a name that this machine's DNS does not know. It may be known where they are.",
                "Check PUBLIC_BASE_URL, and the name's DNS record.",
                Who::Operator,
                &["PUBLIC_BASE_URL", "ENOTFOUND"],
            );
            Check::warn(ID, format!("{seen}, whose name does not resolve here"), finding)
        }
    }
}

/// Asks for `/healthz`, which every server here answers alike.
async fn is_a_server_of_ours(mut address: SocketAddr) -> bool {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let asked = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.take(4_096).read_to_end(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(&answer).trim_end().ends_with("{\"ok\":true}"))
    };
    time::timeout(Duration::from_secs(2), asked).await.ok().flatten().unwrap_or(false)
}
