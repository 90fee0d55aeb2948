//! `azmcp_group_list`: the resource groups of a subscription.
//!
//! Resource Manager, `Resource Groups - List`, api-version 2021-04-01.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Probe, Spec,
    arguments::{Subscription, Tenant, Text, Window},
};
use crate::{
    acting::{Session, scope},
    services::Service,
};

pub(super) struct GroupList;

/// Which groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

impl AzureTool for GroupList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_group_list",
        namespace: "group",
        title: "Azure resource groups",
        errand: "list resource groups",
        description: "Lists the resource groups of an Azure subscription, with their ids and locations.",
        effect: Effect::Reads,
        needs: &[Need { service: Service::Arm, role: "Reader", scope: "the subscription" }],
    };

    const PROBE: Option<Probe> = Some(Probe::In(groups));

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscription = session.subscription(arguments.subscription.as_ref().map(Text::as_str)).await?;
        let scope = scope(&subscription, None);
        let groups = session.arm_list(&groups(&scope), Some(&scope), window).await?;
        Ok(window.result("groups", &groups, shown))
    }
}

fn groups(subscription: &str) -> String {
    format!("{subscription}/resourcegroups?api-version=2021-04-01")
}

fn shown(one: &Value) -> Value {
    json!({
        "name": one["name"],
        "id": one["id"],
        "location": one["location"],
        "provisioningState": one["properties"]["provisioningState"],
    })
}
