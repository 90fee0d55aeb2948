//! Through an HTTP proxy (RFC 9110 section 9.3.6), with everything that it says when it refuses.

use http::StatusCode;
use mcp_auth_layer::fetch::ProxyHop;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time,
};

use super::{Io, PATIENCE, connect, fault::ProxyFault, handshake::Trust, resolve::Resolver};

/// No proxy says more before it lets one through.
const LONGEST_HEAD: usize = 16 << 10;

/// Opens a tunnel to a host.
pub(super) async fn open(
    hop: &ProxyHop,
    resolver: &dyn Resolver,
    trust: &Trust,
    host: &str,
    port: u16,
) -> Result<Io, ProxyFault> {
    let addresses = connect::addresses(resolver, hop.host()).await.map_err(ProxyFault::Name)?;
    let stream: Io = Box::new(connect::tcp(&addresses, hop.port()).await.map_err(ProxyFault::Connect)?);
    let mut stream: Io = if hop.is_https() {
        Box::new(trust.handshake(stream, hop.host()).await.map_err(ProxyFault::Tls)?.0)
    } else {
        stream
    };
    let head = time::timeout(PATIENCE, ask(&mut stream, hop, host, port)).await.map_err(|_| ProxyFault::Silent)?;
    judge(&head.ok_or(ProxyFault::NotAProxy)?)?;
    Ok(stream)
}

/// Sends the request and reads the head of the answer, to its end.
async fn ask(stream: &mut Io, hop: &ProxyHop, host: &str, port: u16) -> Option<Vec<u8>> {
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(value) = hop.authorization() {
        request.push_str(&format!("Proxy-Authorization: {}\r\n", value.to_str().ok()?));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = Vec::new();
    // One by one: what comes after the head belongs to the host behind.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head)
}

fn judge(head: &[u8]) -> Result<(), ProxyFault> {
    let text = std::str::from_utf8(head).map_err(|_| ProxyFault::NotAProxy)?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let is_http = first.next().is_some_and(|version| version.starts_with("HTTP/1."));
    let status = first.next().and_then(|code| code.parse().ok()).filter(|_| is_http).ok_or(ProxyFault::NotAProxy)?;
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let values = |name: &str| {
        headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    };
    let values: (Vec<&str>, Vec<&str>) = (values("proxy-authenticate"), values("x-squid-error"));
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            let schemes = values.0.iter().filter_map(|value| value.split(' ').next()).map(word).collect();
            Err(ProxyFault::Credentials { schemes })
        }
        status if status.is_success() => Ok(()),
        status => {
            let reason = values.1.first().and_then(|value| value.split(' ').next()).map(word);
            Err(ProxyFault::Denied { status, reason })
        }
    }
}

/// A word that somebody else chose.
fn word(text: &str) -> String {
    text.chars().filter(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-')).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_says_is_read_as_it_is_meant() {
        let denied = |status: u16, reason: Option<&str>| {
            let status = StatusCode::from_u16(status).unwrap();
            Err(ProxyFault::Denied { status, reason: reason.map(str::to_owned) })
        };
        let schemes = |names: &[&str]| {
            Err(ProxyFault::Credentials { schemes: names.iter().map(|name| (*name).to_owned()).collect() })
        };
        for (head, expected) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", Ok(())),
            ("HTTP/1.0 200\r\n\r\n", Ok(())),
            (
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: Basic realm=\"x\"\r\n\r\n",
                schemes(&["Negotiate", "Basic"]),
            ),
            ("HTTP/1.1 407 No\r\n\r\n", schemes(&[])),
            ("HTTP/1.1 502 Bad Gateway\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n", denied(502, Some("ERR_DNS_FAIL"))),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", denied(403, None)),
            ("SSH-2.0-OpenSSH_9\r\n\r\n", Err(ProxyFault::NotAProxy)),
            ("HTTP/1.1 nonsense\r\n\r\n", Err(ProxyFault::NotAProxy)),
        ] {
            assert_eq!(judge(head.as_bytes()), expected, "{head}");
        }
    }
}
