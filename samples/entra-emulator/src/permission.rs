//! What an app may have of Microsoft's services for its users: its registration, and who consented to it.

use crate::{error::EntraError, service::Service};

/// An app's delegated permissions for services other than Graph.
#[derive(Clone, Debug)]
pub(crate) enum Permissions {
    /// `requiredResourceAccess` of the registration, as far as an administrator consented.
    Listed(Vec<Permission>),
    /// One of Microsoft's own apps, which services know by its id: any scope of any of them.
    FirstParty,
}

/// One line of a registration.
#[derive(Clone, Debug)]
pub(crate) struct Permission {
    service: Service,
    scope: &'static str,
    consented: bool,
}

impl Permissions {
    pub(crate) const fn none() -> Self {
        Self::Listed(Vec::new())
    }

    /// What the API app lists: what Azure tools need, where the service has a scope for it.
    pub(crate) fn api() -> Self {
        let of = |service, scope| Permission { service, scope, consented: true };
        Self::Listed(vec![
            of(Service::Management, "user_impersonation"),
            of(Service::Storage, "user_impersonation"),
            of(Service::Vault, "user_impersonation"),
            of(Service::AppConfiguration, "KeyValue.Read"),
            of(Service::AppConfiguration, "Snapshot.Read"),
        ])
    }

    /// Takes a service out of the registration.
    pub(crate) fn remove(&mut self, service: Service) {
        if let Self::Listed(listed) = self {
            listed.retain(|permission| permission.service != service);
        }
    }

    /// Takes the consent back, and leaves the registration.
    pub(crate) fn withdraw(&mut self, service: Service) {
        if let Self::Listed(listed) = self {
            let of_service = listed.iter_mut().filter(|permission| permission.service == service);
            of_service.for_each(|permission| permission.consented = false);
        }
    }

    /// Grants scopes of a service, or says in Entra's order why not: listed first, then consented.
    ///
    /// Where a service has no scope there is nothing to consent to, and Entra asks for consent for ever.
    pub(crate) fn grant(&self, service: Service, names: &[String]) -> Result<String, EntraError> {
        let Self::Listed(listed) = self else { return Ok("user_impersonation".to_owned()) };
        let unconsented = || EntraError::new(65001).with_suberror("consent_required");
        if service.scopes().is_empty() {
            return Err(unconsented());
        }
        let listed: Vec<_> = listed.iter().filter(|permission| permission.service == service).collect();
        if listed.is_empty() {
            return Err(EntraError::new(650_057));
        }
        let granted: Vec<_> = listed.iter().filter(|it| it.consented).map(|it| it.scope).collect();
        let asked = names.iter().filter(|name| *name != ".default");
        if granted.is_empty() || asked.clone().any(|name| !granted.contains(&name.as_str())) {
            return Err(unconsented());
        }
        // Who has consented to more gets more: a token has all scopes of its resource that were ever granted.
        Ok(granted.join(" "))
    }
}
