//! The one host under which browsers may begin a sign-in.
//!
//! Cookies belong to a host. A sign-in that begins at `127.0.0.1` and comes back from Entra to `localhost` finds none of its own.

use http::{header::HOST, request::Parts, uri::Authority};
use mcp_auth_layer::fetch::is_loopback;
use url::Url;

use super::issuer::{Issuer, Transport};

/// Returns where a request should have gone: the same path and query at the issuer's own origin.
///
/// Only from one spelling of loopback to another on the same port, for developers who type `127.0.0.1` where `localhost` is
/// configured. A server behind a reverse proxy may see any name at all in `Host`, the proxy's own or an internal one, and a
/// redirect from there would lead to the same place for ever. The target is this server's own in every case.
pub(super) fn elsewhere(issuer: &Issuer, request: &Parts) -> Option<Url> {
    let Transport::Loopback(own_port) = issuer.transport() else { return None };
    let asked = authority(request)?;
    let mut target = Url::parse(issuer.as_str()).ok()?;
    let is_own = target.host_str().is_some_and(|own| own.eq_ignore_ascii_case(asked.host()));
    let port = asked.port_u16().unwrap_or(80);
    if is_own || port != own_port || !is_loopback(asked.host()) {
        return None;
    }
    target.set_path(request.uri.path());
    target.set_query(request.uri.query());
    Some(target)
}

/// Returns the host that was asked for: `:authority`, or the one `Host` (RFC 9110 section 7.2).
fn authority(request: &Parts) -> Option<Authority> {
    if let Some(authority) = request.uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    Authority::try_from(host.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    fn redirected(issuer: &str, uri: &str, hosts: &[&'static str]) -> Option<String> {
        let issuer = Issuer::new(issuer, "/mcp").unwrap();
        let mut parts = Request::get(uri).body(()).unwrap().into_parts().0;
        parts.headers.extend(hosts.iter().map(|host| (HOST, HeaderValue::from_static(host))));
        elsewhere(&issuer, &parts).map(Into::into)
    }

    const LOCAL: &str = "http://localhost:8080";

    #[test]
    fn another_spelling_of_loopback_leads_to_the_issuers() {
        let path = "/authorize?a=b%20c&state=x%2Fy";
        for (name, issuer, hosts) in [
            ("an address for a name", LOCAL, &["127.0.0.1:8080"][..]),
            ("another address", LOCAL, &["127.1.2.3:8080"]),
            ("IPv6", LOCAL, &["[::1]:8080"]),
            ("a name for an address", "http://127.0.0.1:8080", &["localhost:8080"]),
            ("IPv6 for IPv4", "http://127.0.0.1:8080", &["[::1]:8080"]),
            ("the usual port", "http://localhost", &["127.0.0.1"]),
        ] {
            assert_eq!(redirected(issuer, path, hosts), Some(format!("{issuer}{path}")), "{name}");
        }
        let whole = format!("http://127.0.0.1:8080{path}");
        assert_eq!(redirected(LOCAL, &whole, &["localhost:8080"]), Some(format!("{LOCAL}{path}")), "HTTP/2's name");
        assert_eq!(
            redirected(LOCAL, "/authorize", &["127.0.0.1:8080"]),
            Some(format!("{LOCAL}/authorize")),
            "no query"
        );
    }

    #[test]
    fn every_other_host_is_left_alone() {
        for (name, issuer, hosts) in [
            ("the issuer's", LOCAL, &["localhost:8080"][..]),
            ("in upper case", LOCAL, &["LOCALHOST:8080"]),
            ("none", LOCAL, &[]),
            ("two", LOCAL, &["127.0.0.1:8080", "127.0.0.1:8080"]),
            ("empty", LOCAL, &[""]),
            ("nonsense", LOCAL, &["a b"]),
            ("another port, as behind a proxy", LOCAL, &["127.0.0.1:3000"]),
            ("no port", LOCAL, &["127.0.0.1"]),
            ("another name", LOCAL, &["evil.example:8080"]),
            ("a name that begins so", LOCAL, &["127.0.0.1.evil.example:8080"]),
            ("a user", LOCAL, &["127.0.0.1:8080@evil.example:8080"]),
            ("an internal name behind a proxy", "https://mcp.contoso.com", &["localhost:8080"]),
            ("a pod's address", "https://mcp.contoso.com", &["10.0.0.7:8080"]),
            ("loopback behind a proxy", "https://mcp.contoso.com", &["127.0.0.1"]),
            ("https on loopback", "https://localhost", &["127.0.0.1"]),
        ] {
            assert_eq!(redirected(issuer, "/authorize", hosts), None, "{name}");
        }
    }

    #[test]
    fn the_target_is_the_issuers_whatever_the_request_says() {
        for path in ["//evil.example/authorize", "/authorize?@evil.example", "/authorize?next=//evil.example"] {
            let target = redirected(LOCAL, path, &["127.0.0.1:8080"]).unwrap();
            assert_eq!(Url::parse(&target).unwrap().origin().ascii_serialization(), LOCAL, "{path}");
        }
    }
}
