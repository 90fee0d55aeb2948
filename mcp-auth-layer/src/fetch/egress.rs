//! How requests leave this machine.

use std::path::Path;

use base64::prelude::*;
use url::Url;

use super::{
    proxies::Proxies,
    roots::{self, Roots},
    route::ProxyHop,
};
use crate::config::ConfigError;

/// The proxies and the additional CAs of the ready-made client.
///
/// No proxy ever sees a request to loopback or to a link-local address such as the metadata service's 169.254.169.254, whatever
/// is configured. Certificate authorities are added to the system's, unless [`trusting_only`](Self::trusting_only) leaves those out.
///
/// # Defaults
/// The proxies that the process's environment names, as `reqwest` reads it, and the system's CAs with those of `SSL_CERT_FILE`
/// and `SSL_CERT_DIR`. `reqwest` passes over a proxy variable that it cannot read, and over all of them under CGI, and
/// connects without one; services should prefer [`from_variables`](Self::from_variables), which says so at start.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    pub(super) proxies: Proxies,
    pub(super) roots: Roots,
}

impl Egress {
    /// Reads the usual variables through `lookup`, and refuses what is wrong in them.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `HTTPS_PROXY`, `HTTP_PROXY` | the proxy of https and http addresses; without a scheme it is spoken to in plain http |
    /// | `ALL_PROXY` | the proxy where the one above is not set |
    /// | `NO_PROXY` | hosts with their subdomains, addresses and CIDR ranges that are reached directly; `*` is all |
    /// | `SSL_CERT_FILE` | a file with CA certificates in PEM form, trusted besides the system's |
    /// | `SSL_CERT_DIR` | folders with such files |
    ///
    /// The proxy variables are read in upper case, then in lower case, and a blank one counts as unset. `HTTP_PROXY` is not
    /// read where `REQUEST_METHOD` is set: under CGI a client could set it.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`] names a variable that holds no proxy of http or https, and never shows its value.
    /// [`ConfigError::Roots`] names a path that is missing, unreadable, or holds no CA certificate.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_layer::fetch::{Egress, FetchLimits, HttpClient};
    ///
    /// let variables = |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy.corp.example:8080".to_owned());
    /// let egress = Egress::from_variables(variables)?;
    /// let http = HttpClient::reqwest_through(FetchLimits::default(), &egress)?;
    /// # Ok::<(), mcp_auth_layer::config::ConfigError>(())
    /// ```
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let mut roots = Roots::default();
        if let Some(path) = set("SSL_CERT_FILE") {
            roots.add_file("SSL_CERT_FILE", Path::new(&path))?;
        }
        for folder in set("SSL_CERT_DIR").iter().flat_map(|list| roots::folders(list)) {
            roots.add_folder("SSL_CERT_DIR", &folder)?;
        }
        Ok(Self { proxies: Proxies::from_variables(&lookup)?, roots })
    }

    /// Adds CA certificates in PEM form.
    ///
    /// # Errors
    /// [`ConfigError::Roots`] when there is none in it, or one that cannot be read.
    pub fn add_roots(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        self.roots.add_pem(pem)?;
        Ok(self)
    }

    /// Returns the proxy that a request to this address goes through, if it does.
    ///
    /// None for the proxies of the process's environment, which only the client library knows.
    #[must_use]
    pub fn proxy_for(&self, url: &Url) -> Option<&ProxyHop> {
        self.proxies.hop(url)
    }

    /// Returns the hosts that are reached directly, as `NO_PROXY` was understood.
    #[must_use]
    pub fn exceptions(&self) -> &str {
        self.proxies.exceptions()
    }

    /// Trusts these certificates in PEM form and no others, not even the system's.
    ///
    /// For a host whose certificate no public authority has issued, and which is known by another way. The proxies stay.
    ///
    /// # Errors
    /// As of [`add_roots`](Self::add_roots).
    pub fn trusting_only(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        self.roots = Roots::alone(pem)?;
        Ok(self)
    }

    /// Returns every CA that is trusted, the system's included, in PEM form.
    ///
    /// For connections that this crate does not make, such as one to Redis. The files are read at the call.
    ///
    /// # Errors
    /// [`ConfigError::HttpClient`] when the system's CAs cannot be read, or there are none.
    pub fn trusted_roots(&self) -> Result<String, ConfigError> {
        Ok(self.roots.all()?.iter().map(|certificate| to_pem(certificate)).collect())
    }
}

fn to_pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(der))
}
