//! How often, and by whose word.

use super::{refused, with};
use crate::limits::{Rates, TrustedProxies};

#[test]
fn a_caller_has_a_hundred_calls_a_minute_unless_told_otherwise() {
    for (value, expected) in [("", Some(100)), ("1", Some(1)), ("250", Some(250)), ("0", None)] {
        let settings = with(&[("MCP_RATE_LIMIT_PER_MINUTE", value)]).unwrap();
        assert_eq!(settings.rates.mcp.map(|calls| calls.get()), expected, "{value:?}");
    }
    for bad in ["many", "-1", " 5", "5 ", "1.5", "4294967296", "off"] {
        refused(&[(bad, &[("MCP_RATE_LIMIT_PER_MINUTE", bad)], "MCP_RATE_LIMIT_PER_MINUTE")]);
    }
}

#[test]
fn sign_ins_are_always_counted() {
    let rates = |more: &[(&str, &str)]| with(more).unwrap().rates;
    assert_eq!(rates(&[]), Rates::default());
    let more = rates(&[("MCP_AUTHORIZE_RATE_LIMIT_PER_MINUTE", "30"), ("MCP_TOKEN_RATE_LIMIT_PER_MINUTE", "600")]);
    assert_eq!((more.authorize.get(), more.token.get()), (30, 600));
    for name in ["MCP_AUTHORIZE_RATE_LIMIT_PER_MINUTE", "MCP_TOKEN_RATE_LIMIT_PER_MINUTE"] {
        refused(&[("nobody counts", &[(name, "0")], name), ("no number", &[(name, "x")], name)]);
    }
}

#[test]
fn proxies_are_addresses_and_networks_and_never_everybody() {
    assert!(with(&[]).unwrap().trusted_proxies.is_empty());
    let both = with(&[("TRUSTED_PROXIES", " 10.0.0.0/8 ,, 2001:db8::1,")]).unwrap();
    assert_eq!(both.trusted_proxies, TrustedProxies::parse(["10.0.0.0/8", "2001:db8::1"]).unwrap());
    for (bad, said) in [
        ("proxy.example", "neither an address nor a network"),
        ("10.0.0.1, proxy", "\"proxy\" is neither"),
        ("10.0.0.0/33", "neither an address nor a network"),
        ("10.0.0.1:80", "neither an address nor a network"),
        ("10.*", "neither an address nor a network"),
        ("true", "neither an address nor a network"),
        ("10.0.0.1/8", "write 10.0.0.0/8"),
        ("0.0.0.0/0", "every address"),
        ("127.0.0.1,::/0", "every address"),
        (" , ", "empty"),
    ] {
        let mistakes = with(&[("TRUSTED_PROXIES", bad)]).unwrap_err();
        let told = mistakes.0.iter().any(|text| text.starts_with("TRUSTED_PROXIES: ") && text.contains(said));
        assert!(told, "{bad}: {mistakes}");
    }
}

#[test]
fn a_proxy_that_nobody_named_is_pointed_out() {
    let (public, closed) = (("PUBLIC_BASE_URL", "https://mcp.example"), ("MCP_OAUTH_PROXY", "off"));
    for (name, more, warned) in [
        ("plain http on loopback", &[][..], false),
        ("https, so there is a proxy", &[public, closed], true),
        ("https, and the proxy is named", &[public, closed, ("TRUSTED_PROXIES", "10.1.2.3")], false),
    ] {
        let warnings = with(more).unwrap().warnings;
        assert_eq!(warnings.iter().any(|text| text.starts_with("TRUSTED_PROXIES: not set")), warned, "{name}");
    }
}
