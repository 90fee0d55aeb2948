//! Entra's own judgement of redirect URIs: registered strings, with its rules for loopback.

use url::Url;

use crate::tenant::{App, Redirect};

/// Finds the registration that a requested redirect URI matches.
///
/// `http` is for `localhost` and `127.0.0.1` only, where the port does not count; everything else is compared as it stands,
/// the path with its case.
pub(crate) fn registered<'a>(app: &'a App, asked: &str) -> Option<&'a Redirect> {
    app.redirects.iter().find(|known| known.uri == asked || matches_loopback(&known.uri, asked))
}

/// Spells a redirect URI as it is sent: one without a path gets a slash.
pub(crate) fn target(asked: &str) -> Option<Url> {
    Url::parse(asked).ok()
}

fn matches_loopback(known: &str, asked: &str) -> bool {
    let (Ok(known), Ok(asked)) = (Url::parse(known), Url::parse(asked)) else { return false };
    let loopback = matches!(known.host_str(), Some("localhost" | "127.0.0.1"));
    loopback
        && known.scheme() == "http"
        && asked.scheme() == "http"
        && known.host_str() == asked.host_str()
        && known.path() == asked.path()
        && asked.query() == known.query()
        && asked.fragment().is_none()
        && asked.username().is_empty()
        && asked.password().is_none()
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
            ("http://localhost/callback?x", false),
            ("http://[::1]/callback", false),
            ("https://localhost/callback", false),
            ("http://localhost.evil.example/callback", false),
            ("http://localhost@evil.example/callback", false),
            ("http://u@localhost/callback", false),
            ("http://localhost/callback#f", false),
            ("nonsense", false),
        ] {
            assert_eq!(registered(&app, asked).is_some(), good, "{asked}");
        }
    }
}
