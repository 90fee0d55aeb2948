//! Where a vault is, and what may be asked of it there.

use http::Uri;
use mcp_auth_layer::{cloud::Cloud, config::ConfigError, fetch::is_loopback};
use url::{Origin, Url};

use super::VaultError;
use crate::Target;

const API_VERSION: &str = "7.4";

/// A vault that may be shown a token.
#[derive(Clone, Debug)]
pub(super) struct VaultAddress {
    origin: Origin,
    target: Target,
}

/// The name of something in a vault, and one version of it, or whichever is the newest.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) name: Box<str>,
    pub(super) version: Option<Box<str>>,
}

impl VaultAddress {
    /// Checks that it is a vault of this cloud: a token for vaults must reach nobody else.
    pub(super) fn new(url: &str, cloud: Cloud) -> Result<Self, ConfigError> {
        // What stands before an `@` may be a password.
        let given = url.rsplit('@').next().unwrap_or_default();
        let refused = |why| ConfigError::Url { what: "Key Vault", given: given.to_owned(), why };
        let unknown = || refused("the addresses of this cloud's vaults are not published");
        let (suffix, _) = place(cloud).ok_or_else(unknown)?;
        let parsed = Url::parse(url.trim()).map_err(|_| refused("it is no URL"))?;
        let host = parsed.host_str().unwrap_or_default();
        if !is_bare(&parsed) || parsed.path() != "/" {
            return Err(refused("it must be a scheme and host, such as https://name.vault.azure.net"));
        }
        let is_vault = parsed.scheme() == "https" && parsed.port().is_none() && host.ends_with(suffix);
        if !is_vault && !is_loopback(host) {
            return Err(refused("it is not https at a vault's host in this cloud (vault.azure.net and its like)"));
        }
        Ok(Self { origin: parsed.origin(), target: target_in(cloud).ok_or_else(unknown)? })
    }

    /// Returns what a token is asked for.
    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn secret(&self, item: &Item) -> Result<Uri, VaultError> {
        self.uri("secrets", &item.name, item.version.as_deref(), "")
    }

    pub(super) fn certificate(&self, item: &Item) -> Result<Uri, VaultError> {
        self.uri("certificates", &item.name, item.version.as_deref(), "")
    }

    /// Returns where a key signs, if its id is of this vault.
    pub(super) fn sign(&self, kid: &str) -> Result<Uri, VaultError> {
        let foreign = || VaultError::Answer { why: "the certificate's key is not a key of the same vault" };
        let parsed = Url::parse(kid).map_err(|_| foreign())?;
        if parsed.origin() != self.origin || !is_bare(&parsed) {
            return Err(foreign());
        }
        match parsed.path_segments().map(Iterator::collect::<Vec<_>>).as_deref() {
            Some(["keys", name, version]) if is_name(name) && is_name(version) => {
                self.uri("keys", name, Some(version), "/sign")
            }
            _ => Err(foreign()),
        }
    }

    fn uri(&self, collection: &str, name: &str, version: Option<&str>, verb: &str) -> Result<Uri, VaultError> {
        let version = version.map(|version| format!("/{version}")).unwrap_or_default();
        let text = format!(
            "{}/{collection}/{name}{version}{verb}?api-version={API_VERSION}",
            self.origin.ascii_serialization()
        );
        text.parse().map_err(|_| VaultError::Answer { why: "no address can be made of a name in it" })
    }
}

impl Item {
    pub(super) fn new(name: &str) -> Result<Self, ConfigError> {
        Ok(Self { name: checked("a Key Vault name", name)?, version: None })
    }

    pub(super) fn with_version(self, version: &str) -> Result<Self, ConfigError> {
        Ok(Self { version: Some(checked("a Key Vault version", version)?), ..self })
    }
}

fn checked(what: &'static str, given: &str) -> Result<Box<str>, ConfigError> {
    let trimmed = given.trim();
    if is_name(trimmed) {
        Ok(trimmed.into())
    } else {
        Err(ConfigError::Url { what, given: given.to_owned(), why: "it has other characters than letters, digits, -" })
    }
}

/// Names are letters, digits and hyphens, up to 127; so are versions.
fn is_name(text: &str) -> bool {
    (1..=127).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_bare(url: &Url) -> bool {
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    is_anonymous && url.query().is_none() && url.fragment().is_none()
}

/// What tokens for the vaults of a cloud are asked for.
pub(super) fn target_in(cloud: Cloud) -> Option<Target> {
    let (_, resource) = place(cloud)?;
    Target::new(resource, &[".default"]).ok()
}

/// The ends of vaults' hosts, and what tokens for them are asked for.
const fn place(cloud: Cloud) -> Option<(&'static str, &'static str)> {
    Some(match cloud {
        Cloud::Public => (".vault.azure.net", "https://vault.azure.net"),
        Cloud::UsGov | Cloud::UsGovDod => (".vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net"),
        Cloud::China => (".vault.azure.cn", "https://vault.azure.cn"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vaults_token_goes_to_vaults_of_its_cloud_only() {
        let (public, gov, china) = (Cloud::Public, Cloud::UsGov, Cloud::China);
        for (name, url, cloud, is_good) in [
            ("public", "https://contoso.vault.azure.net", public, true),
            ("a slash at the end", "https://contoso.vault.azure.net/", public, true),
            ("its own port", "https://contoso.vault.azure.net:443", public, true),
            ("upper case", "https://Contoso.Vault.Azure.Net", public, true),
            ("government", "https://contoso.vault.usgovcloudapi.net", gov, true),
            ("China", "https://contoso.vault.azure.cn", china, true),
            ("here", "http://127.0.0.1:8080", public, true),
            ("another cloud", "https://contoso.vault.azure.net", gov, false),
            ("a cloud without published addresses", "https://contoso.vault.azure.net", Cloud::France, false),
            ("plain http", "http://contoso.vault.azure.net", public, false),
            ("another port", "https://contoso.vault.azure.net:8443", public, false),
            ("elsewhere", "https://contoso.example", public, false),
            ("the suffix in the middle", "https://contoso.vault.azure.net.example", public, false),
            ("the suffix without its dot", "https://evilvault.azure.net", public, false),
            ("the suffix alone", "https://vault.azure.net", public, false),
            ("a user", "https://me@contoso.vault.azure.net", public, false),
            ("the host as a user", "https://contoso.vault.azure.net@evil.example", public, false),
            ("a path", "https://contoso.vault.azure.net/secrets/a", public, false),
            ("a query", "https://contoso.vault.azure.net?a", public, false),
            ("a fragment", "https://contoso.vault.azure.net#a", public, false),
            ("no scheme", "contoso.vault.azure.net", public, false),
            ("nothing", "", public, false),
        ] {
            assert_eq!(VaultAddress::new(url, cloud).is_ok(), is_good, "{name}");
        }
        let address = VaultAddress::new("https://contoso.vault.azure.cn", china).unwrap();
        assert_eq!(address.target().scope(), "https://vault.azure.cn/.default");
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_quoting_it() {
        for url in ["https://me:hunter2@contoso.vault.azure.net", "http://hunter2@contoso.example", "me:hunter2@"] {
            let error = VaultAddress::new(url, Cloud::Public).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn names_that_would_change_the_address_are_refused() {
        let address = VaultAddress::new("https://contoso.vault.azure.net", Cloud::Public).unwrap();
        let item = Item::new(" graph-cert ").unwrap().with_version("0123abc").unwrap();
        assert_eq!(
            address.secret(&item).unwrap().to_string(),
            "https://contoso.vault.azure.net/secrets/graph-cert/0123abc?api-version=7.4"
        );
        for name in ["", " ", "a/b", "..", "a?b", "a#b", "a b", "ä", "%2e", &"a".repeat(128)] {
            assert!(Item::new(name).is_err(), "{name}");
            assert!(Item::new("a").unwrap().with_version(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_key_of_another_place_is_never_asked_to_sign() {
        let address = VaultAddress::new("https://contoso.vault.azure.net", Cloud::Public).unwrap();
        for (name, kid, is_good) in [
            ("its own", "https://contoso.vault.azure.net/keys/a/1", true),
            ("with the port", "https://contoso.vault.azure.net:443/keys/a/1", true),
            ("another vault", "https://fabrikam.vault.azure.net/keys/a/1", false),
            ("elsewhere", "https://evil.example/keys/a/1", false),
            ("plain", "http://contoso.vault.azure.net/keys/a/1", false),
            ("another port", "https://contoso.vault.azure.net:444/keys/a/1", false),
            ("a user", "https://a@contoso.vault.azure.net/keys/a/1", false),
            ("a secret", "https://contoso.vault.azure.net/secrets/a/1", false),
            ("no version", "https://contoso.vault.azure.net/keys/a", false),
            ("more", "https://contoso.vault.azure.net/keys/a/1/2", false),
            ("a way up", "https://contoso.vault.azure.net/keys/../secrets/a/1", false),
            ("a query", "https://contoso.vault.azure.net/keys/a/1?x", false),
            ("no URL", "keys/a/1", false),
        ] {
            assert_eq!(address.sign(kid).is_ok(), is_good, "{name}");
        }
        assert_eq!(
            address.sign("https://contoso.vault.azure.net/keys/a/1").unwrap().to_string(),
            "https://contoso.vault.azure.net/keys/a/1/sign?api-version=7.4"
        );
    }
}
