//! Azure's services, each at its real host names, with its own paths, errors and roles.
//!
//! All of them check the token (signature, issuer, tenant, audience, times), count who called, and refuse account keys,
//! shared access signatures and what connection strings turn into: local authentication is disabled everywhere. Then comes
//! the trouble that is switched on, then the caller's roles, and only then whether there is what was asked for.
//!
//! What is not as at Azure: pages are short, so that nobody overlooks the second; an api-version is checked for its form
//! and not against each provider's list; role assignments count at once, where Azure takes minutes; and which role
//! the data plane of health models asks for is not public: here it is Reader on the model.

mod access;
pub(crate) mod app_configuration;
pub(crate) mod arm;
mod call;
mod caller;
pub(crate) mod communication;
pub(crate) mod cosmos;
mod denial;
pub(crate) mod health_models;
pub(crate) mod ledger;
mod page;
pub(crate) mod resource;
mod role;
mod site;
pub(crate) mod storage;

use std::sync::{Mutex, PoisonError};

pub(crate) use self::{
    access::Access,
    call::Call,
    caller::{Caller, TokenForm, Unauthenticated},
    denial::{Cause, Denial, Dialect, answer},
    page::Page,
    resource::{Kind, Resource},
    role::Action,
    site::Site,
};
pub use self::{
    resource::{DEVELOPMENT_SUBSCRIPTION_ID, SUBSCRIPTION_ID},
    role::AzureRole,
};
use crate::config::Config;

/// What there is at Azure, and who may do what with it.
pub(crate) struct Azure {
    pub(crate) resources: Vec<Resource>,
    access: Mutex<Access>,
}

impl Azure {
    pub(crate) fn new(config: &Config) -> Self {
        let mut resources = resource::all();
        for (name, endpoint) in &config.azure_endpoints {
            resources.iter_mut().filter(|it| it.name == *name).for_each(|it| it.endpoint.clone_from(endpoint));
        }
        Self { resources, access: Mutex::new(config.azure_access.clone()) }
    }

    /// Finds the resource behind a host of the cloud.
    pub(crate) fn at(&self, site: &Site) -> Option<&Resource> {
        let (kind, host) = site.resource()?;
        self.resources.iter().find(|it| it.kind == kind && it.host_label() == host)
    }

    /// Tells whether a host of the cloud is there: Microsoft's own always, a customer's when it has the resource.
    pub(crate) fn is_there(&self, site: &Site) -> bool {
        site.resource().is_none() || self.at(site).is_some()
    }

    /// Tells whether a caller may do something with a resource, by its id or that of something inside it.
    pub(crate) fn permits(&self, caller: &Caller, action: Action, scope: &str) -> bool {
        self.access.lock().unwrap_or_else(PoisonError::into_inner).permits(caller, action, scope)
    }

    /// Tells whether a caller may do something at a scope or anywhere below it.
    pub(crate) fn permits_below(&self, caller: &Caller, action: Action, scope: &str) -> bool {
        self.access.lock().unwrap_or_else(PoisonError::into_inner).permits_below(caller, action, scope)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Access)) {
        change(&mut self.access.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
