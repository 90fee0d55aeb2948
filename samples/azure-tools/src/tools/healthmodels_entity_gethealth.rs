//! `azmcp_monitor_healthmodels_entity_gethealth`: how an entity of a health model fared.
//!
//! Resource Manager, `Health Models - Get`, api-version 2023-10-01-preview, whose record names the data plane; there
//! `GET /api/entities/{entity}/history`, which has no published reference: it is what the Azure MCP Server calls.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Spec,
    arguments::{Entity, HealthModel, ResourceGroup, Subscription, Tenant, Text, Window},
};
use crate::{
    acting::{On, Session, get},
    azure::Kind,
    failure,
    services::Service,
};

pub(super) struct HealthModelEntityHealth;

/// Which entity.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The entity's id.
    entity: Text<Entity>,
    /// The health model's name.
    #[serde(alias = "health-model")]
    model_name: Text<HealthModel>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The model's resource group; with it the model is found without a list.
    resource_group: Option<Text<ResourceGroup>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

impl AzureTool for HealthModelEntityHealth {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_monitor_healthmodels_entity_gethealth",
        namespace: "monitor",
        title: "Health of an entity",
        errand: "read the health of entities",
        description: "Gets the health of an entity in an Azure Monitor health model, with its history.",
        effect: Effect::Reads,
        needs: &[
            Need { service: Service::Arm, role: "Reader", scope: "the health model" },
            Need { service: Service::HealthModels, role: "Monitoring Reader", scope: "the health model" },
        ],
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscription = arguments.subscription.as_ref().map(Text::as_str);
        let group = arguments.resource_group.as_ref().map(Text::as_str);
        let kind = &Kind::HEALTH_MODEL;
        let model = session.resource(kind, subscription, group, arguments.model_name.as_str()).await?;
        let api = session.open(kind, &model)?;
        let on = On { service: kind.service, api: &api, resource: Some(&model), scope: None };
        let path = format!("/api/entities/{}/history", arguments.entity.encoded());
        let answer = session.call(on, get(&path)?).await?;
        let health: Value =
            serde_json::from_slice(answer.body()).map_err(|_| failure::unreadable(on.service, &answer))?;
        // The versions of the management plane's operation of this name have called it either.
        let history = ["history", "transitions"].iter().find_map(|name| health[*name].as_array());
        let history = history.ok_or_else(|| failure::unreadable(on.service, &answer))?;
        let mut result = window.result("history", history, shown);
        result["entity"] = arguments.entity.as_str().into();
        Ok(result)
    }
}

fn shown(one: &Value) -> Value {
    let names = ["healthState", "previousState", "newState", "occurredAt", "reason"];
    let known = names.iter().filter(|name| !one[**name].is_null());
    json!(known.map(|name| ((*name).to_owned(), one[*name].clone())).collect::<serde_json::Map<_, _>>())
}
