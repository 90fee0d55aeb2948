//! The headers that mirror a message.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    reject::RequestFault,
    tool_policy::{Operation, headers::Mirror},
};

const NEW: &str = "2026-07-28";
const OLD: &str = "2025-11-25";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        // Bytes, as they come from the wire: the caller may send more than ASCII.
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn agrees(pairs: &[(&'static str, &str)], method: &str, name: Option<&str>) -> bool {
    let operation = Operation::new(method.to_owned(), name.map(str::to_owned));
    match Mirror::read(&headers(pairs)).and_then(|mirror| mirror.agree_with(&operation)) {
        Ok(()) => true,
        Err(RequestFault::HeaderMismatch) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn headers_agree_with_the_body_in_every_version_and_are_needed_in_the_new_one() {
    let version = |version| ("mcp-protocol-version", version);
    let method = |method| ("mcp-method", method);
    let tool = |name| ("mcp-name", name);
    let call = ("tools/call", Some("a"));
    for (name, pairs, (of, about), expected) in [
        ("no headers at all", &[][..], call, true),
        ("an old version without", &[version(OLD)], call, true),
        ("an old version that differs", &[version(OLD), method("tools/list")], call, false),
        ("an old version, another name", &[version(OLD), method("tools/call"), tool("b")], call, false),
        ("no version, and they differ", &[method("ping")], call, false),
        ("no version, and they agree", &[method("tools/call"), tool("a")], call, true),
        ("the new version, agreeing", &[version(NEW), method("tools/call"), tool("a")], call, true),
        ("the new version without a method", &[version(NEW), tool("a")], call, false),
        ("the new version without a name", &[version(NEW), method("tools/call")], call, false),
        ("a version to come, without", &[version("2030-01-01")], call, false),
        ("what is no version, without", &[version("zzz")], call, false),
        ("another case of the method", &[version(NEW), method("Tools/call"), tool("a")], call, false),
        ("another case of the name", &[version(NEW), method("tools/call"), tool("A")], call, false),
        ("a list in one header", &[version(NEW), method("tools/call"), tool("a, b")], call, false),
        ("the method twice", &[version(NEW), method("tools/call"), method("tools/call"), tool("a")], call, false),
        ("the name twice", &[version(NEW), method("tools/call"), tool("a"), tool("b")], call, false),
        ("the version twice", &[version(OLD), version(NEW), method("tools/call"), tool("a")], call, false),
        ("a name that is not ASCII", &[version(NEW), method("tools/call"), tool("\u{e4}")], call, false),
        ("base64", &[version(NEW), method("tools/call"), tool("=?base64?YQ==?=")], call, true),
        ("base64 of another", &[version(NEW), method("tools/call"), tool("=?base64?Yg==?=")], call, false),
        ("base64 without padding", &[version(NEW), method("tools/call"), tool("=?base64?YQ?=")], call, false),
        ("base64 with loose bits", &[version(NEW), method("tools/call"), tool("=?base64?YR==?=")], call, false),
        ("base64 that is not UTF-8", &[version(NEW), method("tools/call"), tool("=?base64?/w==?=")], call, false),
        ("base64, its word in capitals", &[version(NEW), method("tools/call"), tool("=?BASE64?YQ==?=")], call, false),
        ("base64 cut", &[version(NEW), method("tools/call"), tool("=?base64?YQ==")], call, false),
        (
            "base64 of what no header carries",
            &[version(NEW), method("tools/call"), tool("=?base64?w6Q=?=")],
            ("tools/call", Some("\u{e4}")),
            true,
        ),
        ("initialize without", &[version(NEW)], ("initialize", None), true),
        ("initialize that differs", &[version(NEW), method("ping")], ("initialize", None), false),
        ("a notification without", &[version(NEW)], ("notifications/initialized", None), false),
        ("a method without a name", &[version(NEW), method("tools/list")], ("tools/list", None), true),
        ("a task without a name", &[version(NEW), method("tasks/get")], ("tasks/get", Some("t")), true),
        ("a task of another name", &[version(NEW), method("tasks/get"), tool("u")], ("tasks/get", Some("t")), false),
    ] {
        assert_eq!(agrees(pairs, of, about), expected, "{name}");
    }
}

#[test]
fn headers_tell_an_operation_only_where_the_server_compares_them() {
    for (name, pairs, expected) in [
        ("all there", &[("mcp-protocol-version", NEW), ("mcp-method", "tools/call"), ("mcp-name", "a")][..], Some("a")),
        ("an old version", &[("mcp-protocol-version", OLD), ("mcp-method", "tools/call"), ("mcp-name", "a")], None),
        ("no version", &[("mcp-method", "tools/call"), ("mcp-name", "a")], None),
        ("no date", &[("mcp-protocol-version", "draft"), ("mcp-method", "tools/call"), ("mcp-name", "a")], None),
        ("no method", &[("mcp-protocol-version", NEW), ("mcp-name", "a")], None),
        ("no name", &[("mcp-protocol-version", NEW), ("mcp-method", "tools/call")], None),
        (
            "base64",
            &[("mcp-protocol-version", NEW), ("mcp-method", "tools/call"), ("mcp-name", "=?base64?YQ==?=")],
            Some("a"),
        ),
    ] {
        let headers = headers(pairs);
        let told = Mirror::read(&headers).unwrap().operation();
        assert_eq!(told.as_ref().and_then(Operation::name), expected, "{name}");
    }
}
