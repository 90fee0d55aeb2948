//! Redirect URIs of well-known clients, by name.
//!
//! None of them is published as a list by its owner, so each carries the public page that names it and the day on which
//! somebody looked. Clients that also listen on loopback (VS Code, Claude Code, Cursor) need `loopback` beside their own name.

use std::fmt;

use super::LoopbackHost;

/// A name that may stand in a configured list, and what is known of it.
///
/// The text is one line of a listing: the name, what it allows, and the evidence.
#[derive(Clone, Copy, Debug)]
pub struct KnownClient {
    name: &'static str,
    allows: &'static [Known],
    sources: &'static [&'static str],
    looked_up: &'static str,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    Loopback(LoopbackHost),
    Exact(&'static str),
    CopilotStudio,
}

/// The name of the one rule that cannot be written as a URI.
pub(super) const COPILOT_STUDIO: &str = "copilot-studio";

/// The consent gateway of the Power Platform; each connector has its own last segment below it.
pub(super) const CONSENT_GATEWAY: &str = "https://global.consent.azure-apim.net/redirect/";

pub(super) const DEFAULT: KnownClient = KnownClient {
    name: "default",
    allows: &[
        Known::Loopback(LoopbackHost::V4),
        Known::Loopback(LoopbackHost::Localhost),
        Known::Loopback(LoopbackHost::V6),
        Known::Exact(TEAMS),
    ],
    sources: &[NATIVE_APPS, TEAMS_PAGE],
    looked_up: "2026-11-21",
};

const TEAMS: &str = "https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect";
const TEAMS_PAGE: &str = "https://learn.microsoft.com/microsoft-365-copilot/extensibility/api-plugin-authentication";
const NATIVE_APPS: &str = "https://www.rfc-editor.org/rfc/rfc8252#section-7.3";

pub(super) const CATALOGUE: [KnownClient; 9] = [
    DEFAULT,
    KnownClient {
        name: "loopback",
        allows: &[
            Known::Loopback(LoopbackHost::V4),
            Known::Loopback(LoopbackHost::Localhost),
            Known::Loopback(LoopbackHost::V6),
        ],
        sources: &[NATIVE_APPS],
        looked_up: "2026-11-21",
    },
    KnownClient { name: "teams", allows: &[Known::Exact(TEAMS)], sources: &[TEAMS_PAGE], looked_up: "2026-11-21" },
    KnownClient {
        name: "vscode",
        allows: &[Known::Exact("https://vscode.dev/redirect"), Known::Exact("https://insiders.vscode.dev/redirect")],
        sources: &["https://github.com/microsoft/vscode/issues/278512"],
        looked_up: "2026-11-21",
    },
    KnownClient {
        name: "claude",
        allows: &[
            Known::Exact("https://claude.ai/api/mcp/auth_callback"),
            Known::Exact("https://claude.com/api/mcp/auth_callback"),
        ],
        sources: &["https://github.com/RevenueCat/ai-toolkit/issues/58"],
        looked_up: "2026-11-21",
    },
    KnownClient {
        name: "cursor",
        allows: &[
            Known::Exact("cursor://anysphere.cursor-mcp/oauth/callback"),
            Known::Exact("https://www.cursor.com/agents/mcp/oauth/callback"),
        ],
        sources: &["https://github.com/erp-mafia/accounted/pull/2225"],
        looked_up: "2026-11-21",
    },
    // Its other form, https://chatgpt.com/connector/oauth/<id>, differs for each connector and is listed as an exact URI.
    KnownClient {
        name: "chatgpt",
        allows: &[Known::Exact("https://chatgpt.com/connector_platform_oauth_redirect")],
        sources: &["https://github.com/makeplane/plane-mcp-server/pull/165"],
        looked_up: "2026-11-21",
    },
    KnownClient {
        name: COPILOT_STUDIO,
        allows: &[Known::CopilotStudio],
        sources: &["https://github.com/SmartBear/smartbear-mcp/issues/463"],
        looked_up: "2026-11-21",
    },
    // Foundry signs in through the same gateway, so a rule of its own would allow the same.
    KnownClient {
        name: "foundry",
        allows: &[Known::CopilotStudio],
        sources: &[concat!(
            "https://github.com/msft-mfg-ai/ai-foundry-deployment-options/blob/",
            "ea4d775e4882fb596387d0e19b7a52c20a2716a6/agents_v2_toolbox_oauth/README.md"
        )],
        looked_up: "2026-11-21",
    },
];

impl KnownClient {
    /// Returns the name to write into a list.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the public pages that name its redirect URIs.
    #[must_use]
    pub const fn sources(&self) -> &'static [&'static str] {
        self.sources
    }

    /// Returns the day, as ISO 8601, on which the pages were read.
    #[must_use]
    pub const fn looked_up(&self) -> &'static str {
        self.looked_up
    }

    pub(super) const fn allows(&self) -> &'static [Known] {
        self.allows
    }

    /// Finds what is behind a name; none for a name that nobody has.
    pub(super) fn find(name: &str) -> Option<Self> {
        CATALOGUE.into_iter().find(|known| known.name == name)
    }
}

impl fmt::Display for KnownClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.name)?;
        self.allows.iter().try_for_each(|known| write!(f, " {known}"))?;
        write!(f, " (looked up {}:", self.looked_up)?;
        self.sources.iter().try_for_each(|page| write!(f, " {page}"))?;
        f.write_str(")")
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(host) => write!(f, "http://{host}"),
            Self::Exact(uri) => f.write_str(uri),
            Self::CopilotStudio => write!(f, "{CONSENT_GATEWAY}<connector>"),
        }
    }
}
