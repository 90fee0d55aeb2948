//! Laws of the redirect allowlist; the machine looks for the exception.
//!
//! Two readers that share no code with the crate judge whatever it allows: the `url` crate, and the splitter at the end of
//! this file, which follows RFC 3986 to the letter.

use std::convert::Infallible;

use http::{Request, Response, StatusCode};
use mcp_auth_layer::redirect::{AllowedRedirect, RedirectAllowlist, RedirectLayer, RedirectRule};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::{
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use tower::{Layer, ServiceExt, service_fn};
use url::Url;

const LIST: &str = "default,vscode,claude,cursor,chatgpt,copilot-studio,https://app.example.com/signed-in?tenant=1";

/// What the list allows beside loopback and connectors, written out again rather than asked of the crate.
const EXACT: [&str; 9] = [
    "https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect",
    "https://vscode.dev/redirect",
    "https://insiders.vscode.dev/redirect",
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.com/api/mcp/auth_callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "https://chatgpt.com/connector_platform_oauth_redirect",
    "https://app.example.com/signed-in?tenant=1",
];

const OTHERS: [&str; 9] = [
    "http://127.0.0.1",
    "http://127.0.0.1:33418/",
    "http://127.0.0.1:8400/callback?flow=1",
    "http://localhost/",
    "http://localhost:3000/a/b",
    "http://[::1]",
    "http://[::1]:65535/callback",
    "https://global.consent.azure-apim.net/redirect/cr938-5fmy-20server-5f43bcb8573bc3e84",
    "https://global.consent.azure-apim.net/redirect/A",
];

const HOSTILE: [&str; 44] = [
    "@",
    "\\",
    "%",
    "\t",
    "\n",
    "\r",
    "\0",
    " ",
    ".",
    "..",
    "/",
    "//",
    "/../",
    ":",
    "::",
    "?",
    "#",
    "&",
    ";",
    ",",
    "*",
    "[",
    "]",
    "0",
    "1",
    "127",
    "-",
    "_",
    "%2e",
    "%2F",
    "%40",
    "%5c",
    "%00",
    "%c0%ae",
    "@evil.example",
    ".evil.example",
    "evil.example",
    "?code=x",
    "&state=y",
    "\u{ff0e}",
    "\u{3002}",
    "\u{430}",
    "\u{200b}",
    "LOCALHOST",
];

/// What may follow a loopback host or name a connector: edits that stay allowed where the rule is no exact one.
const HARMLESS: [&str; 8] = ["a", "Z", "7", "-", "/x", ":8080", "?a=b", "%20"];

fn list() -> RedirectAllowlist {
    RedirectAllowlist::parse_list(LIST).expect("names and one exact URI")
}

/// One change to a text.
#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, &'static str),
    Replace(Index, &'static str),
    Remove(Index),
    Repeat(Index),
    FlipCase(Index),
    Encode(Index),
    Swap(Index),
    Append(&'static str),
}

impl Edit {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        prop_oneof![
            4 => (at(), select(&HOSTILE[..])).prop_map(|(at, text)| Self::Insert(at, text)),
            2 => (at(), select(&HOSTILE[..])).prop_map(|(at, text)| Self::Replace(at, text)),
            5 => select([&HARMLESS[..], &HOSTILE[..]].concat()).prop_map(Self::Append),
            1 => at().prop_map(Self::Remove),
            1 => at().prop_map(Self::Repeat),
            1 => at().prop_map(Self::FlipCase),
            1 => at().prop_map(Self::Encode),
            1 => at().prop_map(Self::Swap),
        ]
    }

    fn apply(&self, text: &str) -> String {
        let mut chars: Vec<String> = text.chars().map(String::from).collect();
        chars.push(String::new()); // The place behind the last one, so that it can be edited too.
        let last = chars.len() - 1;
        let at = match self {
            Self::Append(_) => last,
            Self::Insert(at, _)
            | Self::Replace(at, _)
            | Self::Remove(at)
            | Self::Repeat(at)
            | Self::FlipCase(at)
            | Self::Encode(at)
            | Self::Swap(at) => at.index(chars.len()),
        };
        let flipped = |text: &String| {
            if text.to_lowercase() == *text { text.to_uppercase() } else { text.to_lowercase() }
        };
        match self {
            Self::Insert(_, text) | Self::Append(text) => chars[at].insert_str(0, text),
            Self::Replace(_, text) => chars[at] = (*text).to_owned(),
            Self::Remove(_) => chars[at].clear(),
            Self::Repeat(_) => chars[at] = chars[at].repeat(2),
            Self::FlipCase(_) => chars[at] = flipped(&chars[at]),
            Self::Encode(_) => chars[at] = chars[at].bytes().map(|byte| format!("%{byte:02x}")).collect(),
            Self::Swap(_) => chars.swap(at, at.saturating_sub(1)),
        }
        chars.concat()
    }
}

/// An allowed URI after up to three edits.
fn near_miss() -> impl Strategy<Value = String> {
    let seeds: Vec<_> = EXACT.into_iter().chain(OTHERS).collect();
    (select(seeds), prop::collection::vec(Edit::any(), 0..=3))
        .prop_map(|(seed, edits)| edits.iter().fold(seed.to_owned(), |text, edit| edit.apply(&text)))
}

/// Says whether a URI may be allowed at all, by the reading of RFC 3986.
fn may_be_allowed(uri: &str, read: &rfc3986::Uri<'_>) -> bool {
    let loopback = read.scheme == "http" && ["127.0.0.1", "localhost", "[::1]"].contains(&read.host);
    let connector = read.path.strip_prefix("/redirect/").is_some_and(|segment| {
        !segment.is_empty() && segment.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '-')
    });
    let gateway = read.scheme == "https" && read.host == "global.consent.azure-apim.net" && read.port.is_none();
    loopback || EXACT.contains(&uri) || (gateway && connector && read.query.is_none())
}

/// What must hold for a URI that was allowed.
fn holds(uri: &str) -> Result<(), TestCaseError> {
    let Ok(allowed) = list().check(uri) else { return Ok(()) };
    prop_assert_eq!(allowed.as_str(), uri);

    let read = rfc3986::Uri::read(uri).ok_or_else(|| TestCaseError::fail(format!("no URI by RFC 3986: {uri:?}")))?;
    prop_assert!(read.userinfo.is_none() && read.fragment.is_none(), "{:?}", read);
    prop_assert!(may_be_allowed(uri, &read), "{:?}", read);

    let seen = Url::parse(uri).map_err(|error| TestCaseError::fail(format!("{uri:?}: {error}")))?;
    prop_assert!(seen.username().is_empty() && seen.password().is_none() && seen.fragment().is_none());
    prop_assert_eq!(seen.scheme(), read.scheme);
    prop_assert_eq!(seen.host_str(), Some(read.host));
    let own = Url::parse(read.origin()).ok().and_then(|origin| origin.port_or_known_default());
    let port = read.port.and_then(|digits| digits.parse().ok()).or(own);
    prop_assert_eq!(seen.port_or_known_default(), port);
    prop_assert_eq!(seen.path(), if read.path.is_empty() { "/" } else { read.path });
    prop_assert_eq!(seen.query(), read.query);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn two_other_readers_agree_on_an_allowed_host_for_whatever_is_allowed(uri in near_miss()) {
        holds(&uri)?;
    }

    #[test]
    fn noise_around_a_host_leads_nowhere_else(
        uri in r"(http|https|cursor|HTTP|ftp)?:?/{0,3}[a-z0-9.:@%\\\[\]/?#&=;\t-]{0,12}(127\.0\.0\.1|localhost|\[::1\]|vscode\.dev)[a-z0-9.:@%\\/?#&=; -]{0,20}",
    ) {
        holds(&uri)?;
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in any::<Vec<u8>>(), host in select(&OTHERS[..])) {
        let text = String::from_utf8_lossy(&bytes);
        holds(&text)?;
        holds(&format!("{host}{text}"))?;
        let _ = RedirectRule::parse(&text);
        let _ = RedirectAllowlist::parse_list(&text);
        let _ = RedirectAllowlist::parse_list(&format!("{LIST},{text}"));
    }

    #[test]
    fn an_entry_that_is_a_rule_allows_no_more_than_it_says(entry in near_miss(), candidate in near_miss()) {
        let Ok(rule) = RedirectRule::parse(&entry) else { return Ok(()) };
        prop_assert_eq!(rule.to_string(), entry.as_str());
        let list = RedirectAllowlist::new([rule.clone()]);
        match rule {
            RedirectRule::Loopback { host, .. } => {
                prop_assert_eq!(&entry, &format!("http://{host}"));
                if list.check(&candidate).is_ok() {
                    let read = rfc3986::Uri::read(&candidate);
                    prop_assert!(read.is_some_and(|read| read.scheme == "http" && read.host == host.as_str()), "{}", candidate);
                }
            }
            RedirectRule::Exact { 0: uri, .. } => {
                prop_assert_eq!(&uri, &entry);
                prop_assert!(!entry.contains(['*', '@', '#', '\\']));
                prop_assert!(list.check(&entry).is_ok());
                prop_assert_eq!(list.check(&candidate).is_ok(), candidate == entry, "{} allows {}", entry, candidate);
                let read = rfc3986::Uri::read(&entry).expect("a rule that RFC 3986 does not know");
                prop_assert!(!read.path.is_empty());
                prop_assert!(read.scheme == "https" || (read.scheme == "http" && read.port.is_some()), "{:?}", read);
            }
            other => prop_assert!(false, "{entry:?} became {other:?}"),
        }
    }

    #[test]
    fn a_list_allows_what_one_of_its_entries_allows(
        entries in prop::collection::vec(select(LIST.split(',').collect::<Vec<_>>()), 1..5),
        uri in near_miss(),
    ) {
        let together = RedirectAllowlist::parse_list(&entries.join(",")).unwrap().check(&uri).is_ok();
        let alone = |entry: &&str| RedirectAllowlist::parse_list(entry).unwrap().check(&uri).is_ok();
        prop_assert_eq!(together, entries.iter().any(alone));
        prop_assert!(RedirectAllowlist::new([]).check(&uri).is_err());
    }

    #[test]
    fn every_connector_of_the_gateway_is_allowed(connector in "[A-Za-z0-9-]{1,99}") {
        let uri = format!("https://global.consent.azure-apim.net/redirect/{connector}");
        prop_assert!(list().check(&uri).is_ok());
        prop_assert!(RedirectAllowlist::default().check(&uri).is_err());
    }

    #[test]
    fn every_plain_loopback_uri_is_allowed(
        host in select(&["127.0.0.1", "localhost", "[::1]"][..]),
        port in proptest::option::of(1_u16..),
        path in r"(/[a-zA-Z0-9_~=+-]{1,8}){0,5}/?",
        query in proptest::option::of(r"x[a-z]{1,5}=[a-zA-Z0-9./:-]{0,9}"),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = query.filter(|_| !path.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("http://{host}{port}{path}{query}");
        let allowed = list().check(&uri);
        prop_assert_eq!(allowed.as_ref().map(AllowedRedirect::as_str), Ok(uri.as_str()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_layer_hands_on_what_the_list_allowed_and_nothing_else(uri in near_miss(), noise in any::<Vec<u8>>()) {
        let service = RedirectLayer::new(list()).layer(service_fn(|request: Request<()>| async move {
            let allowed = request.extensions().get::<AllowedRedirect>().map(AllowedRedirect::to_string);
            Ok::<_, Infallible>(Response::new(allowed.unwrap_or_default()))
        }));
        for bytes in [uri.as_bytes(), &noise] {
            let query = percent_encode(bytes, NON_ALPHANUMERIC);
            let request = Request::get(format!("/authorize?redirect_uri={query}")).body(()).unwrap();
            let response = tokio_test::block_on(service.clone().oneshot(request)).unwrap();
            let text = String::from_utf8_lossy(bytes);
            match list().check(&text) {
                Ok(_) => prop_assert_eq!(response.body(), text.as_ref()),
                Err(_) => prop_assert_eq!(response.status(), StatusCode::BAD_REQUEST),
            }
        }
    }
}

/// The laws above speak of what was allowed, so they would hold of a generator that never comes close.
#[test]
fn the_generator_comes_close_to_what_is_allowed_and_mostly_misses() {
    let (mut runner, list) = (TestRunner::deterministic(), list());
    let of = |_| near_miss().new_tree(&mut runner).unwrap().current();
    let (allowed, refused): (Vec<_>, Vec<_>) = (0..2_000).map(of).partition(|uri| list.check(uri).is_ok());
    let edited = allowed.iter().filter(|uri| !EXACT.contains(&uri.as_str()) && !OTHERS.contains(&uri.as_str())).count();
    assert!(edited > 50 && refused.len() > 1_000, "{edited} edited ones allowed, {} refused", refused.len());
}

/// RFC 3986, section 3, read to the letter: what is no URI there is none here.
mod rfc3986 {
    #[derive(Debug)]
    pub(super) struct Uri<'a> {
        whole: &'a str,
        pub(super) scheme: &'a str,
        pub(super) userinfo: Option<&'a str>,
        pub(super) host: &'a str,
        pub(super) port: Option<&'a str>,
        pub(super) path: &'a str,
        pub(super) query: Option<&'a str>,
        pub(super) fragment: Option<&'a str>,
    }

    impl<'a> Uri<'a> {
        /// Cuts in the order of appendix B: fragment, query, scheme, authority, path.
        pub(super) fn read(whole: &'a str) -> Option<Self> {
            let (rest, fragment) = cut(whole, '#');
            let (rest, query) = cut(rest, '?');
            let (scheme, rest) = rest.split_once(':')?;
            let rest = rest.strip_prefix("//")?;
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let (userinfo, host_and_port) = match authority.split_once('@') {
                Some((userinfo, rest)) => (Some(userinfo), rest),
                None => (None, authority),
            };
            let ends = if host_and_port.starts_with('[') { host_and_port.find(']')? + 1 } else { 0 };
            let colon = host_and_port[ends..].find(':').map(|at| ends + at);
            let (host, port) = match colon {
                Some(at) => (&host_and_port[..at], Some(&host_and_port[at + 1..])),
                None => (host_and_port, None),
            };
            let lawful = is_scheme(scheme)
                && userinfo.is_none_or(|text| consists_of(text, SUB_DELIMS, ":"))
                && is_host(host)
                && port.is_none_or(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                && consists_of(path, SUB_DELIMS, ":@/")
                && query.is_none_or(|text| consists_of(text, SUB_DELIMS, ":@/?"))
                && fragment.is_none_or(|text| consists_of(text, SUB_DELIMS, ":@/?"));
            lawful.then_some(Self { whole, scheme, userinfo, host, port, path, query, fragment })
        }

        /// Returns scheme and host alone, to ask for the scheme's own port.
        pub(super) fn origin(&self) -> &'a str {
            &self.whole[..self.scheme.len() + "://".len() + self.host.len()]
        }
    }

    const SUB_DELIMS: &str = "!$&'()*+,;=";

    fn cut(text: &str, at: char) -> (&str, Option<&str>) {
        text.split_once(at).map_or((text, None), |(before, behind)| (before, Some(behind)))
    }

    fn is_scheme(text: &str) -> bool {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|symbol| symbol.is_ascii_alphanumeric() || "+-.".contains(symbol))
    }

    fn is_host(text: &str) -> bool {
        match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !text.is_empty() && consists_of(text, SUB_DELIMS, ""),
        }
    }

    /// Unreserved characters, whole percent encodings, and those named.
    fn consists_of(text: &str, these: &str, and: &str) -> bool {
        let mut symbols = text.chars();
        while let Some(symbol) = symbols.next() {
            let lawful = match symbol {
                '%' => (0..2).all(|_| symbols.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
                _ => {
                    symbol.is_ascii_alphanumeric()
                        || "-._~".contains(symbol)
                        || these.contains(symbol)
                        || and.contains(symbol)
                }
            };
            if !lawful {
                return false;
            }
        }
        true
    }
}
