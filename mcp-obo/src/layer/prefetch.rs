//! Which requests get their token before the service sees them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;

use crate::target::Target;

/// The tools whose target is known beforehand.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefetch(Box<[(Box<str>, Target)]>);

/// The first protocol version whose headers a server must compare with the body (MCP 2026-07-28, transports).
const MIRRORED_SINCE: &str = "2026-07-28";

impl Prefetch {
    pub(super) fn and(&self, tool: &str, target: &Target) -> Self {
        let more = [(tool.into(), target.clone())];
        Self(self.0.iter().filter(|(name, _)| &**name != tool).cloned().chain(more).collect())
    }

    /// Returns the target of the tool that the request's headers name.
    ///
    /// Before 2026-07-28 nobody checks these headers, so they are not looked at. No right hangs on them: a wrong name gets a
    /// token fetched that nobody asks for, or the tool asks for its token itself.
    pub(super) fn target(&self, headers: &HeaderMap) -> Option<&Target> {
        if self.0.is_empty() || only(headers, "mcp-method")? != "tools/call" {
            return None;
        }
        let version = only(headers, "mcp-protocol-version")?;
        if !is_date(version) || version < MIRRORED_SINCE {
            return None;
        }
        let name = only(headers, "mcp-name")?;
        let decoded = decoded(name);
        let name = decoded.as_deref().unwrap_or(name);
        self.0.iter().find(|(tool, _)| &**tool == name).map(|(_, target)| target)
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim();
    values.next().is_none().then_some(value)
}

/// Versions are dates, which compare as text; anything else does not compare at all.
fn is_date(version: &str) -> bool {
    version.len() == 10
        && version.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Names that a header cannot hold travel as `=?base64?…?=`.
fn decoded(name: &str) -> Option<String> {
    let inside = name.strip_prefix("=?base64?")?.strip_suffix("?=")?;
    String::from_utf8(STANDARD.decode(inside).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn a_tool_is_known_by_headers_that_somebody_compares_with_the_body() {
        let prefetch = Prefetch::default().and("getMessages", &Target::graph());
        const CALL: (&str, &str) = ("mcp-method", "tools/call");
        const NOW: (&str, &str) = ("mcp-protocol-version", "2026-07-28");
        const TOOL: (&str, &str) = ("mcp-name", "getMessages");
        for (name, headers, expected) in [
            ("all three", &[CALL, NOW, TOOL][..], true),
            ("a later version", &[CALL, ("mcp-protocol-version", "2027-01-01"), TOOL], true),
            ("base64", &[CALL, NOW, ("mcp-name", "=?base64?Z2V0TWVzc2FnZXM=?=")], true),
            ("an earlier version", &[CALL, ("mcp-protocol-version", "2025-11-25"), TOOL], false),
            ("no version", &[CALL, TOOL], false),
            ("not a version", &[CALL, ("mcp-protocol-version", "latest"), TOOL], false),
            ("no method", &[NOW, TOOL], false),
            ("another method", &[("mcp-method", "prompts/get"), NOW, TOOL], false),
            ("no name", &[CALL, NOW], false),
            ("another tool", &[CALL, NOW, ("mcp-name", "getmessages")], false),
            ("broken base64", &[CALL, NOW, ("mcp-name", "=?base64?%%?=")], false),
            ("two names", &[CALL, NOW, TOOL, TOOL], false),
            ("two versions", &[CALL, NOW, NOW, TOOL], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(prefetch.target(&map).is_some(), expected, "{name}");
            assert!(Prefetch::default().target(&map).is_none(), "{name}");
        }
    }

    #[test]
    fn a_tool_declared_again_has_its_last_target() {
        let other = Target::new("api://a", &["x"]).unwrap();
        let prefetch = Prefetch::default().and("a", &Target::graph()).and("a", &other);
        assert_eq!(prefetch.0.len(), 1);
        assert_eq!(prefetch.0[0].1, other);
    }
}
