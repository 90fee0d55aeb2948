//! Where an answer is sent, as far as a person and the rules of consent are concerned.

use mcp_auth_layer::{
    fetch::is_loopback,
    redirect::{RedirectAllowlist, RedirectRule},
};
use url::{Host, Url};

/// The Power Platform's consent gateway, the one rule of the catalogue that names no URI.
const CONSENT_GATEWAY: &str = "global.consent.azure-apim.net";

/// What a redirect URI leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Destination {
    /// Some program on the person's own computer: any of them can listen there (RFC 8252 section 8.6).
    Loopback {
        /// As it is spelled.
        host: Box<str>,
    },
    /// A website.
    Web {
        /// The host, and the port if it is not the usual one.
        host: Box<str>,
        sharing: Sharing,
    },
    /// An app that took this scheme for its own, as any app can.
    App { scheme: Box<str> },
}

/// Whether one address serves the people of one client, or of a whole service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Sharing {
    OneClient,
    /// All users of a service arrive there, so a link with somebody else's `state` may tie this person's account to his.
    ManyPeople,
}

impl Destination {
    /// Reads a redirect URI that was allowed already.
    ///
    /// What the allowlist would never allow is taken for what is trusted least.
    pub(in crate::proxy) fn of(redirect: &str) -> Self {
        let Ok(url) = Url::parse(redirect) else {
            let scheme = redirect.split_once(':').map_or("", |(scheme, _)| scheme);
            return Self::App { scheme: scheme.into() };
        };
        let host = url.host_str().unwrap_or_default();
        match (url.scheme(), url.host()) {
            ("http" | "https", _) if is_loopback(host) => Self::Loopback { host: host.into() },
            ("https", Some(Host::Domain(host))) => Self::Web { host: with_port(&url, host), sharing: sharing(host) },
            ("http" | "https", _) => Self::Web { host: with_port(&url, host), sharing: Sharing::ManyPeople },
            (scheme, _) => Self::App { scheme: scheme.into() },
        }
    }

    /// Returns the host, or the scheme of an app.
    pub(in crate::proxy) fn host(&self) -> &str {
        match self {
            Self::Loopback { host } | Self::Web { host, .. } => host,
            Self::App { scheme } => scheme,
        }
    }

    /// Tells whether many people of one service arrive here.
    pub(in crate::proxy) fn is_shared(&self) -> bool {
        matches!(self, Self::Web { sharing: Sharing::ManyPeople, .. })
    }
}

fn with_port(url: &Url, host: &str) -> Box<str> {
    url.port().map_or_else(|| host.into(), |port| format!("{host}:{port}").into())
}

/// Every website of the allowlist's catalogue is a service with many people; what an operator lists himself is his own.
///
/// Hosts below theirs count as theirs: that errs towards asking.
fn sharing(host: &str) -> Sharing {
    let is_theirs = |known: &str| {
        let known = known.strip_prefix("www.").unwrap_or(known);
        host.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    if catalogue().iter().any(|known| is_theirs(known)) { Sharing::ManyPeople } else { Sharing::OneClient }
}

fn catalogue() -> &'static [Box<str>] {
    static HOSTS: std::sync::OnceLock<Box<[Box<str>]>> = std::sync::OnceLock::new();
    HOSTS.get_or_init(|| {
        let names: Vec<_> = RedirectAllowlist::catalogue().iter().map(|known| known.name()).collect();
        let known = RedirectAllowlist::parse_list(&names.join(",")).expect("the catalogue's own names are known");
        known.rules().iter().filter_map(website).collect()
    })
}

/// Returns the host of a rule that allows a website.
fn website(rule: &RedirectRule) -> Option<Box<str>> {
    if *rule == RedirectRule::CopilotStudio {
        return Some(CONSENT_GATEWAY.into());
    }
    let url = Url::parse(&rule.to_string()).ok().filter(|url| url.scheme() == "https")?;
    url.host_str().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(host: &str, sharing: Sharing) -> Destination {
        Destination::Web { host: host.into(), sharing }
    }

    #[test]
    fn a_redirect_leads_to_a_computer_a_website_or_an_app() {
        use Sharing::{ManyPeople, OneClient};
        let loopback = |host: &str| Destination::Loopback { host: host.into() };
        let app = |scheme: &str| Destination::App { scheme: scheme.into() };
        for (redirect, expected) in [
            ("http://127.0.0.1:33418/", loopback("127.0.0.1")),
            ("http://localhost:8400/", loopback("localhost")),
            ("http://[::1]:1/cb", loopback("[::1]")),
            ("https://localhost:1/cb", loopback("localhost")),
            ("cursor://anysphere.cursor-mcp/oauth/callback", app("cursor")),
            ("https://app.contoso.com/cb", web("app.contoso.com", OneClient)),
            ("https://app.contoso.com:8443/cb", web("app.contoso.com:8443", OneClient)),
            ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect", web("teams.microsoft.com", ManyPeople)),
            ("https://chatgpt.com/connector/oauth/abc", web("chatgpt.com", ManyPeople)),
            ("https://global.consent.azure-apim.net/redirect/x-1", web(CONSENT_GATEWAY, ManyPeople)),
            ("https://eu.chatgpt.com/x", web("eu.chatgpt.com", ManyPeople)),
            ("https://cursor.com/x", web("cursor.com", ManyPeople)),
            ("https://notchatgpt.com/x", web("notchatgpt.com", OneClient)),
            ("https://chatgpt.com.contoso.com/x", web("chatgpt.com.contoso.com", OneClient)),
            ("http://app.contoso.com/cb", web("app.contoso.com", ManyPeople)),
            ("https://10.0.0.1/cb", web("10.0.0.1", ManyPeople)),
            ("nothing", app("")),
        ] {
            assert_eq!(Destination::of(redirect), expected, "{redirect}");
        }
    }

    #[test]
    fn every_website_of_the_catalogue_is_shared() {
        for known in RedirectAllowlist::catalogue() {
            let named = RedirectAllowlist::parse_list(known.name()).unwrap();
            for uri in named.rules().iter().map(ToString::to_string).filter(|rule| rule.contains(':')) {
                assert_eq!(Destination::of(&uri).is_shared(), uri.starts_with("https:"), "{uri}");
            }
        }
        let gateway = format!("https://{CONSENT_GATEWAY}/redirect/my-connector");
        assert!(
            RedirectAllowlist::parse_list("copilot-studio").unwrap().check(&gateway).is_ok(),
            "the host is the rule's"
        );
    }
}
