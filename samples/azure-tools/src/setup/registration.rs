//! The registration itself, as Microsoft Graph takes it (`application` resource, v1.0).

use mcp_auth_layer::cloud::Cloud;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Wanted, plan::Text};
use crate::{
    services::Service,
    settings::{ROLE, SCOPE},
};

/// Ids within one registration; they need not differ between registrations.
const SCOPE_ID: &str = "6f1d9a0e-5d3c-4a6b-9b0a-2f6f2c1d7e01";
const ROLE_ID: &str = "6f1d9a0e-5d3c-4a6b-9b0a-2f6f2c1d7e02";

const MAY: &str = "Call the Azure tools as the signed-in user";
const MAY_LONG: &str = "Allows the app to list and call Azure through the MCP server as the signed-in user.";

/// An app that is nothing yet but a name.
pub(super) fn new(wanted: &Wanted) -> Value {
    json!({"displayName": wanted.name, "signInAudience": "AzureADMyOrg"})
}

/// The change that makes an app the one that this server needs. The app's own id stands in it as [`Text::APP_ID`].
pub(super) fn change(wanted: &Wanted) -> Value {
    let scope = json!({
        "id": SCOPE_ID, "value": SCOPE, "type": "User", "isEnabled": true,
        "adminConsentDisplayName": MAY, "adminConsentDescription": MAY_LONG,
        "userConsentDisplayName": MAY, "userConsentDescription": MAY_LONG,
    });
    let role = json!({
        "id": ROLE_ID, "value": ROLE, "allowedMemberTypes": ["Application"], "isEnabled": true,
        "displayName": "Call the Azure tools as an application",
        "description": "Allows the application to call Azure through the MCP server, with the server's own identity.",
    });
    json!({
        "identifierUris": [format!("api://{}", Text::APP_ID)],
        "api": {
            "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes": [scope],
        },
        "appRoles": [role],
        "requiredResourceAccess": permissions(wanted),
    })
}

/// Lets clients in without asking each user; the scope that it names must be there before.
pub(super) fn authorized(wanted: &Wanted) -> Option<Value> {
    let named = |id: &Uuid| json!({"appId": id.to_string(), "delegatedPermissionIds": [SCOPE_ID]});
    let clients: Vec<_> = wanted.clients.iter().map(named).collect();
    (!clients.is_empty()).then(|| json!({"api": {"preAuthorizedApplications": clients}}))
}

/// A permission for each service that exposes one.
fn permissions(wanted: &Wanted) -> Vec<Value> {
    let needed = wanted.services.iter().filter_map(|service| {
        let access: Vec<_> =
            service.delegated_permissions().iter().map(|one| json!({"id": one.id, "type": "Scope"})).collect();
        let app_id = service.known()?.app_id();
        (!access.is_empty()).then(|| json!({"resourceAppId": app_id, "resourceAccess": access}))
    });
    needed.collect()
}

/// Services that nobody can call on behalf of a user, among those that are wanted.
pub(super) fn without_permission(wanted: &Wanted) -> impl Iterator<Item = Service> {
    wanted.services.iter().copied().filter(|service| service.delegated_permissions().is_empty())
}

/// Trusts a managed identity in place of a secret.
pub(super) fn federated(wanted: &Wanted, object_id: &str) -> Value {
    let audience = match wanted.cloud {
        Cloud::UsGov | Cloud::UsGovDod => "api://AzureADTokenExchangeUSGov",
        Cloud::China => "api://AzureADTokenExchangeChina",
        _ => "api://AzureADTokenExchange",
    };
    json!({
        "name": "azure-tools",
        "issuer": format!("{}/{}/v2.0", wanted.cloud.authority_host(), Text::TENANT_ID),
        "subject": object_id,
        "audiences": [audience],
    })
}
