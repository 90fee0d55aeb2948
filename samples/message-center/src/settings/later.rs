//! Variables of the contract that this version does not honour: said, never silently ignored.

use super::reader::Reader;

/// Ignoring one of these would be unsafe, or the opposite of what was asked for.
const REFUSED: [(&str, &str); 1] = [("MCP_TOOLS", "there is one tool in this version, getMessages")];

/// These only tune what is not there yet.
const WARNED: [&str; 7] = [
    "MCP_OAUTH_CLIENT_SECRET",
    "MCP_OAUTH_SCOPES",
    "MCP_OAUTH_SESSION_MAX",
    "MCP_OAUTH_SESSIONS_NOT_BEFORE",
    "MCP_OAUTH_CLIENTS_NOT_BEFORE",
    "MCP_OAUTH_CONSENT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

pub(super) fn read(reader: &mut Reader<'_>) {
    for (name, why) in REFUSED {
        if reader.is_set(name) {
            reader.mistake(format!("{name}: {why}"));
        }
    }
    for name in WARNED {
        if reader.is_set(name) {
            reader.warn(format!("{name}: not used by this version"));
        }
    }
    tenant_of_the_proxy(reader);
}

/// The same tenant, spelled the same, says nothing new; another one would be ignored.
fn tenant_of_the_proxy(reader: &mut Reader<'_>) {
    let Some(named) = reader.get("MCP_OAUTH_TENANT_ID") else { return };
    let own = reader.first(&["GRAPH_TENANT_ID", "TEAMS_APP_TENANT_ID", "AZURE_TENANT_ID"]);
    if !own.is_some_and(|(_, own)| own.eq_ignore_ascii_case(&named)) {
        reader.mistake("MCP_OAUTH_TENANT_ID: sign-ins in another tenant than GRAPH_TENANT_ID are not supported");
    }
}
