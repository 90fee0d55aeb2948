//! Which downstream services nobody can call on behalf of a user.
//!
//! Entra answers an exchange for such a service with an error that speaks of consent, and no consent cures it. So the
//! [`Exchange`](crate::Exchange) asks the catalogue first and says what is really the matter.
//!
//! A resource is compared as a whole: scheme and host in any case, with or without a slash at its end. A GUID is compared with
//! the app ids. What the catalogue does not know is asked for.

mod services;
#[cfg(test)]
mod tests;

pub use self::services::{AS_OF, Delegation, KNOWN_SERVICES, KnownService};

/// The services of [`KNOWN_SERVICES`], and what was declared besides.
#[derive(Clone, Debug)]
pub struct Catalogue(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    keys: Vec<String>,
    delegation: Delegation,
    advice: Option<&'static str>,
}

/// The service exposes nothing that could be delegated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDelegable {
    /// What names the service; none for services that the catalogue learned of by declaration.
    pub(crate) advice: Option<&'static str>,
}

impl Catalogue {
    /// Knows [`KNOWN_SERVICES`] and nothing else.
    #[must_use]
    pub fn known() -> Self {
        Self(KNOWN_SERVICES.iter().map(Entry::of).collect())
    }

    /// Declares what a service exposes.
    ///
    /// It may be one of your own, or one for which the table is out of date.
    ///
    /// `resource` is its identifier URI or its app id; either stands for both where the table knows the service.
    #[must_use]
    pub fn declare(mut self, resource: &str, delegation: Delegation) -> Self {
        let key = key(resource);
        match self.0.iter_mut().find(|entry| entry.keys.contains(&key)) {
            Some(entry) => entry.delegation = delegation,
            None => self.0.push(Entry { keys: vec![key], delegation, advice: None }),
        }
        self
    }

    /// Returns what a service exposes; none when nothing is known of it.
    #[must_use]
    pub fn delegation(&self, resource: &str) -> Option<Delegation> {
        self.find(resource).map(|entry| entry.delegation)
    }

    pub(crate) fn check(&self, resource: &str) -> Result<(), NotDelegable> {
        match self.find(resource) {
            Some(Entry { delegation: Delegation::Missing, advice, .. }) => Err(NotDelegable { advice: *advice }),
            Some(_) | None => Ok(()),
        }
    }

    fn find(&self, resource: &str) -> Option<&Entry> {
        let key = key(resource);
        self.0.iter().find(|entry| entry.keys.contains(&key))
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::known()
    }
}

impl Entry {
    fn of(service: &KnownService) -> Self {
        let keys = service.resource().into_iter().chain([service.app_id()]).map(key).collect();
        let advice = (service.delegation() == Delegation::Missing).then(|| service.advice());
        Self { keys, delegation: service.delegation(), advice }
    }
}

/// The form in which resources are compared.
fn key(resource: &str) -> String {
    let resource = resource.trim();
    let resource = resource.strip_suffix('/').unwrap_or(resource);
    let Some((scheme, rest)) = resource.split_once("://") else { return resource.to_ascii_lowercase() };
    let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    format!("{}://{}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}
