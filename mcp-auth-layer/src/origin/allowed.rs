//! The lists, and the decision.

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{HOST, ORIGIN},
};
use url::{Position, Url};

use super::authority::Authority;
use crate::{config::ConfigError, fetch::is_loopback, redirect::LoopbackHost, reject::OriginFault};

/// The hosts that are this service, and the origins whose pages may call it.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    /// What a missing port means: the default of the base URL's scheme, which is how clients came here.
    default_port: u16,
    hosts: Vec<Authority>,
    origins: Vec<Box<str>>,
}

impl Allowed {
    /// Allows a service's own hosts and origins.
    pub(super) fn own(base_url: &str) -> Result<Self, ConfigError> {
        let base = read_origin("base URL", base_url)?;
        let default_port = if base.scheme() == "https" { 443 } else { 80 };
        let mut allowed = Self { default_port, hosts: Vec::new(), origins: Vec::new() };
        let own = &base[Position::BeforeHost..Position::AfterHost];
        let port = &base[Position::AfterHost..Position::AfterPort];
        // The three names of this machine are one service; which of them a page or a client uses is its taste.
        let hosts = match LoopbackHost::spelt(own) {
            Some(_) => LoopbackHost::ALL.map(LoopbackHost::as_str).to_vec(),
            None => vec![own],
        };
        for host in hosts {
            allowed.add_host(&format!("{host}{port}"))?;
            allowed.add_origin(&format!("{}://{host}{port}", base.scheme()))?;
        }
        Ok(allowed)
    }

    pub(super) fn add_host(&mut self, text: &str) -> Result<(), ConfigError> {
        let why = "it must be one host, with its port if that is not the default: no wildcard, no scheme, no path";
        let host = Authority::read(text, self.default_port).ok_or_else(|| refuse("allowed host", text, why))?;
        self.hosts.push(host);
        Ok(())
    }

    pub(super) fn add_origin(&mut self, text: &str) -> Result<(), ConfigError> {
        read_origin("allowed origin", text)?;
        self.origins.push(text.into());
        Ok(())
    }

    /// Judges the head of a request; the host first, because for another host no origin is good.
    pub(super) fn judge(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), OriginFault> {
        let host = self.host(uri, headers)?;
        if !self.hosts.contains(&host) {
            return Err(OriginFault::Host);
        }
        match at_most_one(headers.get_all(ORIGIN).iter(), OriginFault::SeveralOrigins)? {
            Some(given) if !self.origins.iter().any(|origin| given.as_bytes() == origin.as_bytes()) => {
                Err(OriginFault::Origin)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Finds the one host that a request names, in one place or in two.
    fn host(&self, uri: &Uri, headers: &HeaderMap) -> Result<Authority, OriginFault> {
        let read = |text: &str| Authority::read(text, self.default_port).ok_or(OriginFault::MalformedHost);
        let header = at_most_one(headers.get_all(HOST).iter(), OriginFault::SeveralHosts)?;
        let header = header.map(|value| read(value.to_str().unwrap_or_default())).transpose()?;
        let target = uri.authority().map(|authority| read(authority.as_str())).transpose()?;
        match (header, target) {
            (Some(one), Some(other)) if one != other => Err(OriginFault::SeveralHosts),
            (Some(host), _) | (None, Some(host)) => Ok(host),
            (None, None) => Err(OriginFault::NoHost),
        }
    }
}

/// Which of two headers would the next reader believe?
fn at_most_one<'a>(
    mut values: impl Iterator<Item = &'a HeaderValue>,
    several: OriginFault,
) -> Result<Option<&'a HeaderValue>, OriginFault> {
    let first = values.next();
    if values.next().is_some() { Err(several) } else { Ok(first) }
}

/// Reads an origin that is spelled as browsers send it (RFC 6454 section 6.2), since it is compared as it stands.
fn read_origin(what: &'static str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|_| refuse(what, text, "it is not a URL"))?;
    let local = url.scheme() == "http" && url.host_str().is_some_and(is_loopback);
    if url.scheme() != "https" && !local {
        return Err(refuse(what, text, "it must be https, or http on loopback"));
    }
    if url.origin().ascii_serialization() != text {
        let why = "it must be spelled as browsers send it: lower case, no default port, no user, no path, no slash at the end";
        return Err(refuse(what, text, why));
    }
    match Authority::read(&url[Position::BeforeHost..Position::AfterPort], 0) {
        Some(_) => Ok(url),
        None => Err(refuse(what, text, "its host must be one name or address: no wildcard, no trailing dot")),
    }
}

/// Repeats what was given, but not what stands before an `@`, which may be a password.
fn refuse(what: &'static str, given: &str, why: &'static str) -> ConfigError {
    let given = given.rsplit_once('@').map_or_else(|| given.to_owned(), |(_, rest)| format!("…@{rest}"));
    ConfigError::Url { what, given, why }
}
