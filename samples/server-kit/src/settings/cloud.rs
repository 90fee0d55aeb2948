//! Which national cloud, and where its Entra is.

use mcp_auth_layer::{bypass::Environment, cloud::Cloud, fetch::is_loopback};
use url::Url;

use super::Reader;

const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";

/// The cloud, and its authority where that was set by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudChoice {
    /// The cloud that is named, else the one of the authority.
    pub cloud: Cloud,
    /// Set by hand; none is the cloud's own.
    pub authority_host: Option<String>,
}

/// Reads `AZURE_AUTHORITY_HOST`, and the cloud's name from the first of these variables that is set.
pub fn read(reader: &mut Reader<'_>, environment: Environment, names: &[&'static str]) -> CloudChoice {
    let authority_host = reader.get(AUTHORITY).map(|host| host.trim_end_matches('/').to_owned());
    if let Some(host) = &authority_host {
        check_authority(reader, AUTHORITY, host, environment);
    }
    let cloud = cloud(reader, names, authority_host.as_deref());
    CloudChoice { cloud, authority_host }
}

/// Notes what is wrong with the address of an authority.
pub fn check_authority(reader: &mut Reader<'_>, name: &str, host: &str, environment: Environment) {
    let address = address(reader, name, host, environment);
    if address.is_some_and(|url| url.path() != "/") {
        reader.mistake(format!("{name}: it must be scheme and host alone, without the tenant or a path"));
    }
}

/// Finds the cloud: the one that is named, else the one of the authority, which Kubernetes injects without a name.
fn cloud(reader: &mut Reader<'_>, names: &[&'static str], authority_host: Option<&str>) -> Cloud {
    let of_authority = authority_host.and_then(host_of).and_then(|host| Cloud::of_authority_host(&host));
    let Some((variable, name)) = reader.first(names) else { return of_authority.unwrap_or_default() };
    let Some(cloud) = named(&name) else {
        reader.mistake(format!(
            "{variable}: {name:?} is not known; write AzureCloud, AzureUSGovernment or AzureChinaCloud"
        ));
        return of_authority.unwrap_or_default();
    };
    if of_authority.is_some_and(|other| other.authority_host() != cloud.authority_host()) {
        reader.mistake(format!("{variable} and {AUTHORITY} name different clouds; remove one of them"));
    }
    cloud
}

/// Finds a cloud by one of the names that Microsoft's tools know it by.
#[must_use]
pub fn named(name: &str) -> Option<Cloud> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "azurecloud" | "azurepubliccloud" | "public" => Cloud::Public,
        "azureusgovernment" | "azureusgovernmentcloud" | "usgov" => Cloud::UsGov,
        "azureusgovernmentdod" | "usgovdod" => Cloud::UsGovDod,
        "azurechinacloud" | "china" => Cloud::China,
        _ => return None,
    })
}

/// Reads an address to which secrets go: https, or http on loopback in development; nothing behind the path.
pub fn address(reader: &mut Reader<'_>, name: &str, text: &str, environment: Environment) -> Option<Url> {
    let url = Url::parse(text).ok();
    let loopback = url.as_ref().and_then(Url::host_str).is_some_and(is_loopback);
    let bare = |url: &Url| {
        let credentials = !url.username().is_empty() || url.password().is_some();
        !credentials && url.query().is_none() && url.fragment().is_none()
    };
    match url.as_ref().map(Url::scheme) {
        // The text is not repeated in any of these: it may hold a password.
        Some("https" | "http") if !url.as_ref().is_some_and(bare) => {
            reader.mistake(format!("{name}: it must have no credentials, query or fragment"));
            return None;
        }
        Some("https") => {}
        Some("http") if loopback && environment == Environment::Development => {}
        Some("http") if loopback => {
            reader.mistake(format!("{name}: plain http is for development; write https, or set MCP_ENV=development"));
        }
        _ => {
            reader.mistake(format!("{name}: it is not an https URL"));
            return None;
        }
    }
    url
}

/// Returns the host of a URL.
#[must_use]
pub fn host_of(text: &str) -> Option<String> {
    Url::parse(text).ok()?.host_str().map(str::to_owned)
}
