//! The decision, row by row.

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{HOST, ORIGIN},
};
use proptest::prelude::*;

use super::super::allowed::Allowed;
use crate::reject::OriginFault::{self, Host, MalformedHost, NoHost, Origin, SeveralHosts, SeveralOrigins};

/// Judges a request with these headers.
fn judge(allowed: &Allowed, target: &str, hosts: &[&[u8]], origins: &[&[u8]]) -> Result<(), OriginFault> {
    let mut headers = HeaderMap::new();
    for (name, values) in [(HOST, hosts), (ORIGIN, origins)] {
        for value in values {
            headers.append(name.clone(), HeaderValue::from_bytes(value).unwrap());
        }
    }
    allowed.judge(&target.parse::<Uri>().unwrap(), &headers)
}

fn public() -> Allowed {
    let mut allowed = Allowed::own("https://mcp.example.com").unwrap();
    allowed.add_origin("https://app.example.com").unwrap();
    allowed.add_origin("http://localhost:6274").unwrap();
    allowed.add_host("10.0.0.5:8080").unwrap();
    allowed.add_host("[2001:db8::7]").unwrap();
    allowed
}

#[test]
fn the_host_is_one_of_those_that_are_configured() {
    for (name, host, expected) in [
        ("the base URL's", "mcp.example.com", Ok(())),
        ("in another case", "MCP.Example.COM", Ok(())),
        ("with the default port", "mcp.example.com:443", Ok(())),
        ("another, as configured", "10.0.0.5:8080", Ok(())),
        ("IPv6", "[2001:db8::7]", Ok(())),
        ("IPv6, spelled at length", "[2001:0DB8:0:0:0:0:0:7]:443", Ok(())),
        ("with another port", "mcp.example.com:8443", Err(Host)),
        ("with the other default port", "mcp.example.com:80", Err(Host)),
        ("without the port that is configured", "10.0.0.5", Err(Host)),
        ("rebound", "evil.example", Err(Host)),
        ("as a prefix", "mcp.example.com.evil.example", Err(Host)),
        ("as a suffix", "evilmcp.example.com", Err(Host)),
        ("an origin is no host", "app.example.com", Err(Host)),
        ("loopback", "127.0.0.1", Err(Host)),
        ("IPv4 in another base", "0x0a000005:8080", Err(Host)),
        ("IPv4 within IPv6", "[::ffff:10.0.0.5]:8080", Err(Host)),
        ("trailing dot", "mcp.example.com.", Err(MalformedHost)),
        ("empty label", "mcp..example.com", Err(MalformedHost)),
        ("user", "user@mcp.example.com", Err(MalformedHost)),
        ("user that looks like the host", "mcp.example.com@evil.example", Err(MalformedHost)),
        ("blank", "", Err(MalformedHost)),
        ("wildcard", "*", Err(MalformedHost)),
        ("list", "mcp.example.com, evil.example", Err(MalformedHost)),
        ("path", "mcp.example.com/evil", Err(MalformedHost)),
        ("whole URL", "https://mcp.example.com", Err(MalformedHost)),
        ("encoded", "mcp%2eexample.com", Err(MalformedHost)),
        ("beyond ASCII", "mcp.ex\u{e4}mple.com", Err(MalformedHost)),
        ("empty port", "mcp.example.com:", Err(MalformedHost)),
        ("signed port", "mcp.example.com:+443", Err(MalformedHost)),
        ("port with a leading zero", "mcp.example.com:0443", Err(MalformedHost)),
        ("two ports", "mcp.example.com:443:443", Err(MalformedHost)),
        ("port too large", "mcp.example.com:65979", Err(MalformedHost)),
        ("IPv6 without brackets", "2001:db8::7", Err(MalformedHost)),
        ("IPv6, unclosed", "[2001:db8::7", Err(MalformedHost)),
        ("IPv6 with a zone", "[2001:db8::7%25eth0]", Err(MalformedHost)),
        ("text after the bracket", "[2001:db8::7]evil", Err(MalformedHost)),
        ("name within brackets", "[mcp.example.com]", Err(MalformedHost)),
    ] {
        assert_eq!(judge(&public(), "/mcp", &[host.as_bytes()], &[]), expected, "{name}");
    }
    let long = format!("{}mcp.example.com", "a.".repeat(127));
    assert_eq!(judge(&public(), "/mcp", &[long.as_bytes()], &[]), Err(MalformedHost), "longer than any name");
}

#[test]
fn the_host_stands_in_one_place_or_in_two_that_agree() {
    let ours = b"mcp.example.com".as_slice();
    for (name, target, hosts, expected) in [
        ("HTTP/2, authority alone", "https://mcp.example.com/mcp", vec![], Ok(())),
        ("both", "https://mcp.example.com/mcp", vec![ours], Ok(())),
        ("both, spelled differently", "https://MCP.example.com:443/mcp", vec![ours], Ok(())),
        ("nowhere", "/mcp", vec![], Err(NoHost)),
        ("two headers", "/mcp", vec![ours, b"evil.example"], Err(SeveralHosts)),
        ("the same header twice", "/mcp", vec![ours, ours], Err(SeveralHosts)),
        ("two headers beside an authority", "https://mcp.example.com/mcp", vec![ours, ours], Err(SeveralHosts)),
        ("foreign authority", "https://evil.example/mcp", vec![ours], Err(SeveralHosts)),
        ("foreign header", "https://mcp.example.com/mcp", vec![b"evil.example"], Err(SeveralHosts)),
        ("two of ours that differ", "https://mcp.example.com/mcp", vec![b"10.0.0.5:8080"], Err(SeveralHosts)),
        ("both foreign", "https://evil.example/mcp", vec![b"evil.example"], Err(Host)),
        ("foreign authority alone", "https://evil.example/mcp", vec![], Err(Host)),
        ("user in the authority", "https://user@mcp.example.com/mcp", vec![ours], Err(MalformedHost)),
        ("blank header beside an authority", "https://mcp.example.com/mcp", vec![b""], Err(MalformedHost)),
        ("beyond ASCII", "/mcp", vec![b"mcp.example.com\xff"], Err(MalformedHost)),
    ] {
        assert_eq!(judge(&public(), target, &hosts, &[]), expected, "{name}");
    }
}

#[test]
fn an_origin_is_absent_or_listed_byte_for_byte() {
    for (name, origins, expected) in [
        ("absent", vec![], Ok(())),
        ("the service's own", vec!["https://mcp.example.com"], Ok(())),
        ("listed", vec!["https://app.example.com"], Ok(())),
        ("listed, on loopback", vec!["http://localhost:6274"], Ok(())),
        ("not listed", vec!["https://evil.example"], Err(Origin)),
        ("null", vec!["null"], Err(Origin)),
        ("blank", vec![""], Err(Origin)),
        ("wildcard", vec!["*"], Err(Origin)),
        ("as a prefix", vec!["https://app.example.com.evil.example"], Err(Origin)),
        ("as a suffix", vec!["https://evilapp.example.com"], Err(Origin)),
        ("another port", vec!["https://app.example.com:8443"], Err(Origin)),
        ("another port on loopback", vec!["http://localhost:6275"], Err(Origin)),
        ("another spelling of loopback", vec!["http://127.0.0.1:6274"], Err(Origin)),
        ("another scheme", vec!["http://app.example.com"], Err(Origin)),
        ("default port", vec!["https://app.example.com:443"], Err(Origin)),
        ("upper case", vec!["HTTPS://APP.EXAMPLE.COM"], Err(Origin)),
        ("trailing dot", vec!["https://app.example.com."], Err(Origin)),
        ("trailing slash", vec!["https://app.example.com/"], Err(Origin)),
        ("user", vec!["https://app.example.com@evil.example"], Err(Origin)),
        ("list of the Fetch standard's past", vec!["https://app.example.com https://evil.example"], Err(Origin)),
        ("a host is no origin", vec!["http://10.0.0.5:8080"], Err(Origin)),
        ("two", vec!["https://app.example.com", "https://evil.example"], Err(SeveralOrigins)),
        ("the same twice", vec!["https://app.example.com", "https://app.example.com"], Err(SeveralOrigins)),
    ] {
        let origins: Vec<_> = origins.into_iter().map(str::as_bytes).collect();
        assert_eq!(judge(&public(), "/mcp", &[b"mcp.example.com"], &origins), expected, "{name}");
    }
    assert_eq!(judge(&public(), "/mcp", &[b"mcp.example.com"], &[b"https://app.example.com\xff"]), Err(Origin));
    let foreign = judge(&public(), "/mcp", &[b"evil.example"], &[b"https://mcp.example.com"]);
    assert_eq!(foreign, Err(Host), "a good origin does not help a foreign host");
}

#[test]
fn a_loopback_base_url_stands_for_the_three_names_of_this_machine() {
    for base in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
        let local = Allowed::own(base).unwrap();
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "[0:0:0:0:0:0:0:1]:8080"] {
            for origin in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
                assert_eq!(judge(&local, "/", &[host.as_bytes()], &[origin.as_bytes()]), Ok(()), "{base} {host}");
            }
        }
        for host in ["127.0.0.1", "localhost:8081", "127.0.0.2:8080", "localhost.evil.example:8080", "0.0.0.0:8080"] {
            assert_eq!(judge(&local, "/", &[host.as_bytes()], &[]), Err(Host), "{base} {host}");
        }
        for origin in ["http://localhost:3000", "https://localhost:8080", "http://127.0.0.2:8080", "null"] {
            let outcome = judge(&local, "/", &[b"localhost:8080"], &[origin.as_bytes()]);
            assert_eq!(outcome, Err(Origin), "{base} {origin}");
        }
    }
    let other = Allowed::own("http://127.0.0.2:8080").unwrap();
    assert_eq!(judge(&other, "/", &[b"127.0.0.2:8080"], &[]), Ok(()));
    assert_eq!(judge(&other, "/", &[b"127.0.0.1:8080"], &[]), Err(Host), "another address of the network is itself");
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic_or_another_host(host in prop::collection::vec(32_u8..=255, 0..40)) {
        prop_assume!(HeaderValue::from_bytes(&host).is_ok());
        if judge(&public(), "/mcp", &[&host], &[]).is_ok() {
            let text = std::str::from_utf8(&host).unwrap().to_ascii_lowercase();
            prop_assert!(["mcp.example.com", "mcp.example.com:443", "10.0.0.5:8080"].contains(&text.as_str()), "{text}");
        }
    }

    #[test]
    fn one_byte_more_or_less_is_another_host_or_origin(
        host in edited("mcp.example.com:443"),
        origin in edited("https://app.example.com"),
    ) {
        let allowed = judge(&public(), "/mcp", &[host.as_bytes()], &[]).is_ok();
        let ours = ["mcp.example.com", "mcp.example.com:443"];
        prop_assert_eq!(allowed, ours.contains(&host.to_ascii_lowercase().as_str()), "{}", host);
        let allowed = judge(&public(), "/mcp", &[b"mcp.example.com"], &[origin.as_bytes()]).is_ok();
        prop_assert_eq!(allowed, origin == "https://app.example.com", "{}", origin);
    }
}

/// The text with one byte inserted, replaced or removed.
fn edited(text: &'static str) -> impl Strategy<Value = String> {
    (0..text.len(), prop::char::range(' ', '~'), 0..3_usize).prop_map(move |(at, byte, how)| match how {
        0 => format!("{}{byte}{}", &text[..at], &text[at..]),
        1 => format!("{}{byte}{}", &text[..at], &text[at + 1..]),
        _ => format!("{}{}", &text[..at], &text[at + 1..]),
    })
}
