//! Which proxy a request goes through, for those who have to explain why it failed.

use std::fmt;

use base64::prelude::*;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

/// A proxy, and the variable that names it.
///
/// Its password is neither printed nor returned, but as the header that the proxy reads.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyHop {
    pub(super) variable: &'static str,
    pub(super) url: Url,
}

impl ProxyHop {
    /// Returns the variable that names it.
    #[must_use]
    pub const fn variable(&self) -> &'static str {
        self.variable
    }

    /// Tells whether it is spoken to over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns its host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(host)
    }

    /// Returns its port; the scheme's own where none is named.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// Tells whether the variable holds a name or a password.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// Returns `Proxy-Authorization` (RFC 7617), marked as sensitive; none without credentials.
    #[must_use]
    pub fn authorization(&self) -> Option<HeaderValue> {
        if !self.has_credentials() {
            return None;
        }
        let plain = |text| percent_decode_str(text).collect::<Vec<u8>>();
        let pair = [plain(self.url.username()), plain(self.url.password().unwrap_or_default())].join(&b':');
        let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for ProxyHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyHop")
            .field("variable", &self.variable)
            .field("host", &self.host())
            .field("port", &self.port())
            .field("has_credentials", &self.has_credentials())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Egress;

    fn egress(variables: &[(&str, &str)]) -> Egress {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Egress::from_variables(lookup).unwrap()
    }

    #[test]
    fn an_address_goes_through_the_proxy_of_its_scheme_unless_it_is_excepted() {
        let both = [
            ("HTTPS_PROXY", "http://one.corp:3128"),
            ("http_proxy", "http://two.corp"),
            ("NO_PROXY", "*.private.example,10.0.0.0/8"),
        ];
        for (url, expected) in [
            ("https://login.microsoftonline.com/", Some(("HTTPS_PROXY", "one.corp", 3128))),
            ("http://api.example/", Some(("http_proxy", "two.corp", 80))),
            ("https://vault.private.example/", None),
            ("https://10.1.2.3/", None),
            ("https://127.0.0.1:8443/", None),
            ("http://169.254.169.254/metadata", None),
        ] {
            let egress = egress(&both);
            let hop = egress.proxy_for(&url.parse().unwrap());
            let hop = hop.map(|hop| (hop.variable(), hop.host(), hop.port()));
            assert_eq!(hop, expected, "{url}");
        }
        assert_eq!(egress(&both).exceptions(), "private.example,10.0.0.0/8");
        assert_eq!(egress(&[]).proxy_for(&"https://a.example".parse().unwrap()), None);
    }

    #[test]
    fn the_password_is_only_in_the_header() {
        let egress = egress(&[("HTTPS_PROXY", "https://svc:p%40ss@proxy.corp:8443")]);
        let hop = egress.proxy_for(&"https://a.example".parse().unwrap()).unwrap();
        let header = hop.authorization().unwrap();
        assert_eq!(header.to_str().unwrap(), format!("Basic {}", BASE64_STANDARD.encode("svc:p@ss")));
        assert!(hop.is_https() && header.is_sensitive());
        let text = format!("{hop:?} {egress:?}");
        assert!(!text.contains("p%40ss") && !text.contains("p@ss") && !text.contains("svc"), "{text}");
    }
}
