//! What lists of accounts share: which are meant, and how they are read.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use server_kit::failure::Failure;

use super::arguments::{ResourceGroup, Subscription, Tenant, Text, Window};
use crate::{acting::Session, azure::Kind};

/// Which accounts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// Only those of this resource group.
    resource_group: Option<Text<ResourceGroup>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

/// Lists the accounts of a kind, each as `shown`.
pub(super) async fn list(
    session: &Session<'_>,
    kind: &Kind,
    arguments: &Arguments,
    shown: fn(&Value) -> Value,
) -> Result<Value, Failure> {
    session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
    let window = Window::of(arguments.top, arguments.skip)?;
    let subscription = session.subscription(arguments.subscription.as_ref().map(Text::as_str)).await?;
    let group = arguments.resource_group.as_ref().map(Text::as_str);
    let accounts = session.resources(kind, &subscription, group, window).await?;
    Ok(window.result("accounts", &accounts, shown))
}
