//! Which proxy a request takes.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::route::ProxyHop;
use crate::config::ConfigError;

/// The proxies of one client.
#[derive(Clone, Debug, Default)]
pub(super) enum Proxies {
    /// What the client library finds in the process's environment, and in the system's settings on macOS and Windows.
    #[default]
    System,
    Given(Box<Given>),
}

/// Proxies that were checked; the URLs may hold passwords.
#[derive(Clone, Default)]
pub(super) struct Given {
    http: Option<ProxyHop>,
    https: Option<ProxyHop>,
    except: String,
}

impl Proxies {
    /// Reads the variables that curl and most others know.
    pub(super) fn from_variables(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // Under CGI a client sets `HTTP_PROXY` by a header `Proxy` (CVE-2016-5385); the lower spelling is out of its reach.
        let http: &[_] =
            if lookup("REQUEST_METHOD").is_some() { &["http_proxy"] } else { &["HTTP_PROXY", "http_proxy"] };
        let proxy = |names: &[&'static str]| first(lookup, names).map(|(name, text)| hop(name, &text)).transpose();
        let all = proxy(&["ALL_PROXY", "all_proxy"])?;
        Ok(Self::Given(Box::new(Given {
            http: proxy(http)?.or_else(|| all.clone()),
            https: proxy(&["HTTPS_PROXY", "https_proxy"])?.or(all),
            except: first(lookup, &["NO_PROXY", "no_proxy"]).map(|(_, list)| exceptions(&list)).unwrap_or_default(),
        })))
    }

    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, reqwest::Error> {
        let Self::Given(given) = self else { return Ok(builder) };
        let except = reqwest::NoProxy::from_string(&given.except);
        let mut builder = builder.no_proxy();
        if let Some(hop) = &given.http {
            builder = builder.proxy(reqwest::Proxy::http(hop.url.as_str())?.no_proxy(except.clone()));
        }
        if let Some(hop) = &given.https {
            builder = builder.proxy(reqwest::Proxy::https(hop.url.as_str())?.no_proxy(except));
        }
        Ok(builder)
    }

    /// Returns the proxy that a request to this address goes through.
    pub(super) fn hop(&self, url: &Url) -> Option<&ProxyHop> {
        let Self::Given(given) = self else { return None };
        let hop = if url.scheme() == "https" { given.https.as_ref() } else { given.http.as_ref() };
        // The client library's own matcher, so that this cannot say otherwise than what happens.
        let matcher = Matcher::builder().all("http://proxy.invalid").no(given.except.as_str()).build();
        let is_proxied = || url.as_str().parse().is_ok_and(|uri| matcher.intercept(&uri).is_some());
        hop.filter(|_| !is_here(url) && is_proxied())
    }

    /// Returns the hosts that are reached without a proxy, as they were understood.
    pub(super) fn exceptions(&self) -> &str {
        match self {
            Self::System => "",
            Self::Given(given) => &given.except,
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |hop: &Option<ProxyHop>| hop.as_ref().map(|hop| hop.host().to_owned());
        f.debug_struct("Given")
            .field("http", &host(&self.http))
            .field("https", &host(&self.https))
            .field("except", &self.except)
            .finish()
    }
}

/// Tells whether a proxy must never see a request to this host, whatever the variables say.
///
/// A proxy would look for the host on *its* machine or its link, with our token in hand: loopback (RFC 1122 3.2.1.3, RFC 4291
/// 2.5.3) and link-local addresses (RFC 3927 2.7, RFC 4291 2.5.6), 169.254.169.254 with the instance's metadata among them.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => super::is_loopback(name.trim_end_matches('.')),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Some(url::Host::Ipv6(ip)) => match ip.to_ipv4_mapped() {
            Some(ip) => ip.is_loopback() || ip.is_link_local(),
            None => ip.is_loopback() || ip.is_unicast_link_local(),
        },
        None => false,
    }
}

/// Returns the first variable that is set; a blank one counts as unset.
fn first(lookup: &dyn Fn(&str) -> Option<String>, names: &[&'static str]) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| {
        let text = lookup(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| (*name, text.to_owned()))
    })
}

fn hop(variable: &'static str, text: &str) -> Result<ProxyHop, ConfigError> {
    let refused = |why| ConfigError::Proxy { variable, why };
    // `proxy.corp:8080` would be a URL with the scheme `proxy.corp`.
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    let url = url.map_err(|_| refused("it is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("only http and https proxies are supported"));
    }
    // A slash in a password ends the host early: what is before it would be taken for the proxy, and shown.
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it has more than a host and a port; write / ? # in a password as %2F %3F %23"));
    }
    Ok(ProxyHop { variable, url })
}

/// Writes the list as the client library reads it: a name stands for its subdomains, and `*.` before one matches nothing.
fn exceptions(list: &str) -> String {
    let entries = list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| entry.strip_prefix("*.").unwrap_or(entry)).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Given, ConfigError> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        match Proxies::from_variables(&lookup)? {
            Proxies::Given(given) => Ok(*given),
            Proxies::System => unreachable!("variables were given"),
        }
    }

    #[test]
    fn both_spellings_of_each_variable_are_read() {
        let url = |port| Some(format!("http://proxy.corp:{port}/").parse::<Url>().unwrap());
        for (name, variables, http, https) in [
            ("none", &[][..], None, None),
            ("https", &[("HTTPS_PROXY", "http://proxy.corp:1")], None, url(1)),
            ("https, lower", &[("https_proxy", "http://proxy.corp:1")], None, url(1)),
            ("http", &[("HTTP_PROXY", "http://proxy.corp:1")], url(1), None),
            ("http, lower", &[("http_proxy", "http://proxy.corp:1")], url(1), None),
            ("all", &[("ALL_PROXY", "http://proxy.corp:1")], url(1), url(1)),
            ("all, lower", &[("all_proxy", "http://proxy.corp:1")], url(1), url(1)),
            ("without a scheme", &[("HTTPS_PROXY", "proxy.corp:1")], None, url(1)),
            ("own before all", &[("ALL_PROXY", "proxy.corp:1"), ("https_proxy", "proxy.corp:2")], url(1), url(2)),
            ("upper before lower", &[("https_proxy", "proxy.corp:1"), ("HTTPS_PROXY", "proxy.corp:2")], None, url(2)),
            ("blank is unset", &[("HTTPS_PROXY", "  "), ("https_proxy", "proxy.corp:1")], None, url(1)),
            ("CGI", &[("HTTP_PROXY", "proxy.corp:1"), ("REQUEST_METHOD", "GET")], None, None),
            ("CGI, lower", &[("http_proxy", "proxy.corp:1"), ("REQUEST_METHOD", "GET")], url(1), None),
            ("CGI, https", &[("HTTPS_PROXY", "proxy.corp:1"), ("REQUEST_METHOD", "GET")], None, url(1)),
        ] {
            let given = read(variables).unwrap();
            let url = |hop: Option<ProxyHop>| hop.map(|hop| hop.url);
            assert_eq!((url(given.http), url(given.https)), (http, https), "{name}");
        }
    }

    #[test]
    fn a_malformed_proxy_is_refused_by_its_variable_and_without_its_password() {
        for (name, value) in [
            ("HTTPS_PROXY", "http://svc:hunter2@"),
            ("https_proxy", "http://svc:hunter2@proxy.corp:99999"),
            ("HTTP_PROXY", "svc:hunter2@pro xy"),
            ("http_proxy", "http://svc:hunter2@[::1"),
            ("HTTPS_PROXY", "http://svc:1234/hunter2@proxy.corp:8080"),
            ("HTTPS_PROXY", "http://svc:1234?hunter2@proxy.corp:8080"),
            ("HTTPS_PROXY", "http://svc:1234#hunter2@proxy.corp:8080"),
            ("ALL_PROXY", "socks5://svc:hunter2@proxy.corp:1080"),
            ("all_proxy", "ftp://svc:hunter2@proxy.corp"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(name), "{name}: {text}");
            assert!(!text.contains("hunter2") && !text.contains("svc"), "{name}: {text}");
        }
    }

    #[test]
    fn a_proxys_password_is_not_shown() {
        let given = read(&[("ALL_PROXY", "http://svc:hunter2@proxy.corp:8080")]).unwrap();
        let text = format!("{:?}", Proxies::Given(Box::new(given)));
        assert!(text.contains("proxy.corp") && !text.contains("hunter2") && !text.contains("svc"), "{text}");
    }

    #[test]
    fn exceptions_are_written_as_the_client_reads_them() {
        for (list, written) in [
            ("", ""),
            ("a.corp, 10.0.0.0/8 ,.b.corp", "a.corp,10.0.0.0/8,.b.corp"),
            ("*.corp b.corp", "corp,b.corp"),
            ("*", "*"),
            (",,", ""),
        ] {
            assert_eq!(exceptions(list), written, "{list}");
        }
    }

    #[test]
    fn no_proxy_sees_loopback_or_the_metadata_service() {
        for (url, here) in [
            ("http://127.0.0.1:9/", true),
            ("https://127.255.0.9/", true),
            ("http://[::1]/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("https://localhost:8443/", true),
            ("https://LOCALHOST./", true),
            ("https://2130706433/", true),
            ("https://0x7f.1/", true),
            ("https://169.254.169.254/metadata/identity", true),
            ("https://169.254.129.7:8081/msi/token", true),
            ("https://[::ffff:169.254.169.254]/", true),
            ("https://[fe80::1]/", true),
            ("https://login.microsoftonline.com/", false),
            ("https://localhost.evil.example/", false),
            ("https://127.0.0.1.evil.example/", false),
            ("https://168.63.129.16/", false),
            ("https://10.0.0.4/", false),
            ("https://[2001:db8::1]/", false),
        ] {
            assert_eq!(is_here(&url.parse().unwrap()), here, "{url}");
        }
    }
}
