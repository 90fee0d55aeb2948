//! `azmcp_storage_blob_container_list`: the blob containers of a storage account.
//!
//! Blob Storage, `List Containers`, by the official crate `azure_storage_blob` with the version that it sends.

use azure_storage_blob::{
    BlobServiceClient, BlobServiceClientOptions,
    models::{BlobServiceClientListContainersOptions, ContainerItem},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;
use url::Url;

use super::{
    AzureTool, Effect, Need, Spec,
    arguments::{ContainerPrefix, ResourceGroup, StorageAccount, Subscription, Tenant, Text, Window},
    sdk::first,
};
use crate::{
    acting::{On, Session},
    azure::Kind,
    failure,
    services::Service,
};

pub(super) struct StorageBlobContainerList;

/// Which containers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The storage account's name.
    account: Text<StorageAccount>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The account's resource group; with it the account is found without a list.
    resource_group: Option<Text<ResourceGroup>>,
    /// Only containers whose names begin with this.
    prefix: Option<Text<ContainerPrefix>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

impl AzureTool for StorageBlobContainerList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_storage_blob_container_list",
        namespace: "storage",
        title: "Blob containers",
        errand: "list blob containers",
        description: "Lists the blob containers of a storage account, with when they changed and whether anybody may read them.",
        effect: Effect::Reads,
        needs: &[
            Need { service: Service::Arm, role: "Reader", scope: "the storage account" },
            Need { service: Service::Storage, role: "Storage Blob Data Reader", scope: "the storage account" },
        ],
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscription = arguments.subscription.as_ref().map(Text::as_str);
        let group = arguments.resource_group.as_ref().map(Text::as_str);
        let kind = &Kind::STORAGE_ACCOUNT;
        let account = session.resource(kind, subscription, group, arguments.account.as_str()).await?;
        let api = session.open(kind, &account)?;
        let on = On { service: kind.service, api: &api, resource: Some(&account), scope: None };

        let options =
            BlobServiceClientOptions { client_options: session.sdk(on)?, ..BlobServiceClientOptions::default() };
        let address = Url::parse(api.base_url()).map_err(|_| failure::foreign_endpoint(kind.service))?;
        let client = BlobServiceClient::new(address, Some(session.credential(kind.service)?), Some(options));
        let wanted = BlobServiceClientListContainersOptions {
            prefix: arguments.prefix.map(|prefix| prefix.as_str().to_owned()),
            maxresults: i32::try_from(window.wanted()).ok().filter(|wanted| *wanted <= 5_000),
            ..BlobServiceClientListContainersOptions::default()
        };
        match first(client.and_then(|client| client.list_containers(Some(wanted))), window.wanted()).await {
            Ok(containers) => Ok(window.result("containers", &containers, shown)),
            Err(error) => Err(session.explain_sdk(on, error).await),
        }
    }
}

fn shown(one: &ContainerItem) -> Value {
    let properties = one.properties.as_ref();
    let changed = properties.and_then(|it| it.last_modified).map(|time| azure_core::time::to_rfc3339(&time));
    json!({
        "name": one.name,
        "lastModified": changed,
        "publicAccess": properties.and_then(|it| it.public_access.as_ref()).map(ToString::to_string),
        "leaseState": properties.and_then(|it| it.lease_state.as_ref()).map(ToString::to_string),
        "hasImmutabilityPolicy": properties.and_then(|it| it.has_immutability_policy),
        "hasLegalHold": properties.and_then(|it| it.has_legal_hold),
    })
}
