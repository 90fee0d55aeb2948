use entra_emulator::{AzureRole, SUBSCRIPTION_ID, SYSTEM_ASSIGNED_CLIENT_ID, USER_ASSIGNED_CLIENT_ID};
use serde_json::json;

use super::network::Network;

const RESOURCE: &str = "https://data.healthmodels.azure.com";

#[tokio::test]
async fn an_entity_s_health_is_found_by_way_of_resource_manager() {
    let network = Network::start().await;
    let path = "resourceGroups/contoso/providers/Microsoft.CloudHealth/healthmodels/contoso-health";
    let url =
        format!("https://management.azure.com/subscriptions/{SUBSCRIPTION_ID}/{path}?api-version=2023-10-01-preview");
    let management = network.identity_token(USER_ASSIGNED_CLIENT_ID, "https://management.azure.com").await;
    let model = network.get_with(&management, &url).await.json();
    let endpoint = model["properties"]["dataplaneEndpoint"].as_str().unwrap().to_owned();
    let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let health = network.get_with(&token, &format!("{endpoint}api/entities/orders-api/history")).await.json();
    assert_eq!(health["entityName"], "orders-api");
    assert_eq!(
        health["transitions"][1],
        json!({"previousState": "Degraded", "newState": "Unhealthy", "occurredAt": "2026-02-03T07:15:00Z"})
    );
    assert_eq!(network.get_with(&token, &format!("{endpoint}api/entities/nothing/history")).await.status, 404);
    assert_eq!(network.get_with(&management, &format!("{endpoint}api/entities/shop/history")).await.status, 401);
    let system = network.identity_token(SYSTEM_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let shop = format!("{endpoint}api/entities/shop/history");
    assert_eq!(network.get_with(&system, &shop).await.status, 403);
    network.emulator.control().assign_azure_role(
        SYSTEM_ASSIGNED_CLIENT_ID,
        AzureRole::Reader,
        model["id"].as_str().unwrap(),
    );
    assert_eq!(network.get_with(&system, &shop).await.status, 200);
    let counters = network.emulator.counters();
    assert_eq!(
        (counters.azure["health_models"][USER_ASSIGNED_CLIENT_ID], counters.azure_unauthenticated["health_models"]),
        (2, 1)
    );
}
