//! Whether replicas share tokens, and under which keys they are sealed.

use std::sync::Arc;

use mcp_auth_layer::{bypass::Environment, fetch::Egress};
use mcp_obo::{KeyRing, RedisStore};

use super::reader::Reader;

/// A store that all replicas reach, and the keys under which tokens lie there.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// Redis or Valkey.
    pub store: Arc<RedisStore>,
    /// The same for all replicas.
    pub ring: KeyRing,
}

const STORE: &str = "REDIS_URL";
const KEYS: &str = "MCP_SEALING_KEYS";

/// Reads them; nothing of the URL or of a key is ever repeated in a mistake.
pub(super) fn read(reader: &mut Reader<'_>, environment: Environment, egress: &Egress) -> Option<Sharing> {
    let ring = reader.get(KEYS).and_then(|keys| reader.keep(KEYS, KeyRing::parse(&keys)));
    let Some(url) = reader.get(STORE) else {
        if reader.is_set(KEYS) {
            reader.warn(format!("{KEYS}: not used by this version without {STORE}"));
        }
        return None;
    };
    if !reader.is_set(KEYS) {
        reader.mistake(format!(
            "{KEYS}: not set; with {STORE} all replicas need the same keys: base64 of 32 random bytes (openssl rand -base64 32), \
             with commas between them; the first seals and all open"
        ));
    }
    let store = reader.keep(STORE, RedisStore::connect(&url))?;
    let store = if store.is_encrypted() {
        let roots = reader.keep(STORE, egress.trusted_roots())?;
        reader.keep(STORE, store.with_root_certificates(roots.as_bytes()))?
    } else {
        warn_of_plain_text(reader, environment);
        store
    };
    Some(Sharing { store: Arc::new(store), ring: ring? })
}

/// Tokens are sealed, but the password is not, and who can write could take tokens away.
fn warn_of_plain_text(reader: &mut Reader<'_>, environment: Environment) {
    if environment == Environment::Production {
        reader.warn(format!("{STORE}: the connection is not encrypted; write rediss:// if the server offers TLS"));
    }
}
