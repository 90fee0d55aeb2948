//! Where the server listens, and by what URL clients know it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
};

use mcp_auth_layer::fetch::is_loopback;
use url::Url;

use super::reader::{Reader, list};

/// Addresses, inside and outside.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    /// Scheme and authority, without a trailing slash.
    pub(super) public_base_url: String,
    pub(super) allowed_origins: Vec<String>,
}

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
    let allowed_origins = reader.get("MCP_ALLOWED_ORIGINS").map(|text| origins(reader, &text)).unwrap_or_default();
    Listener { address, public_base_url, allowed_origins }
}

/// Reads a base URL: https, or http on loopback; nothing but scheme, host and port, spelled as clients will compare it.
fn base_url(text: &str) -> Result<String, String> {
    let bare = text.trim_end_matches('/');
    let url = Url::parse(bare).map_err(|_| format!("{text:?} is not a URL"))?;
    let loopback = url.host_str().is_some_and(is_loopback);
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(format!("{text:?} must be https, or http on loopback"));
    }
    let origin = url.origin().ascii_serialization();
    if origin == bare {
        Ok(origin)
    } else {
        Err(format!("{text:?} must be scheme, lower-case host and port alone, as in {origin:?}"))
    }
}

/// Reads browser origins; each must be spelled as browsers send it.
fn origins(reader: &mut Reader<'_>, text: &str) -> Vec<String> {
    let mut origins = Vec::new();
    for entry in list(text) {
        match Url::parse(&entry) {
            Ok(url) if url.origin().is_tuple() && url.origin().ascii_serialization() == entry => origins.push(entry),
            _ => reader
                .mistake(format!("MCP_ALLOWED_ORIGINS: {entry:?} is not an origin such as https://app.example.com")),
        }
    }
    origins
}
