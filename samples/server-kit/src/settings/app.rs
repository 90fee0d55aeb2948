//! Ids of apps.

use mcp_auth_layer::config::ConfigError;
use uuid::Uuid;

use super::Reader;

/// Reads an app's id.
pub fn guid(reader: &mut Reader<'_>, name: &str, given: String) -> Option<String> {
    // The parser also takes other forms than the one that stands in tokens.
    let good = given.len() == 36 && Uuid::try_parse(&given).is_ok();
    reader.keep(name, if good { Ok(given) } else { Err(ConfigError::ClientId { given }) })
}
