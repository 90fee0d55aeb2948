//! Which callers may use the server, beyond a good token with the required scopes.

use mcp_auth_layer::policy::AccessPolicy;

use server_kit::settings::{Reader, app::guid, list};

/// Reads the client allowlist and the required app roles.
pub(super) fn read(reader: &mut Reader<'_>) -> AccessPolicy {
    let access = AccessPolicy::default();
    let access = match entries(reader, "MCP_ALLOWED_CLIENT_IDS") {
        None => access,
        Some(ids) => {
            let ids: Vec<_> = ids.into_iter().filter_map(|id| guid(reader, "MCP_ALLOWED_CLIENT_IDS", id)).collect();
            let allowed = access.clone().allow_clients(ids.iter().map(String::as_str));
            reader.keep("MCP_ALLOWED_CLIENT_IDS", allowed).unwrap_or(access)
        }
    };
    match entries(reader, "MCP_REQUIRED_ROLES") {
        None => access,
        Some(roles) => {
            let required = access.clone().require_any_role(roles.iter().map(String::as_str));
            reader.keep("MCP_REQUIRED_ROLES", required).unwrap_or(access)
        }
    }
}

/// Reads a comma list; a list of nothing but commas is empty, which its reader must refuse.
fn entries(reader: &mut Reader<'_>, name: &str) -> Option<Vec<String>> {
    reader.get(name).map(|text| list(&text))
}
