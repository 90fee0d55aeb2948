//! Entra's own judgement of redirect URIs: registered strings, with its rules for loopback.

use url::Url;

use crate::tenant::{App, Platform, Redirect};

/// Finds the registration that a requested redirect URI matches.
///
/// Everything is compared as it stands, the path with its case. Only the port does not count, on `http` loopback; and a
/// lone slash is the same as no path.
pub(crate) fn registered<'a>(app: &'a App, asked: &str) -> Option<&'a Redirect> {
    app.redirects.iter().filter(|known| is_allowed(known)).find(|known| match (loopback(&known.uri), loopback(asked)) {
        (Some(known), Some(asked)) => known == asked,
        _ => known.uri == asked,
    })
}

/// Spells a redirect URI as it is sent: one without a path gets a slash.
pub(crate) fn target(asked: &str) -> Option<Url> {
    Url::parse(asked).ok()
}

/// Tells whether Entra would register it: `http` for two loopback names only, other schemes for installed apps only.
fn is_allowed(redirect: &Redirect) -> bool {
    match redirect.uri.split_once(':') {
        Some(("https", _)) => true,
        Some(("http", _)) => loopback(&redirect.uri).is_some(),
        Some(_) => redirect.platform == Platform::PublicClient,
        None => false,
    }
}

/// Splits an `http` loopback URI into host and what follows the port.
fn loopback(uri: &str) -> Option<(&'static str, &str)> {
    ["localhost", "127.0.0.1"].into_iter().find_map(|host| {
        let rest = uri.strip_prefix("http://")?.strip_prefix(host)?;
        let path = match rest.strip_prefix(':') {
            Some(port) => port.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest,
        };
        (path.is_empty() || path.starts_with(['/', '?'])).then_some((host, if path == "/" { "" } else { path }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_free_on_loopback_and_nothing_else_is() {
        let app = App::client();
        for (asked, good) in [
            ("http://localhost", true),
            ("http://localhost:8400", true),
            ("http://localhost:8400/", true),
            ("http://localhost:1/callback", true),
            ("http://127.0.0.1:9/callback", true),
            ("http://localhost/Callback", false),
            ("http://localhost/callback/", false),
            ("http://localhost/callback?x", false),
            ("http://localhost/x/../callback", false),
            ("http://localhost/%63allback", false),
            ("http://LOCALHOST/callback", false),
            ("http://[::1]/callback", false),
            ("https://localhost/callback", false),
            ("http://localhost.evil.example/callback", false),
            ("http://localhost:80@evil.example/callback", false),
            ("http://localhost@evil.example/callback", false),
            ("http://u@localhost/callback", false),
            ("http://localhost/callback#f", false),
            ("nonsense", false),
        ] {
            assert_eq!(registered(&app, asked).is_some(), good, "{asked}");
        }
    }

    #[test]
    fn what_entra_does_not_register_matches_nothing() {
        for (platform, uri, good) in [
            (Platform::Web, "https://app.example/cb", true),
            (Platform::Web, "http://app.example/cb", false),
            (Platform::Web, "http://[::1]/cb", false),
            (Platform::Web, "myapp://cb", false),
            (Platform::PublicClient, "myapp://cb", true),
        ] {
            let app = App { redirects: vec![Redirect::new(platform, uri)], ..App::client() };
            assert_eq!(registered(&app, uri).is_some(), good, "{platform:?} {uri}");
        }
    }
}
