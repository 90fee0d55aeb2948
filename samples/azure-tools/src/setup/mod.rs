//! The app registration that this server needs, as steps of the Azure CLI: printed for an administrator, or run.
//!
//! One app takes callers' tokens: it exposes the scope `Mcp.Tools.ReadWrite` and the role `Mcp.Tools.ReadWrite.All`, asks for v2
//! tokens, and has a delegated permission for each service that the offered tools call and that exposes one, by its id. Then
//! an administrator consents once for the tenant.

mod apply;
mod plan;
mod registration;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use clap::Args;
use mcp_auth_layer::cloud::Cloud;
use server_kit::settings::{Mistakes, cloud::named};
use uuid::Uuid;

pub use self::{
    apply::{ApplyError, apply},
    plan::Plan,
};
use crate::{services::Service, tools::Offer};

/// What to set up.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// Runs the steps by the Azure CLI (`az`), as whoever is signed in there.
    #[arg(long)]
    pub apply: bool,
    /// The registration's name, as people see it when they consent.
    #[arg(long, default_value = "Azure tools (MCP)")]
    pub name: String,
    /// Changes this app instead of making one; its scopes, roles and permissions are replaced.
    #[arg(long, value_name = "CLIENT_ID")]
    pub app_id: Option<String>,
    /// The tenant's id; the Azure CLI must be signed in there.
    #[arg(long, value_name = "TENANT_ID")]
    pub tenant: String,
    /// Trusts this user-assigned managed identity, by its object id, in place of a secret.
    #[arg(long, value_name = "OBJECT_ID")]
    pub managed_identity: Option<String>,
    /// Lets this client in without asking each user, by its client id. Can be repeated.
    #[arg(long, value_name = "CLIENT_ID")]
    pub authorize_client: Vec<String>,
    /// Sets up the tools of this namespace only. Can be repeated.
    #[arg(long)]
    pub namespace: Vec<String>,
    /// Sets up this tool only. Can be repeated.
    #[arg(long, conflicts_with = "namespace")]
    pub tool: Vec<String>,
    /// The cloud: AzureCloud, AzureUSGovernment or AzureChinaCloud.
    #[arg(long, default_value = "AzureCloud")]
    pub cloud: String,
}

/// What was asked for, checked: nothing of it can be taken for an option or for anything else than what it is.
#[derive(Clone, Debug)]
pub struct Wanted {
    name: String,
    app_id: Option<Uuid>,
    tenant: Uuid,
    managed_identity: Option<Uuid>,
    clients: Vec<Uuid>,
    cloud: Cloud,
    services: BTreeSet<Service>,
}

impl Options {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// [`Mistakes`], all of them.
    pub fn read(&self) -> Result<Wanted, Mistakes> {
        let mut mistakes = Vec::new();
        let mut id = |option: &str, given: &str| {
            let parsed = Uuid::try_parse(given).ok();
            if parsed.is_none() {
                mistakes.push(format!("{option}: {given:?} is not an id such as 11111111-2222-3333-4444-555555555555"));
            }
            parsed
        };
        let tenant = id("--tenant", &self.tenant);
        let app_id = self.app_id.as_deref().map(|given| id("--app-id", given));
        let managed_identity = self.managed_identity.as_deref().map(|given| id("--managed-identity", given));
        let clients = self.authorize_client.iter().filter_map(|given| id("--authorize-client", given)).collect();
        let cloud = named(&self.cloud);
        if cloud.is_none() {
            mistakes.push(format!(
                "--cloud: {:?} is not known; write AzureCloud, AzureUSGovernment or AzureChinaCloud",
                self.cloud
            ));
        }
        // Braces stand for ids in what is planned.
        let is_odd = |one: char| one.is_control() || matches!(one, '{' | '}');
        if self.name.trim().is_empty() || self.name.starts_with('-') || self.name.chars().any(is_odd) {
            mistakes.push("--name: write a name that people recognise, not an option, and without braces".to_owned());
        }
        let offer = Offer::of(&self.namespace, &self.tool, false);
        let services = offer.map(|offer| services(&offer)).map_err(|unknown| {
            mistakes.extend(unknown.iter().map(ToString::to_string));
        });
        match (tenant, cloud, services) {
            (Some(tenant), Some(cloud), Ok(services)) if mistakes.is_empty() => Ok(Wanted {
                name: self.name.clone(),
                app_id: app_id.flatten(),
                tenant,
                managed_identity: managed_identity.flatten(),
                clients,
                cloud,
                services,
            }),
            _ => Err(Mistakes(mistakes)),
        }
    }
}

fn services(offer: &Offer) -> BTreeSet<Service> {
    offer.tools().flat_map(|tool| tool.spec().needs).map(|need| need.service).collect()
}
