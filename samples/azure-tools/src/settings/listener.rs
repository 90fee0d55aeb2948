//! Where the server listens: as ASP.NET says it, else as the other server here does.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
};

use server_kit::settings::{
    Reader,
    listener::{self, Listener},
};
use url::{Host, Url};

const URLS: &str = "ASPNETCORE_URLS";
const DEFAULT_PORT: NonZeroU16 = NonZeroU16::new(5001).expect("5001 is not zero");

pub(super) fn read(reader: &mut Reader<'_>) -> Listener {
    let address = match reader.get(URLS) {
        Some(text) => {
            let parsed = of_urls(&text);
            reader.keep(URLS, parsed).unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT.get())))
        }
        None => listener::address(reader, DEFAULT_PORT),
    };
    listener::read(reader, address)
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
