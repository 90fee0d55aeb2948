//! What Resource Manager says of subscriptions, groups and resources.

use serde_json::{Value, json};

use crate::{
    azure::{Kind, Resource},
    tenant::TENANT_ID,
};

const LOCATION: &str = "eastus2";

pub(super) fn subscription(id: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{id}"), "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionId": id, "tenantId": TENANT_ID, "displayName": name, "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off",
        },
    })
}

pub(super) fn group(subscription: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/resourceGroups/{name}"), "name": name,
        "type": "Microsoft.Resources/resourceGroups", "location": LOCATION, "tags": {"owner": "contoso"},
        "properties": {"provisioningState": "Succeeded"},
    })
}

pub(super) fn resource(resource: &Resource) -> Value {
    let mut body = json!({
        "id": resource.id(), "name": resource.name, "type": resource.kind.type_name(),
        "location": if resource.kind == Kind::CommunicationService { "global" } else { LOCATION },
        "tags": {}, "properties": properties(resource),
    });
    match resource.kind {
        Kind::StorageAccount => {
            body["sku"] = json!({"name": "Standard_ZRS", "tier": "Standard"});
            body["kind"] = json!("StorageV2");
        }
        Kind::ConfigurationStore => body["sku"] = json!({"name": "standard"}),
        Kind::CosmosAccount => body["kind"] = json!("GlobalDocumentDB"),
        _ => {}
    }
    body
}

fn properties(resource: &Resource) -> Value {
    let endpoint = &resource.endpoint;
    let mut properties = match resource.kind {
        Kind::StorageAccount => json!({
            "primaryEndpoints": endpoints(resource), "primaryLocation": LOCATION, "statusOfPrimary": "available",
            "allowSharedKeyAccess": false, "allowBlobPublicAccess": false, "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": true, "creationTime": "2025-03-11T08:15:30.0000000Z",
        }),
        Kind::Vault => json!({
            "vaultUri": endpoint, "tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [], "enableRbacAuthorization": true, "enableSoftDelete": true,
            "publicNetworkAccess": "Enabled",
        }),
        Kind::ConfigurationStore => json!({
            "endpoint": endpoint, "disableLocalAuth": true, "publicNetworkAccess": "Enabled",
            "creationDate": "2025-03-11T08:20:00+00:00",
        }),
        Kind::CosmosAccount => json!({
            "documentEndpoint": endpoint, "disableLocalAuth": true, "databaseAccountOfferType": "Standard",
            "consistencyPolicy": {"defaultConsistencyLevel": "Session"}, "publicNetworkAccess": "Enabled",
        }),
        Kind::HealthModel => json!({"dataplaneEndpoint": endpoint}),
        Kind::CommunicationService => json!({
            "hostName": endpoint.trim_start_matches("https://"), "dataLocation": "United States",
            "immutableResourceId": "6f0d9f4b-1c55-4c0e-8a6b-0f7f4f4d2c11", "disableLocalAuth": true,
        }),
        Kind::Ledger => json!({
            "ledgerName": resource.name, "ledgerUri": endpoint,
            "identityServiceUri": "https://identity.confidential-ledger.core.azure.com", "ledgerType": "Public",
            "ledgerInternalNamespace": "",
        }),
    };
    properties["provisioningState"] = json!("Succeeded");
    properties
}

/// The blob endpoint is what tools ask for; the others have its form.
fn endpoints(resource: &Resource) -> Value {
    let of = |service: &str| resource.endpoint.replace(".blob.", &format!(".{service}."));
    json!({
        "blob": resource.endpoint, "dfs": of("dfs"), "file": of("file"), "queue": of("queue"), "table": of("table"),
    })
}
