//! Where a downstream API lives, and which addresses are its own.

use http::{
    Uri,
    uri::{Authority, PathAndQuery, Scheme},
};
use mcp_auth_layer::{config::ConfigError, fetch::is_loopback};
use url::Url;

/// An origin, and the path under which everything of the API stands.
#[derive(Clone, Debug)]
pub(super) struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end.
    prefix: Box<str>,
    origin: url::Origin,
    whole: Box<str>,
}

/// An address that is not the API's: no token goes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign;

impl Base {
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        // What stands before an `@` may be a password.
        let given = text.rsplit('@').next().unwrap_or_default().to_owned();
        let refuse = |why| ConfigError::Url { what: "downstream base URL", given: given.clone(), why };
        let url = Url::parse(text).map_err(|_| refuse("it is not a URL"))?;
        let is_private = match url.scheme() {
            "https" => true,
            "http" => url.host_str().is_some_and(is_loopback),
            _ => false,
        };
        if !is_private {
            return Err(refuse("it must be https, or http on loopback"));
        }
        if has_credentials(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must have no credentials, query or fragment"));
        }
        // The URL parser forgives blanks, backslashes, missing slashes and dot segments; what it made of them is not what
        // the operator reads.
        let spelled = url.as_str().trim_end_matches('/');
        if !spelled.eq_ignore_ascii_case(text.trim_end_matches('/')) || has_tricks(url.path()) {
            return Err(refuse("it must be spelled plainly, without dot segments, blanks or a default port"));
        }
        let parts = spelled.parse::<Uri>().map_err(|_| refuse("it is not a URL"))?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse("it is not a URL"));
        };
        let prefix = url.path().trim_end_matches('/').into();
        Ok(Self { scheme, authority, prefix, origin: url.origin(), whole: spelled.into() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.whole
    }

    /// Makes the address that a request goes to: its own if that is the API's, or its path below the base.
    ///
    /// The result always consists of the base's own origin, so that a reader of addresses that disagrees with this one
    /// still leads nowhere else.
    pub(super) fn resolve(&self, uri: &Uri) -> Result<Uri, Foreign> {
        let given = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        if !given.starts_with('/') || has_tricks(uri.path()) {
            return Err(Foreign);
        }
        let path = if uri.scheme().is_none() && uri.authority().is_none() {
            format!("{}{given}", self.prefix)
        } else if self.holds(uri) {
            given.to_owned()
        } else {
            return Err(Foreign);
        };
        let parts = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone());
        parts.path_and_query(path).build().map_err(|_| Foreign)
    }

    /// Reads the address of a next page, which the API itself wrote.
    pub(super) fn link(&self, text: &str) -> Result<Uri, Foreign> {
        if text.len() > LONGEST_LINK || has_tricks(text.split(['?', '#']).next().unwrap_or_default()) {
            return Err(Foreign);
        }
        // Links have characters in their query that `Uri` does not take, and that this encodes.
        let url = Url::parse(text).map_err(|_| Foreign)?;
        self.resolve(&url.as_str().parse().map_err(|_| Foreign)?)
    }

    fn holds(&self, uri: &Uri) -> bool {
        let Ok(url) = Url::parse(&uri.to_string()) else { return false };
        let below = url.path().strip_prefix(&*self.prefix);
        url.origin() == self.origin
            && !has_credentials(&url)
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Links with a page's state in them are long; longer ones than this no server takes.
const LONGEST_LINK: usize = 16 * 1024;

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Tells whether a path climbs, in any spelling that some server on the way may undo.
fn has_tricks(path: &str) -> bool {
    // Every spelling of a climb has a dot in it, or something encoded; most paths have neither.
    if !path.contains(['.', '%']) {
        return false;
    }
    let once = encoded_once(&path.to_ascii_lowercase());
    let plain = once.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace("%3b", ";");
    // Java's servers drop what stands behind a semicolon before they look at the dots.
    let mut names = plain.split(['/', '\\']).filter_map(|segment| segment.split(';').next());
    names.any(|name| name == "." || name == "..")
}

/// Takes away every further encoding of a percent sign, for a proxy and a server that both decode.
fn encoded_once(path: &str) -> String {
    let mut parts = path.split('%');
    let mut once = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        once.push('%');
        once.push_str(part.trim_start_matches("25"));
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_a_plain_private_address() {
        for (name, text, good) in [
            ("graph", "https://graph.microsoft.com/v1.0", true),
            ("slash at the end", "https://graph.microsoft.com/v1.0/", true),
            ("an origin", "https://management.azure.com", true),
            ("loopback", "http://127.0.0.1:8080/v1.0", true),
            ("loopback, v6", "http://[::1]:8080", true),
            ("a port", "https://api.example:8443/x", true),
            ("upper case", "HTTPS://Graph.Microsoft.com", true),
            ("plain http", "http://graph.microsoft.com", false),
            ("almost loopback", "http://127.0.0.1.evil.example", false),
            ("another scheme", "file:///etc", false),
            ("relative", "/v1.0", false),
            ("empty", "", false),
            ("credentials", "https://user:pass@graph.microsoft.com", false),
            ("a name alone", "https://user@graph.microsoft.com", false),
            ("a query", "https://graph.microsoft.com/?a=b", false),
            ("a fragment", "https://graph.microsoft.com/#a", false),
            ("a climb", "https://graph.microsoft.com/v1.0/../beta", false),
            ("an encoded climb", "https://graph.microsoft.com/v1.0/%2e%2E/beta", false),
            ("a climb behind an encoded slash", "https://graph.microsoft.com/v1.0/x%2f..%2fbeta", false),
            ("backslashes", "https:\\\\graph.microsoft.com", false),
            ("a missing slash", "https:/graph.microsoft.com", false),
            ("a blank", "https://graph.microsoft.com/a b", false),
            ("a line break", "https://graph.micro\nsoft.com/", false),
        ] {
            let base = Base::parse(text);
            assert_eq!(base.is_ok(), good, "{name}: {base:?}");
            let shown = base.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!shown.contains("pass@") && !shown.contains("user"), "{name}: {shown}");
        }
    }

    #[test]
    fn a_request_goes_to_the_base_or_nowhere() {
        let base = Base::parse("https://graph.microsoft.com/v1.0").unwrap();
        for (name, uri, expected) in [
            ("below", "/me?$select=id", Some("https://graph.microsoft.com/v1.0/me?$select=id")),
            ("the root below", "/", Some("https://graph.microsoft.com/v1.0/")),
            ("whole", "https://graph.microsoft.com/v1.0/me", Some("https://graph.microsoft.com/v1.0/me")),
            ("the base itself", "https://graph.microsoft.com/v1.0", Some("https://graph.microsoft.com/v1.0")),
            ("default port", "https://graph.microsoft.com:443/v1.0/me", Some("https://graph.microsoft.com/v1.0/me")),
            ("upper case", "HTTPS://GRAPH.microsoft.com/v1.0/me", Some("https://graph.microsoft.com/v1.0/me")),
            ("another version", "https://graph.microsoft.com/beta/me", None),
            ("a longer segment", "https://graph.microsoft.com/v1.0evil/me", None),
            ("another host", "https://graph.microsoft.com.evil.example/v1.0/me", None),
            ("another port", "https://graph.microsoft.com:444/v1.0/me", None),
            ("plain http", "http://graph.microsoft.com/v1.0/me", None),
            ("credentials", "https://a:b@graph.microsoft.com/v1.0/me", None),
            ("the host as a name", "https://graph.microsoft.com@evil.example/v1.0/me", None),
            ("a climb", "https://graph.microsoft.com/v1.0/../beta", None),
            ("a climb below", "/users/../me", None),
            ("an encoded climb", "/users/%2E%2e/me", None),
            ("a climb behind an encoded slash", "/users/x%2f..%2F..%5cme", None),
            ("a climb that was encoded twice", "/users/%252e%25252E/me", None),
            ("a climb with a parameter", "/users/..;a=b/me", None),
            ("a climb with an encoded parameter", "/users/%2e.%3bx/me", None),
            (
                "dots that do not climb",
                "/a..b/...;x/%252e%252e%252e",
                Some("https://graph.microsoft.com/v1.0/a..b/...;x/%252e%252e%252e"),
            ),
            ("no scheme", "graph.microsoft.com:443", None),
            ("any", "*", None),
        ] {
            let resolved = base.resolve(&uri.parse().unwrap()).ok().map(|uri| uri.to_string());
            assert_eq!(resolved.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_link_is_followed_only_where_the_token_may_go() {
        let base = Base::parse("https://graph.microsoft.com/v1.0").unwrap();
        let long = format!("https://graph.microsoft.com/v1.0/{}", "x".repeat(LONGEST_LINK));
        for (name, link, good) in [
            ("graph's", "https://graph.microsoft.com/v1.0/users?$skiptoken=RFN%20pdA", true),
            ("odd characters", "https://graph.microsoft.com/v1.0/users?$filter=a eq 'ä|b'", true),
            ("dots in a query", "https://graph.microsoft.com/v1.0/users?a=/../", true),
            ("relative", "/v1.0/users", false),
            ("another host", "https://evil.example/v1.0/users", false),
            ("no scheme", "//evil.example/v1.0/users", false),
            ("plain http", "http://graph.microsoft.com/v1.0/users", false),
            ("another path", "https://graph.microsoft.com/beta/users", false),
            ("a climb", "https://graph.microsoft.com/v1.0/../beta/users", false),
            ("backslashes", "https:\\\\graph.microsoft.com\\v1.0\\..\\beta", false),
            ("credentials", "https://graph.microsoft.com:x@evil.example/v1.0/", false),
            ("metadata service", "http://169.254.169.254/metadata/identity", false),
            ("a script", "javascript:alert(1)", false),
            ("empty", "", false),
            ("endless", &long, false),
        ] {
            let link = base.link(link);
            assert_eq!(link.is_ok(), good, "{name}: {link:?}");
            assert!(link.is_err() || link.unwrap().host() == Some("graph.microsoft.com"), "{name}");
        }
    }
}
