//! What may stand in the configuration.

use super::super::OriginLayer;
use crate::config::ConfigError;

/// Good and bad spellings of an exact origin, by name.
const ORIGINS: [(&str, &str, bool); 33] = [
    ("https", "https://app.example.com", true),
    ("with a port", "https://app.example.com:8443", true),
    ("one label", "https://intranet", true),
    ("underscore", "https://my_service", true),
    ("IPv4", "https://192.0.2.7", true),
    ("IPv6", "https://[2001:db8::7]:8443", true),
    ("punycode", "https://xn--bcher-kva.example", true),
    ("loopback", "http://127.0.0.1:8080", true),
    ("loopback, IPv6", "http://[::1]:8080", true),
    ("loopback by name, default port", "http://localhost", true),
    ("loopback, another address", "http://127.0.0.2:8080", true),
    ("plain http", "http://app.example.com", false),
    ("loopback as a prefix", "http://localhost.evil.example", false),
    ("everything", "*", false),
    ("wildcard host", "https://*.example.com", false),
    ("wildcard port", "http://localhost:*", false),
    ("null", "null", false),
    ("blank", "", false),
    ("space", " ", false),
    ("no scheme", "app.example.com", false),
    ("another scheme", "ftp://127.0.0.1", false),
    ("private scheme", "vscode-webview://abc", false),
    ("trailing slash", "https://app.example.com/", false),
    ("path", "https://app.example.com/mcp", false),
    ("query", "https://app.example.com?x", false),
    ("fragment", "https://app.example.com#x", false),
    ("user", "https://user@app.example.com", false),
    ("empty user", "https://@app.example.com", false),
    ("upper case", "https://App.example.com", false),
    ("default port", "https://app.example.com:443", false),
    ("trailing dot", "https://app.example.com.", false),
    ("two at once", "https://app.example.com,https://other.example", false),
    ("IPv6 spelled at length", "https://[2001:db8:0:0::7]", false),
];

#[test]
fn an_origin_is_exact_or_a_mistake() {
    for (name, text, good) in ORIGINS {
        assert_eq!(OriginLayer::new(text).is_ok(), good, "base URL: {name}");
        let layer = OriginLayer::new("https://mcp.example").unwrap();
        let outcome = layer.allow_origin(text);
        assert_eq!(outcome.is_ok(), good, "origin: {name}");
        if let Err(mistake) = outcome {
            assert!(matches!(mistake, ConfigError::Url { what: "allowed origin", .. }), "{name}: {mistake}");
        }
    }
}

#[test]
fn a_host_is_exact_or_a_mistake() {
    for (name, text, good) in [
        ("a name", "mcp.internal", true),
        ("with a port", "mcp.internal:8080", true),
        ("one label", "mcp", true),
        ("IPv4", "10.0.0.5:8080", true),
        ("IPv6", "[2001:db8::7]:8080", true),
        ("upper case", "MCP.internal", true),
        ("everything", "*", false),
        ("wildcard", "*.internal", false),
        ("any port", "mcp.internal:*", false),
        ("blank", "", false),
        ("space", "mcp internal", false),
        ("scheme", "https://mcp.internal", false),
        ("path", "mcp.internal/mcp", false),
        ("user", "user@mcp.internal", false),
        ("trailing dot", "mcp.internal.", false),
        ("two at once", "mcp.internal,other.internal", false),
        ("only a port", ":8080", false),
        ("no port after the colon", "mcp.internal:", false),
        ("port zero", "mcp.internal:0", false),
        ("port too large", "mcp.internal:65536", false),
        ("IPv6 without brackets", "2001:db8::7", false),
        ("IPv6 with a zone", "[fe80::1%25eth0]", false),
    ] {
        assert_eq!(OriginLayer::new("https://mcp.example").unwrap().allow_host(text).is_ok(), good, "{name}");
    }
}

#[test]
fn a_mistake_repeats_no_password() {
    let layer = || OriginLayer::new("https://mcp.example").unwrap();
    for mistake in [
        OriginLayer::new("https://user:hunter2@mcp.example").unwrap_err(),
        layer().allow_origin("https://user:hunter2@app.example").unwrap_err(),
        layer().allow_host("user:hunter2@app.example").unwrap_err(),
    ] {
        let text = format!("{mistake} {mistake:?}");
        assert!(text.contains(".example") && !text.contains("hunter2"), "{text}");
    }
}
