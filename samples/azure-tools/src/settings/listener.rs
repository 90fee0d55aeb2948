//! Where the server listens, and by what URL clients know it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
};

use server_kit::settings::{
    Reader,
    url::{base_url, origins},
};
use url::{Host, Url};

/// Addresses, inside and outside.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    /// Scheme and authority, without a trailing slash.
    pub(super) public_base_url: String,
    pub(super) allowed_origins: Vec<String>,
}

const URLS: &str = "ASPNETCORE_URLS";
const ORIGINS: &str = "MCP_ALLOWED_ORIGINS";
const BASE_URL: &str = "PUBLIC_BASE_URL";
const DEFAULT_PORT: NonZeroU16 = NonZeroU16::new(5001).expect("5001 is not zero");

pub(super) fn read(reader: &mut Reader<'_>) -> Listener {
    let address = match reader.get(URLS) {
        Some(text) => {
            let parsed = of_urls(&text);
            reader.keep(URLS, parsed).unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT.get())))
        }
        None => of_parts(reader),
    };
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

fn of_parts(reader: &mut Reader<'_>) -> SocketAddr {
    // Port 0 would be chosen by the system, and then nobody knows by what URL clients come.
    let port = reader.number("PORT", DEFAULT_PORT).get();
    let ip = match reader.get("BIND_ADDR") {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(text) => {
            let parsed = text.parse().map_err(|_| format!("{text:?} is not an IP address"));
            reader.keep("BIND_ADDR", parsed).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
    };
    SocketAddr::new(ip, port)
}

/// Reads one address as ASP.NET writes it: `http://127.0.0.1:5001`, `http://localhost:8080`, `http://+:8080`, `http://*:8080`.
fn of_urls(text: &str) -> Result<SocketAddr, String> {
    let wrong = |why: &str| Err(format!("{text:?}: {why}"));
    if text.contains(';') {
        return wrong("several addresses; write one");
    }
    let Some(rest) = text.strip_prefix("http://") else {
        return wrong("this server speaks plain HTTP behind whatever ends TLS; write http://ADDRESS:PORT");
    };
    let any = rest.strip_prefix('+').or_else(|| rest.strip_prefix('*')).filter(|rest| rest.starts_with(':'));
    let plain = any.map_or_else(|| text.to_owned(), |port| format!("http://0.0.0.0{port}"));
    let url = Url::parse(&plain).map_err(|_| format!("{text:?} is not an address"))?;
    let Some(port) = url.port_or_known_default().filter(|port| *port != 0) else { return wrong("it has no port") };
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
        Some(Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => return wrong("write an IP address, localhost, + or *"),
    };
    Ok(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_dotnet_writes_it() {
        for (text, expected) in [
            ("http://127.0.0.1:5001", Some("127.0.0.1:5001")),
            ("http://localhost:5001", Some("127.0.0.1:5001")),
            ("http://+:8080", Some("0.0.0.0:8080")),
            ("http://*:8080", Some("0.0.0.0:8080")),
            ("http://[::1]:8080", Some("[::1]:8080")),
            ("http://0.0.0.0:80", Some("0.0.0.0:80")),
            ("http://127.0.0.1:0", None),
            ("https://+:8443", None),
            ("http://a:1;http://b:2", None),
            ("http://example.com:80", None),
            ("8080", None),
        ] {
            assert_eq!(of_urls(text).ok().map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }
}
