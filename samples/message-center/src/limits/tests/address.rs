//! From where a request came.

use super::{from, parts, proxies};
use crate::limits::{TrustedProxies, address::household};

/// Header lines, and the address that is found by them.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// A proxy at 10.0.0.1 that another one at 10.0.0.2 stands behind; both are trusted.
fn check(rows: &[Row<'_>]) {
    for (name, lines, expected) in rows {
        let request = lines.iter().fold(from("10.0.0.1"), |request, (header, value)| request.header(*header, *value));
        let origin = proxies(&["10.0.0.0/8", "2001:db8:ffff::/48"]).origin(&parts(request)).unwrap();
        assert_eq!(origin.to_string(), *expected, "{name}");
    }
}

const X: &str = "x-forwarded-for";
const F: &str = "forwarded";

#[test]
fn x_forwarded_for_is_read_from_the_nearest_hop_outwards() {
    check(&[
        ("no header", &[], "10.0.0.1"),
        ("one entry", &[(X, "203.0.113.7")], "203.0.113.7"),
        ("what the caller wrote stands on the left", &[(X, "6.6.6.6, 203.0.113.7")], "203.0.113.7"),
        ("through two proxies", &[(X, "6.6.6.6, 203.0.113.7, 10.0.0.2")], "203.0.113.7"),
        ("the caller names a trusted proxy", &[(X, "6.6.6.6, 10.0.0.2, 203.0.113.7")], "203.0.113.7"),
        ("the caller's own line comes first", &[(X, "6.6.6.6"), (X, "203.0.113.7")], "203.0.113.7"),
        ("through trusted proxies alone", &[(X, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
        ("with a port", &[(X, "203.0.113.7:4711")], "203.0.113.7"),
        ("IPv6", &[(X, "2001:db8::7")], "2001:db8::7"),
        ("IPv6 with a port", &[(X, "[2001:db8::7]:4711")], "2001:db8::7"),
        ("IPv6 in brackets", &[(X, "[2001:db8::7]")], "2001:db8::7"),
        ("IPv4 in IPv6", &[(X, "::ffff:203.0.113.7")], "203.0.113.7"),
        ("a trusted proxy in IPv6", &[(X, "203.0.113.7, ::ffff:10.0.0.2")], "203.0.113.7"),
        ("spaces and tabs", &[(X, "6.6.6.6 ,\t203.0.113.7 ")], "203.0.113.7"),
    ]);
}

#[test]
fn what_is_no_address_ends_the_walk_at_the_last_hop_that_was_one() {
    for wrong in [
        "unknown",
        "",
        "203.0.113",
        "203.0.113.7:",
        "203.0.113.7:x",
        "[203.0.113.7]",
        "localhost",
        "0x7f.1",
        "\"1.2.3.4\"",
    ] {
        let behind_one = format!("203.0.113.7, {wrong}");
        let behind_two = format!("203.0.113.7, {wrong}, 10.0.0.2");
        check(&[("nearest", &[(X, &behind_one)], "10.0.0.1"), ("second", &[(X, &behind_two)], "10.0.0.2")]);
    }
    let request = from("10.0.0.1").header(X, http::HeaderValue::from_bytes(b"203.0.113.7, \xff").unwrap());
    assert_eq!(proxies(&["10.0.0.1"]).origin(&parts(request)).unwrap().to_string(), "10.0.0.1");
}

#[test]
fn forwarded_is_read_by_its_grammar() {
    check(&[
        ("one element", &[(F, "for=203.0.113.7")], "203.0.113.7"),
        ("more parameters", &[(F, "proto=https;For=203.0.113.7;by=10.0.0.1")], "203.0.113.7"),
        ("spaces", &[(F, "for=6.6.6.6 , for=203.0.113.7 ; proto=https")], "203.0.113.7"),
        ("through two proxies", &[(F, "for=203.0.113.7, for=10.0.0.2")], "203.0.113.7"),
        ("IPv6 with a port", &[(F, "for=\"[2001:db8::7]:4711\"")], "2001:db8::7"),
        ("quoted", &[(F, "for=\"203.0.113.7:80\"")], "203.0.113.7"),
        ("quoted pairs", &[(F, "for=\"203.\\0.113.7\"")], "203.0.113.7"),
        ("a comma in quotes", &[(F, "for=203.0.113.7;host=\"a,for=6.6.6.6;x=\"")], "203.0.113.7"),
        ("two lines", &[(F, "for=6.6.6.6"), (F, "for=203.0.113.7")], "203.0.113.7"),
        ("a broken line of the caller's", &[(F, "for=\""), (F, "for=203.0.113.7")], "203.0.113.7"),
        // From here on the proxy's own element cannot be told from the caller's.
        ("unknown", &[(F, "for=unknown")], "10.0.0.1"),
        ("obfuscated", &[(F, "for=6.6.6.6, for=_hidden")], "10.0.0.1"),
        ("an element without", &[(F, "for=6.6.6.6, proto=https")], "10.0.0.1"),
        ("twice in an element", &[(F, "for=6.6.6.6;for=203.0.113.7")], "10.0.0.1"),
        ("a quote left open before it", &[(F, "for=6.6.6.6;by=\", for=203.0.113.7")], "10.0.0.1"),
        ("a quote that its quote closes", &[(F, "for=6.6.6.6;by=\", for=\"[2001:db8::7]\"")], "10.0.0.1"),
        ("the same after an element", &[(F, "for=6.6.6.6, x=y;by=\", for=\"[2001:db8::7]\"")], "10.0.0.1"),
        ("IPv6 without quotes", &[(F, "for=[2001:db8::7]")], "10.0.0.1"),
        ("no value", &[(F, "for=6.6.6.6, for=")], "10.0.0.1"),
        ("no name", &[(F, "=6.6.6.6")], "10.0.0.1"),
        ("nothing", &[(F, "")], "10.0.0.1"),
        ("a semicolon too many", &[(F, "for=6.6.6.6;")], "10.0.0.1"),
    ]);
}

#[test]
fn of_two_headers_that_disagree_neither_is_believed() {
    check(&[
        ("they agree", &[(X, "6.6.6.6, 203.0.113.7"), (F, "for=203.0.113.7")], "203.0.113.7"),
        ("the caller added the standard one", &[(X, "203.0.113.7"), (F, "for=6.6.6.6")], "10.0.0.1"),
        ("the caller added the other one", &[(X, "6.6.6.6"), (F, "for=203.0.113.7")], "10.0.0.1"),
        ("one is broken", &[(X, "203.0.113.7"), (F, "x")], "10.0.0.1"),
    ]);
}

#[test]
fn nobody_is_believed_who_is_not_trusted() {
    let request = || from("203.0.113.9").header(X, "6.6.6.6").header(F, "for=6.6.6.6");
    for (name, trusted) in [
        ("nobody is", TrustedProxies::default()),
        ("somebody else is", proxies(&["10.0.0.1", "203.0.113.8", "203.0.112.0/24", "::/1"])),
    ] {
        assert_eq!(trusted.origin(&parts(request())).unwrap().to_string(), "203.0.113.9", "{name}");
    }
    // A listener on all addresses of both families sees IPv4 like this.
    let mapped = parts(from("::ffff:10.0.0.1").header(X, "203.0.113.7"));
    assert_eq!(proxies(&["10.0.0.1"]).origin(&mapped).unwrap().to_string(), "203.0.113.7");
    assert_eq!(proxies(&["10.0.0.1"]).origin(&parts(http::Request::builder())), None, "who is connected is not known");
}

#[test]
fn an_ipv6_network_of_64_bits_is_one_address() {
    for (address, expected) in [
        ("203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ] {
        assert_eq!(household(address.parse().unwrap()).to_string(), expected);
    }
}
