//! `azmcp_storage_account_list`: the storage accounts of a subscription or of a group.
//!
//! Resource Manager, `Storage Accounts - List` and `- List By Resource Group`, api-version 2023-05-01.

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

pub(super) struct StorageAccountList;

impl AzureTool for StorageAccountList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_storage_account_list",
        namespace: "storage",
        title: "Storage accounts",
        errand: "list storage accounts",
        description: "Lists the storage accounts of an Azure subscription, with location, kind, SKU and how they may be reached.",
        effect: Effect::Reads,
        needs: &[Need { service: Service::Arm, role: "Reader", scope: "the subscription" }],
    };

    const PROBE: Option<Probe> = Some(Probe::In(|subscription| Kind::STORAGE_ACCOUNT.list(subscription)));

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        account_list::list(session, &Kind::STORAGE_ACCOUNT, &arguments, shown).await
    }
}

fn shown(one: &Value) -> Value {
    let properties = &one["properties"];
    json!({
        "name": one["name"],
        "resourceGroup": group_of(one),
        "location": one["location"],
        "kind": one["kind"],
        "sku": one["sku"]["name"],
        "blobEndpoint": properties["primaryEndpoints"]["blob"],
        "publicNetworkAccess": properties["publicNetworkAccess"],
        // Unset is allowed.
        "keysAllowed": properties["allowSharedKeyAccess"].as_bool().unwrap_or(true),
    })
}
