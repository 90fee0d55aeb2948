//! Whether replicas share tokens, and the keys under which everything is sealed that leaves this server's hands.

use std::sync::Arc;

use mcp_auth_layer::{bypass::Environment, fetch::Egress};
use mcp_obo::{KeyRing, RedisStore};

use server_kit::settings::Reader;

/// A store that all replicas reach, and the keys under which tokens lie there.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// Redis or Valkey.
    pub store: Arc<RedisStore>,
    /// The same for all replicas.
    pub ring: KeyRing,
}

const STORE: &str = "REDIS_URL";
pub(super) const KEYS: &str = "MCP_SEALING_KEYS";

/// What to write, for whoever lacks them.
pub(super) const HOW: &str = "base64 of 32 random bytes (openssl rand -base64 32), with commas between several; the first \
                              seals and all open";

/// Reads the keys; nothing of one is ever repeated in a mistake.
pub(super) fn ring(reader: &mut Reader<'_>) -> Option<KeyRing> {
    reader.get(KEYS).and_then(|keys| reader.keep(KEYS, KeyRing::parse(&keys)))
}

/// Reads the store; nothing of its URL is ever repeated in a mistake.
pub(super) fn read(
    reader: &mut Reader<'_>,
    environment: Environment,
    egress: &Egress,
    ring: Option<&KeyRing>,
) -> Option<Sharing> {
    let url = reader.get(STORE)?;
    if !reader.is_set(KEYS) {
        reader.mistake(format!("{KEYS}: not set; with {STORE} all replicas need the same keys: {HOW}"));
    }
    let store = reader.keep(STORE, RedisStore::connect(&url))?;
    let store = if store.is_encrypted() {
        let roots = reader.keep(STORE, egress.trusted_roots())?;
        reader.keep(STORE, store.with_root_certificates(roots.as_bytes()))?
    } else {
        warn_of_plain_text(reader, environment);
        store
    };
    Some(Sharing { store: Arc::new(store), ring: ring?.clone() })
}

/// Tokens are sealed, but the password is not, and who can write could take tokens away.
fn warn_of_plain_text(reader: &mut Reader<'_>, environment: Environment) {
    if environment == Environment::Production {
        reader.warn(format!("{STORE}: the connection is not encrypted; write rediss:// if the server offers TLS"));
    }
}
