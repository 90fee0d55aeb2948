//! Where a server listens, and by what URL clients know it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
};

use super::{
    Reader,
    url::{base_url, origins},
};

/// Addresses, inside and outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Of this machine.
    pub address: SocketAddr,
    /// Scheme and authority, without a trailing slash.
    pub public_base_url: String,
    /// Browser origins that may call.
    pub allowed_origins: Vec<String>,
}

const ORIGINS: &str = "MCP_ALLOWED_ORIGINS";
const BASE_URL: &str = "PUBLIC_BASE_URL";
const IP: &str = "BIND_ADDR";

/// Reads the address, `BIND_ADDR` and `PORT`; loopback and this port where nothing is said.
pub fn address(reader: &mut Reader<'_>, default_port: NonZeroU16) -> SocketAddr {
    // Port 0 would be chosen by the system, and then nobody knows by what URL clients come.
    let port = reader.number("PORT", default_port).get();
    let ip = match reader.get(IP) {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(text) => {
            let parsed = text.parse().map_err(|_| format!("{text:?} is not an IP address"));
            reader.keep(IP, parsed).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
    };
    SocketAddr::new(ip, port)
}

/// Reads by what URL clients know the server that listens there, and which browser origins may call it.
pub fn read(reader: &mut Reader<'_>, address: SocketAddr) -> Listener {
    let public_base_url = match reader.get(BASE_URL) {
        Some(text) => {
            let parsed = base_url(&text);
            reader.keep(BASE_URL, parsed).unwrap_or_default()
        }
        None => {
            if !address.ip().is_loopback() {
                // The Host header is the caller's to choose; challenges and metadata must not repeat it.
                reader.mistake(format!(
                    "{BASE_URL}: needed when the listener is not loopback; write the URL that clients use"
                ));
            }
            format!("http://{address}")
        }
    };
    let allowed_origins = reader.get(ORIGINS).map(|text| origins(reader, ORIGINS, &text)).unwrap_or_default();
    Listener { address, public_base_url, allowed_origins }
}
