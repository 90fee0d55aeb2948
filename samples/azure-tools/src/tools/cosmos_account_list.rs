//! `azmcp_cosmos_account_list`: the Cosmos DB accounts of a subscription or of a group.
//!
//! Resource Manager, `Database Accounts - List` and `- List By Resource Group`, api-version 2024-11-15.

use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Probe, Spec,
    account_list::{self, Arguments},
};
use crate::{
    acting::Session,
    azure::{Kind, group_of},
    services::Service,
};

pub(super) struct CosmosAccountList;

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
        account_list::list(session, &Kind::COSMOS_ACCOUNT, &arguments, shown).await
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
