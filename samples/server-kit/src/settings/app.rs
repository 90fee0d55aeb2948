//! Apps of a tenant, by their ids.

use mcp_auth_layer::{EntraApp, config::ConfigError, tenant::TenantName};
use uuid::Uuid;

use super::Reader;

/// Reads an app's id.
pub fn guid(reader: &mut Reader<'_>, name: &str, given: String) -> Option<String> {
    // The parser also takes other forms than the one that stands in tokens.
    let good = given.len() == 36 && Uuid::try_parse(&given).is_ok();
    reader.keep(name, if good { Ok(given) } else { Err(ConfigError::ClientId { given }) })
}

/// Makes another app of the same cloud, reached over the same network.
///
/// # Errors
/// [`ConfigError`] for what is not a tenant or an id.
pub fn beside(app: &EntraApp, tenant: &str, id: &str) -> Result<EntraApp, ConfigError> {
    let tenant = TenantName::parse(tenant)?;
    EntraApp::single_tenant_over(app.http().clone(), tenant.as_str(), id)?
        .with_cloud(app.cloud())
        .with_authority_host(app.authority().host())
}
