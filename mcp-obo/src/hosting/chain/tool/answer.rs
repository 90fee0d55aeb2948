//! Finds the token in what a tool printed.

use azure_core::time::parse_rfc3339;
use mcp_auth_layer::clock::UnixTime;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::hosting::chain::identity;

/// A token as a tool prints it.
pub(super) struct Answer {
    pub(super) token: SecretString,
    pub(super) end: UnixTime,
    /// The tenant that the tool says it is of.
    pub(super) tenant: Option<String>,
}

/// Reads the first object with a token; banners, warnings and other objects may stand before it.
pub(super) fn read(stdout: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(stdout).ok()?;
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    // Within its line: looking for it further on at every line would take the square of their number.
    let lines = starts.map(|at| text[at..].trim_start_matches([' ', '\t', '\u{feff}']));
    lines.filter(|text| text.starts_with('{')).filter_map(first_value).find_map(answer)
}

fn first_value(text: &str) -> Option<Map<String, Value>> {
    serde_json::Deserializer::from_str(text).into_iter().next()?.ok()
}

/// The three tools differ in spelling alone.
fn answer(mut members: Map<String, Value>) -> Option<Answer> {
    let token = ["accessToken", "token", "Token"].into_iter().find_map(|name| match members.remove(name) {
        Some(Value::String(token)) => Some(token),
        _ => None,
    })?;
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let end = ["expires_on", "expiresOn", "ExpiresOn"].into_iter().find_map(|name| end(members.get(name)?));
    // Azure CLI before 2.54 names a local time without its zone. The token itself knows, and what a tool adds to its life is
    // not true.
    let end = [end, identity::end_of(&token)].into_iter().flatten().min()?;
    let tenant = ["tenant", "TenantId"].into_iter().find_map(|name| members.get(name)?.as_str()).map(ToOwned::to_owned);
    Some(Answer { token: token.into(), end, tenant })
}

fn end(value: &Value) -> Option<UnixTime> {
    let seconds = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let seconds = text.parse().ok();
            seconds.or_else(|| u64::try_from(parse_rfc3339(text).ok()?.unix_timestamp()).ok())
        }
        _ => None,
    };
    seconds.map(UnixTime::from_secs)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_is_found_in_what_each_tool_prints() {
        // {"exp":1800003600}
        const JWT: &str = "e30.eyJleHAiOjE4MDAwMDM2MDB9.c2ln";
        let old = format!("{{\"accessToken\": \"{JWT}\", \"expiresOn\": \"2027-01-15 09:00:00.000000\"}}");
        for (name, text, token) in [
            (
                "az",
                "{\n  \"accessToken\": \"t\",\n  \"expiresOn\": \"2027-01-15 10:00:00.0\",\n  \"expires_on\": 1800003600\n}",
                "t",
            ),
            ("an old az", &old, JWT),
            ("azd", "{\"token\":\"t\",\"expiresOn\":\"2027-01-15T09:00:00Z\"}", "t"),
            ("pwsh", "{\"Token\":\"t\",\"ExpiresOn\":1800003600}\n", "t"),
            (
                "a banner",
                "Welcome!\n{not JSON\nWARNING: old\n{\"token\":\"t\",\"expiresOn\":\"2027-01-15T09:00:00Z\"}",
                "t",
            ),
            ("milliseconds", &format!("{{\"token\":\"{JWT}\",\"expires_on\":1800003600000}}"), JWT),
            ("a mark before it", "\u{feff}{\"Token\":\"t\",\"ExpiresOn\":1800003600}", "t"),
            ("two tokens", "{\"token\":\"t\",\"expires_on\":1800003600}\n{\"token\":\"u\",\"expires_on\":1}", "t"),
            ("a message", "{\"type\":\"consoleMessage\"}\n{\"Token\":\"t\",\"ExpiresOn\":\"1800003600\"}", "t"),
        ] {
            let answer = read(text.as_bytes()).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((answer.token.expose_secret(), answer.end.as_secs()), (token, 1_800_003_600), "{name}");
        }
        for (name, text) in [
            ("nothing", ""),
            ("no JSON", "Welcome!"),
            ("no end", "{\"token\":\"t\"}"),
            ("an empty token", "{\"token\":\"\",\"expires_on\":1800003600}"),
            ("two lines in a token", "{\"token\":\"a\\nb\",\"expires_on\":1800003600}"),
            ("cut", "{\"token\":\"t\",\"expires_on\":18"),
        ] {
            assert!(read(text.as_bytes()).is_none(), "{name}");
        }
    }
}
