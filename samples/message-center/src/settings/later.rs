//! Variables of the contract that this version does not honour: said, never silently ignored.

use super::reader::Reader;

/// Ignoring one of these would be unsafe, or the opposite of what was asked for.
const REFUSED: [(&str, &str); 5] = [
    ("REDIS_URL", "the shared token cache is not supported by this version"),
    ("MCP_ALLOWED_CLIENT_IDS", "the client allowlist is not supported by this version"),
    ("MCP_REQUIRED_ROLES", "required roles are not supported by this version"),
    ("MCP_OAUTH_TENANT_ID", "the OAuth proxy is not supported by this version; tokens come from GRAPH_TENANT_ID"),
    ("MCP_TOOLS", "there is one tool in this version, getMessages"),
];

/// These only tune what is not there yet.
const WARNED: [&str; 8] = [
    "MCP_OAUTH_CLIENT_SECRET",
    "MCP_OAUTH_SCOPES",
    "MCP_OAUTH_SESSION_MAX",
    "MCP_OAUTH_SESSIONS_NOT_BEFORE",
    "MCP_OAUTH_CLIENTS_NOT_BEFORE",
    "MCP_OAUTH_CONSENT",
    "MCP_SEALING_KEYS",
    "TRUSTED_PROXIES",
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
    match reader.get("OUTGOING_AUTH_STRATEGY").as_deref() {
        None | Some("UseOnBehalfOf") => {}
        Some("UseHostingEnvironmentIdentity") => {
            reader.mistake("OUTGOING_AUTH_STRATEGY: the hosting identity is not supported by this version");
        }
        Some(other) => reader.mistake(format!("OUTGOING_AUTH_STRATEGY: {other:?} is not known; write UseOnBehalfOf")),
    }
    match reader.get("MCP_OAUTH_PROXY").as_deref() {
        None | Some("off") => {}
        Some("on") => reader.warn("MCP_OAUTH_PROXY: this version passes /authorize through and has no token endpoint"),
        Some(other) => reader.mistake(format!("MCP_OAUTH_PROXY: {other:?} is not known; write on or off")),
    }
    match reader.get("MCP_RATE_LIMIT_PER_MINUTE").as_deref() {
        None | Some("0") => {}
        Some(_) => reader.warn("MCP_RATE_LIMIT_PER_MINUTE: not used by this version; limit in front of it"),
    }
}
