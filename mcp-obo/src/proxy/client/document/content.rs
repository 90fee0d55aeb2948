//! What a document says, and how long it may be believed.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName},
};
use mcp_auth_layer::redirect::{RedirectAllowlist, RedirectErrorKind};
use serde::{Deserialize, de::IgnoredAny};

use super::{Address, DocumentFault};
use crate::proxy::client::name;

const MAX_REDIRECTS: usize = 50;

const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A client as its publisher describes it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Document {
    pub(in crate::proxy) host: Box<str>,
    pub(in crate::proxy) name: Option<Box<str>>,
    /// Well formed, and not judged by the operator's list yet.
    pub(in crate::proxy) redirects: Vec<Box<str>>,
}

#[derive(Deserialize)]
struct Written {
    client_id: String,
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<IgnoredAny>,
}

impl Document {
    pub(super) fn read(address: &Address, body: &[u8]) -> Result<Self, DocumentFault> {
        let written: Written = serde_json::from_slice(body).map_err(|_| DocumentFault::Malformed)?;
        if written.client_id != address.as_str() {
            return Err(DocumentFault::OtherId);
        }
        if written.client_secret.is_some() || written.token_endpoint_auth_method.is_some_and(|method| method != "none")
        {
            return Err(DocumentFault::Method);
        }
        let name = written.client_name.as_deref().map_or(Ok(None), name::read);
        let redirects: Vec<Box<str>> =
            written.redirect_uris.into_iter().filter(|uri| is_well_formed(uri)).map(Into::into).collect();
        match redirects.len() {
            0 => Err(DocumentFault::NoRedirect),
            1..=MAX_REDIRECTS => {
                Ok(Self { host: address.host().into(), name: name.map_err(|_| DocumentFault::Malformed)?, redirects })
            }
            _ => Err(DocumentFault::Malformed),
        }
    }
}

/// A list that allows nothing has nothing but this to say against a URI that is well formed.
fn is_well_formed(uri: &str) -> bool {
    RedirectAllowlist::new([]).check(uri).is_err_and(|error| error.kind() == RedirectErrorKind::NotListed)
}

/// Returns for how long the answer says that it is good (RFC 9111 section 4.2.1), within bounds.
pub(super) fn life(headers: &HeaderMap) -> Duration {
    let is_for_keeping = !has_directive(headers, "no-store") && !has_directive(headers, "no-cache");
    let told = is_for_keeping.then(|| max_age(headers).or_else(|| until_expiry(headers))).flatten();
    told.unwrap_or_default().clamp(SHORTEST, LONGEST)
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let seconds = directives(headers).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse::<u64>().ok()).flatten()
    });
    let age = one(headers, &AGE).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    seconds.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

/// Both by the clock of whoever answered.
fn until_expiry(headers: &HeaderMap) -> Option<Duration> {
    let date = |name| one(headers, name).and_then(|text| httpdate::parse_http_date(text).ok());
    let (now, expires): (SystemTime, SystemTime) = (date(&DATE)?, date(&EXPIRES)?);
    expires.duration_since(now).ok()
}

fn has_directive(headers: &HeaderMap, wanted: &str) -> bool {
    directives(headers).any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

fn directives(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        (name.trim(), value.trim())
    })
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_document_lives_as_long_as_its_host_says_within_bounds() {
        const DATES: [(&str, &str); 2] =
            [("date", "Sat, 21 Nov 2026 12:00:00 GMT"), ("expires", "Sat, 21 Nov 2026 13:00:00 GMT")];
        for (name, headers, expected) in [
            ("nothing said", &[][..], 300),
            ("an hour", &[("cache-control", "public, max-age=3600")], 3_600),
            ("in capitals, quoted", &[("cache-control", "Max-Age=\"3600\"")], 3_600),
            ("an hour, of which half is over", &[("cache-control", "max-age=3600"), ("age", "1800")], 1_800),
            ("older than it may be", &[("cache-control", "max-age=3600"), ("age", "9999")], 300),
            ("a second", &[("cache-control", "max-age=1")], 300),
            ("a year", &[("cache-control", "max-age=31536000, immutable")], 86_400),
            ("beyond numbers", &[("cache-control", "max-age=99999999999999999999")], 300),
            ("not at all", &[("cache-control", "no-store, max-age=3600")], 300),
            ("not without asking", &[("cache-control", "max-age=3600"), ("cache-control", "no-cache")], 300),
            ("until a time", &DATES, 3_600),
            ("age before time", &[("cache-control", "max-age=600"), DATES[0], DATES[1]], 600),
            ("until no time", &[DATES[0], ("expires", "0")], 300),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(life(&map).as_secs(), expected, "{name}");
        }
    }
}
