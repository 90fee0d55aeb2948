//! `azmcp_cosmos_account_list`: the Cosmos DB accounts of a subscription or of a group.
//!
//! Resource Manager, `Database Accounts - List` and `- List By Resource Group`, api-version 2024-11-15.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Probe, Spec,
    arguments::{ResourceGroup, Subscription, Tenant, Text, Window},
};
use crate::{
    acting::Session,
    azure::{Kind, group_of},
    services::Service,
};

pub(super) struct CosmosAccountList;

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

impl AzureTool for CosmosAccountList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_cosmos_account_list",
        namespace: "cosmos",
        title: "Cosmos DB accounts",
        errand: "list Cosmos DB accounts",
        description: "Lists the Cosmos DB accounts of an Azure subscription, with location, API and how they may be reached.",
        effect: Effect::Reads,
        needs: &[Need { service: Service::Arm, role: "Reader", scope: "the subscription" }],
    };

    const PROBE: Option<Probe> = Some(Probe::In(|subscription| Kind::COSMOS_ACCOUNT.list(subscription)));

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscription = session.subscription(arguments.subscription.as_ref().map(Text::as_str)).await?;
        let group = arguments.resource_group.as_ref().map(Text::as_str);
        let accounts = session.resources(&Kind::COSMOS_ACCOUNT, &subscription, group, window).await?;
        Ok(window.result("accounts", &accounts, shown))
    }
}

fn shown(one: &Value) -> Value {
    let properties = &one["properties"];
    json!({
        "name": one["name"],
        "resourceGroup": group_of(one),
        "location": one["location"],
        "kind": one["kind"],
        "documentEndpoint": properties["documentEndpoint"],
        "publicNetworkAccess": properties["publicNetworkAccess"],
        "keysAllowed": !properties["disableLocalAuth"].as_bool().unwrap_or(false),
    })
}
