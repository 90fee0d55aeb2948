//! As whom a call goes out: as its user, or as the place where this server runs.
//!
//! One strategy is chosen at the start, and each service that is to differ from it is named there too. Nothing that fails leads
//! from one identity to the other. A service to which nobody can delegate anything is refused before Entra is asked.

mod lookup;
mod session;

use std::collections::BTreeSet;

use http::request::Parts;
use mcp_auth_layer::{
    Caller,
    bypass::{Hatch, OpenHatches, Permit},
    cloud::Cloud,
};
use mcp_obo::{Catalogue, HostingIdentity, OnBehalfOf, OutgoingAuth, catalogue::Delegation, outgoing::ActingAs};
use server_kit::failure::{Failure, Who};

pub use self::session::Session;
pub(crate) use self::{
    lookup::{SUBSCRIPTIONS, get, scope},
    session::On,
};
use crate::{failure, services::Service, tools::Spec};

/// The identities that calls go out as.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Of every service that is not named in `lent_for`.
    pub strategy: ActingAs,
    /// This server's own identity, where it is used at all.
    pub hosting: Option<HostingIdentity>,
    /// Services that are called as this server whatever the strategy is.
    pub lent_for: BTreeSet<Service>,
    /// What services expose.
    pub catalogue: Catalogue,
    /// Where services are.
    pub cloud: Cloud,
    /// The line that starts this server with its own identity.
    pub restart_line: String,
}

/// From where a call came.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Incoming<'a> {
    /// Over HTTP: who it was stands in the request.
    Http(&'a Parts),
    /// From the program that started this one.
    Stdio,
}

impl Acting {
    /// Returns as whom a service is called.
    #[must_use]
    pub fn acting_as(&self, service: Service) -> ActingAs {
        if self.lent_for.contains(&service) { ActingAs::HostingIdentity } else { self.strategy }
    }

    /// Returns the first service of a tool that exposes nothing to the identity it would be called as.
    #[must_use]
    pub fn undelegable(&self, spec: &Spec) -> Option<Service> {
        spec.needs.iter().map(|need| need.service).find(|service| {
            let resource = service.place(self.cloud).map(|place| place.resource);
            self.acting_as(*service) == ActingAs::User
                && resource.is_some_and(|it| self.catalogue.delegation(it) == Some(Delegation::Missing))
        })
    }

    /// Returns the first service of a tool whose address in this cloud is not known.
    fn unplaced(&self, spec: &Spec) -> Option<Service> {
        spec.needs.iter().map(|need| need.service).find(|service| service.place(self.cloud).is_none())
    }

    /// Says in a tool's description that it cannot be used as this server runs.
    #[must_use]
    pub fn limitation(&self, spec: &Spec) -> Option<String> {
        if let Some(service) = self.unplaced(spec) {
            return Some(format!("NOT AVAILABLE here: the address of {service} in this cloud is not known."));
        }
        let service = self.undelegable(spec)?;
        Some(format!(
            "NOT AVAILABLE here: {service} has no delegated permission, so it cannot be called on behalf of the signed-in user, \
             as whom this server acts."
        ))
    }

    /// Explains why a tool cannot be used as this server runs, with both ways out.
    #[must_use]
    pub fn refusal(&self, spec: &Spec) -> Option<Failure> {
        // Before Resource Manager is asked where the resource is, which it could well say.
        if let Some(service) = self.unplaced(spec) {
            return Some(failure::not_in_this_cloud(service));
        }
        let service = self.undelegable(spec)?;
        let mut failure = Failure::new(
            "no_delegated_scope",
            Who::Operator,
            format!(
                "{service} exposes no delegated permission, so {} cannot be called on behalf of a signed-in user. Neither \
                 Entra nor {service} was asked; signing in again and consent change nothing.",
                spec.name
            ),
            format!(
                "Restart the server with its own identity: `{}`; every caller then acts with the server's permissions. Or run \
                 the server over stdio on the user's own machine: `azure-tools server start --transport stdio`.",
                self.restart_line
            ),
        );
        failure.service = Some(service.name());
        Some(failure)
    }

    /// Finds the identities of one call, of which each tool's services use one or both.
    ///
    /// That this server lends its own is audited, once for a call.
    fn identities<'a>(&'a self, incoming: Incoming<'a>, spec: &Spec) -> Identities<'a> {
        let uses = |who| spec.needs.iter().any(|need| self.acting_as(need.service) == who);
        Identities {
            user: if uses(ActingAs::User) { user(incoming) } else { None },
            hosting: self.hosting.as_ref().filter(|own| uses(ActingAs::HostingIdentity) && lend(own, incoming, spec)),
        }
    }
}

/// The identities of one call; none where there is nobody to act for.
#[derive(Clone, Copy, Debug)]
struct Identities<'a> {
    user: Option<&'a OnBehalfOf>,
    hosting: Option<&'a HostingIdentity>,
}

fn user(incoming: Incoming<'_>) -> Option<&OnBehalfOf> {
    match incoming {
        Incoming::Http(parts) => OnBehalfOf::from_extensions(&parts.extensions).ok(),
        Incoming::Stdio => None,
    }
}

/// Decides whether this server lends its identity to a caller, and audits that it does.
fn lend(own: &HostingIdentity, incoming: Incoming<'_>, spec: &Spec) -> bool {
    let local = |caller| {
        tracing::warn!(
            target: mcp_obo::audit::TARGET,
            decision = "acted_as_service", identity = own.description(), caller, tool = spec.name,
        );
    };
    match incoming {
        // Whoever started this process can do all that it can.
        Incoming::Stdio => local("the program that started this server"),
        Incoming::Http(parts) => match (parts.extensions.get::<Caller>(), unauthenticated(parts)) {
            // A loopback listener is meant for this machine, and whoever says that it passes requests on is no reason to
            // believe that they come from here.
            (None, Some(_)) if FORWARDED.iter().any(|name| parts.headers.contains_key(*name)) => {
                tracing::warn!(
                    target: mcp_obo::audit::TARGET,
                    decision = "identity_refused", tool = spec.name,
                    why = "incoming authentication is off, and the request came through a proxy or tunnel",
                );
                return false;
            }
            (None, Some(permit)) => {
                permit.record_use();
                local("nobody known, incoming authentication is off");
            }
            // It knows verified callers only, and names them in the audit trail.
            _ => return OutgoingAuth::HostingEnvironment(own.clone()).source(&parts.extensions).is_ok(),
        },
    }
    true
}

/// By which proxies and tunnels say that they passed a request on.
const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// The permit of a server that asks nobody who they are.
fn unauthenticated(parts: &Parts) -> Option<&Permit> {
    parts.extensions.get::<OpenHatches>().and_then(|hatches| hatches.get(Hatch::NoAuthentication))
}
