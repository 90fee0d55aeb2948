//! What lies in the key vault: secrets and certificates, each with its versions.

mod certificate;
mod secret;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

pub use self::{
    certificate::{CertificateFormat, VaultCertificate},
    secret::VaultSecret,
};

/// One version of an object.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) content: Content,
    pub(crate) created: i64,
    pub(crate) enabled: bool,
}

/// What a version holds. A certificate stands for a secret and a key of its name too.
#[derive(Clone)]
pub(crate) enum Content {
    Secret(VaultSecret),
    Certificate(VaultCertificate),
}

/// The objects by name, in lower case; of each the newest version last.
#[derive(Default)]
pub(crate) struct Vault {
    objects: Mutex<BTreeMap<String, Vec<Version>>>,
    /// Who may read and sign, by client id.
    readers: Vec<String>,
}

impl Vault {
    pub(crate) fn new(readers: Vec<String>) -> Self {
        Self { objects: Mutex::default(), readers }
    }

    /// The second vault, in which tools find something to list.
    pub(crate) fn of_keys(now: i64) -> Self {
        let vault = Self::new(Vec::new());
        for name in ["api-signing-key", "orders-webhook", "payments-token", "smtp-password", "telemetry-key"] {
            let value = Uuid::new_v4().simple().to_string();
            vault.put(name, Content::Secret(VaultSecret::new(value).content_type("text/plain")), now);
        }
        vault
    }

    pub(crate) fn may_read(&self, client: &str) -> bool {
        self.readers.iter().any(|reader| reader.eq_ignore_ascii_case(client))
    }

    /// Adds a version, which becomes the current one; returns its id.
    pub(crate) fn put(&self, name: &str, content: Content, now: i64) -> String {
        let id = Uuid::new_v4().simple().to_string();
        let version = Version { id: id.clone(), content, created: now, enabled: true };
        self.lock().entry(name.to_ascii_lowercase()).or_default().push(version);
        id
    }

    /// Finds a version; without an id the current one.
    pub(crate) fn find(&self, name: &str, id: Option<&str>) -> Option<Version> {
        let objects = self.lock();
        let versions = objects.get(&name.to_ascii_lowercase())?;
        match id {
            Some(id) => versions.iter().find(|version| version.id.eq_ignore_ascii_case(id)),
            None => versions.last(),
        }
        .cloned()
    }

    /// Returns every object's name with its current version.
    pub(crate) fn current(&self) -> Vec<(String, Version)> {
        let objects = self.lock();
        let newest = objects.iter().filter_map(|(name, versions)| Some((name.clone(), versions.last()?.clone())));
        newest.collect()
    }

    /// Disables a version; false when there is none of that id.
    pub(crate) fn disable(&self, name: &str, id: &str) -> bool {
        let mut objects = self.lock();
        let version = objects
            .get_mut(&name.to_ascii_lowercase())
            .and_then(|versions| versions.iter_mut().find(|version| version.id == id));
        version.map(|version| version.enabled = false).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Version>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
