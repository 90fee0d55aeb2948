//! The tenant's signing keys and how they are published.

use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

use serde_json::{Value, json};

use crate::{key::SigningKey, tenant::CONSUMERS};

/// The keys: the live one first, then others that are published too.
pub(crate) struct KeyRing {
    keys: RwLock<Vec<SigningKey>>,
    /// Nobody publishes this one; made when a test first wants it.
    attacker: OnceLock<SigningKey>,
}

impl KeyRing {
    pub(crate) fn generate() -> Self {
        // The third is published as the consumer tenant's: good for nobody here.
        let keys = (0..3).map(|_| SigningKey::generate()).collect();
        Self { keys: RwLock::new(keys), attacker: OnceLock::new() }
    }

    pub(crate) fn live(&self) -> SigningKey {
        self.read()[0].clone()
    }

    pub(crate) fn attacker(&self) -> SigningKey {
        // A forger names the live key; that is all that he knows of it.
        let mut key = self.attacker.get_or_init(SigningKey::generate).clone();
        key.kid = self.live().kid;
        key
    }

    /// Finds a key that signs for this tenant.
    pub(crate) fn find(&self, kid: &str) -> Option<SigningKey> {
        self.read().iter().take(2).find(|key| key.kid == kid).cloned()
    }

    /// Makes a new live key; the oldest of the tenant's own is withdrawn.
    pub(crate) fn rotate(&self) {
        let new = SigningKey::generate();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(0, new);
        keys.remove(2);
    }

    /// The v2 document: each key says whose tokens it signs.
    pub(crate) fn v2_document(&self, base: &str, tenant: &str) -> Value {
        let issuers =
            [format!("{base}/{{tenantid}}/v2.0"), format!("{base}/{tenant}/v2.0"), format!("{base}/{CONSUMERS}/v2.0")];
        let keys: Vec<_> = self
            .read()
            .iter()
            .zip(issuers)
            .map(|(key, issuer)| {
                let mut jwk = key.jwk();
                jwk["issuer"] = Value::String(issuer);
                jwk
            })
            .collect();
        json!({"keys": keys})
    }

    /// The v1 document has no `issuer` members.
    pub(crate) fn v1_document(&self) -> Value {
        json!({"keys": self.read().iter().take(2).map(SigningKey::jwk).collect::<Vec<_>>()})
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<SigningKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}
