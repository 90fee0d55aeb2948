//! The tenant's signing keys and how they are published.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard},
};

use serde_json::{Value, json};

use crate::{key::SigningKey, tenant::CONSUMERS};

/// How many tokens are remembered as well signed.
const REMEMBERED: usize = 20_000;

/// The keys: the live one first, then others that are published too.
pub(crate) struct KeyRing {
    keys: RwLock<Vec<SigningKey>>,
    /// Tokens whose signature was found good, so that a program under load is measured and not this one.
    good: Mutex<HashSet<Box<str>>>,
    /// Nobody publishes this one; made when a test first wants it.
    attacker: OnceLock<SigningKey>,
}

impl KeyRing {
    pub(crate) fn generate() -> Self {
        // The third is published as the consumer tenant's: good for nobody here.
        let keys = (0..3).map(|_| SigningKey::generate()).collect();
        Self { keys: RwLock::new(keys), good: Mutex::default(), attacker: OnceLock::new() }
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

    /// Tells whether a key that signs for this tenant signed a token; `check` is asked about the same text once.
    pub(crate) fn have_signed(&self, token: &str, kid: &str, check: impl FnOnce(&SigningKey) -> bool) -> bool {
        // Read until the end, so that nothing is remembered of a key that was withdrawn meanwhile.
        let keys = self.read();
        let Some(key) = keys.iter().take(2).find(|key| key.kid == kid) else { return false };
        if self.good().contains(token) {
            return true;
        }
        let is_good = check(key);
        if is_good {
            let mut good = self.good();
            if good.len() >= REMEMBERED {
                good.clear();
            }
            good.insert(token.into());
        }
        is_good
    }

    /// Makes a new live key; the oldest of the tenant's own is withdrawn.
    pub(crate) fn rotate(&self) {
        let new = SigningKey::generate();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(0, new);
        keys.remove(2);
        self.good().clear();
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

    fn good(&self) -> MutexGuard<'_, HashSet<Box<str>>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<SigningKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}
