//! The escape hatches: each opens by its own variable alone, and only where it may.

use mcp_auth_layer::bypass::{BypassPolicy, Environment, Exposure, Hatch, OptIn, Permit};
use secrecy::SecretString;

use server_kit::settings::Reader;

/// What is open, and the token that goes with it.
#[derive(Clone, Debug, Default)]
pub struct Hatches {
    /// The permits of all open hatches.
    pub permits: Vec<Permit>,
    /// `GRAPH_ACCESS_TOKEN`, while its hatch is open.
    pub static_token: Option<SecretString>,
}

impl Hatches {
    /// Tells whether a hatch is open.
    #[must_use]
    pub fn is_open(&self, hatch: Hatch) -> bool {
        self.permits.iter().any(|permit| permit.hatch() == hatch)
    }
}

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment, exposure: Exposure) -> Hatches {
    let policy = BypassPolicy::new(environment, exposure);
    let mut hatches = Hatches::default();
    let mut open = |reader: &mut Reader<'_>, name: &str, hatch, opt_in| {
        let permit = reader.keep(name, policy.open(hatch, opt_in)).flatten();
        hatches.permits.extend(permit.clone());
        permit.is_some()
    };
    let required = flag(reader, "MCP_REQUIRE_AUTH", OptIn::Yes);
    let no_authentication = if required == OptIn::No { OptIn::Yes } else { OptIn::No };
    open(reader, "MCP_REQUIRE_AUTH", Hatch::NoAuthentication, no_authentication);

    let argument = flag(reader, "ALLOW_MCP_ACCESS_TOKEN_ARG", OptIn::No);
    open(reader, "ALLOW_MCP_ACCESS_TOKEN_ARG", Hatch::TokenArgument, argument);

    let foreign = flag(reader, "ALLOW_GRAPH_BEARER_TOKEN", OptIn::No);
    open(reader, "ALLOW_GRAPH_BEARER_TOKEN", Hatch::ForeignBearer, foreign);

    let token = reader.get("GRAPH_ACCESS_TOKEN");
    if token.is_some() && argument == OptIn::No {
        reader.warn("GRAPH_ACCESS_TOKEN: not used; it needs ALLOW_MCP_ACCESS_TOKEN_ARG=true");
    }
    let static_token = if token.is_some() { argument } else { OptIn::No };
    if open(reader, "GRAPH_ACCESS_TOKEN", Hatch::StaticToken, static_token) {
        hatches.static_token = token.map(SecretString::from);
    }
    hatches
}

/// Reads a flag of which only the exact words count.
fn flag(reader: &mut Reader<'_>, name: &str, default: OptIn) -> OptIn {
    let value = reader.get(name);
    match value.as_deref() {
        None => default,
        given => {
            let parsed = OptIn::parse(given);
            reader.keep(name, parsed).unwrap_or(default)
        }
    }
}
