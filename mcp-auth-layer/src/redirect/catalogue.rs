//! Redirect URIs of well-known clients, by name.
//!
//! Clients that also listen on loopback (VS Code, Claude Code, Cursor) need `loopback` beside their own name.

use super::LoopbackHost;

/// A name that may stand in a configured list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) loopback: &'static [LoopbackHost],
    pub(super) exact: &'static [&'static str],
}

pub(super) const DEFAULT: Named = Named { name: "default", loopback: &LoopbackHost::ALL, exact: TEAMS.exact };

const TEAMS: Named =
    Named { name: "teams", loopback: &[], exact: &["https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect"] };

pub(super) const CATALOGUE: [Named; 7] = [
    DEFAULT,
    Named { name: "loopback", loopback: &LoopbackHost::ALL, exact: &[] },
    TEAMS,
    Named {
        name: "vscode",
        loopback: &[],
        exact: &["https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"],
    },
    Named {
        name: "claude",
        loopback: &[],
        exact: &["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
    },
    Named {
        name: "cursor",
        loopback: &[],
        exact: &["cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback"],
    },
    // Its other form, https://chatgpt.com/connector/oauth/<id>, differs for each connector and is listed as an exact URI.
    Named { name: "chatgpt", loopback: &[], exact: &["https://chatgpt.com/connector_platform_oauth_redirect"] },
];

/// Finds what is behind a name; none for a name that nobody has.
pub(super) fn find(name: &str) -> Option<Named> {
    CATALOGUE.into_iter().find(|named| named.name == name)
}
