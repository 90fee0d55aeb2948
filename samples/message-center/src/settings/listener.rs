//! Where the server listens, and by what URL clients know it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
};

use server_kit::settings::{
    Reader,
    url::{base_url, origins},
};

/// Addresses, inside and outside.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    /// Scheme and authority, without a trailing slash.
    pub(super) public_base_url: String,
    pub(super) allowed_origins: Vec<String>,
}

const ORIGINS: &str = "MCP_ALLOWED_ORIGINS";

const DEFAULT_PORT: NonZeroU16 = NonZeroU16::new(8080).expect("8080 is not zero");

pub(super) fn read(reader: &mut Reader<'_>) -> Listener {
    // Port 0 would be chosen by the system, and then nobody knows by what URL clients come.
    let port = reader.number("PORT", DEFAULT_PORT).get();
    let ip = match reader.get("BIND_ADDR") {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(text) => {
            let parsed = text.parse().map_err(|_| format!("{text:?} is not an IP address"));
            reader.keep("BIND_ADDR", parsed).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
    };
    let address = SocketAddr::new(ip, port);
    let public_base_url = match reader.get("PUBLIC_BASE_URL") {
        Some(text) => {
            let parsed = base_url(&text);
            reader.keep("PUBLIC_BASE_URL", parsed).unwrap_or_default()
        }
        None => {
            if !ip.is_loopback() {
                // The Host header is the caller's to choose; challenges and metadata must not repeat it.
                reader
                    .mistake("PUBLIC_BASE_URL: needed when BIND_ADDR is not loopback; write the URL that clients use");
            }
            format!("http://{address}")
        }
    };
    let allowed_origins = reader.get(ORIGINS).map(|text| origins(reader, ORIGINS, &text)).unwrap_or_default();
    Listener { address, public_base_url, allowed_origins }
}
