//! `azmcp_subscription_list`: the subscriptions that the acting identity can see.
//!
//! Resource Manager, `Subscriptions - List`, api-version 2022-12-01.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Probe, Spec,
    arguments::{Tenant, Text, Window},
};
use crate::{acting::Session, services::Service};

pub(super) struct SubscriptionList;

/// It needs no more than the identity.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

impl AzureTool for SubscriptionList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_subscription_list",
        namespace: "subscription",
        title: "Azure subscriptions",
        errand: "list subscriptions",
        description: "Lists the Azure subscriptions that can be seen, with their ids, names and states.",
        effect: Effect::Reads,
        needs: &[Need { service: Service::Arm, role: "Reader", scope: "each subscription" }],
    };

    const PROBE: Option<Probe> = Some(Probe::Subscriptions);

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscriptions = session.subscriptions(window).await?;
        Ok(window.result("subscriptions", &subscriptions, shown))
    }
}

fn shown(one: &Value) -> Value {
    json!({
        "subscriptionId": one["subscriptionId"],
        "displayName": one["displayName"],
        "state": one["state"],
        "tenantId": one["tenantId"],
    })
}
